"""The links of a text part, and what else is added to links and bodies of a mail."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes, policy

import pytest

from mailwright.mail.links import with_parameters
from mailwright.mail.merge import values_for
from mailwright.mail.message import MailContent, Recipient, compile_mail
from mailwright.mail.text_links import slot_text_links

PAGE = '<html><body><a href="https://a.example/x">x</a> {{unsubscribeUrl}}</body></html>'


def test_an_address_ends_before_the_full_stop_and_the_bracket() -> None:
    text = "See https://a.example/x. (Or https://b.example/?q=1&r=2)"
    slotted, links, numbers = slot_text_links(text, ["https://a.example/x"])
    assert slotted == "See {{__link_0}}. (Or {{__link_1}})"
    assert links == ("https://a.example/x", "https://b.example/?q=1&r=2")
    assert numbers == {0, 1}


def test_an_address_with_a_merge_tag_in_it_is_left_alone() -> None:
    text = "https://a.example/?who={{ contact.id }} {{unsubscribeUrl}}"
    assert slot_text_links(text, ()) == (text, (), frozenset())


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://a.example/", "https://a.example/?utm_source=x"),
        ("https://a.example/?a=1", "https://a.example/?a=1&utm_source=x"),
        ("https://a.example/#top", "https://a.example/?utm_source=x#top"),
    ],
)
def test_parameters_stand_in_the_query(address: str, expected: str) -> None:
    assert with_parameters(address, "utm_source=x") == expected


def _parts(**changes: object) -> tuple[str, str]:
    content = MailContent(
        subject="News",
        from_name="Ada",
        from_email="ada@example.com",
        text="Read https://a.example/x and https://t.example/y. {{unsubscribeUrl}}",
        html=PAGE,
        marketing=True,
        **changes,  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    )
    mail = compile_mail(content).render(
        Recipient(
            email="bob@example.com",
            values=values_for({"email": "bob@example.com"}, {}),
            message_id="1@example.com",
            date=datetime(2026, 5, 1, tzinfo=UTC),
            unsubscribe_url="https://m.example/u/1",
            view_url="https://m.example/v/1",
            boundary="=_1",
            link_url=lambda number, address: f"https://m.example/c/{number}?to={address}",
        )
    )
    parsed = message_from_bytes(mail, policy=policy.default)
    plain, page = parsed.get_body(("plain",)), parsed.get_body(("html",))
    assert plain is not None
    assert page is not None
    return plain.get_content(), page.get_content()


def test_the_text_is_tracked_only_when_asked() -> None:
    text, page = _parts(tracking_clicks=True)
    assert "Read https://a.example/x and https://t.example/y." in text
    assert "https://m.example/c/0?to=https://a.example/x" in page
    text, page = _parts(tracking_text_clicks=True)
    assert "https://m.example/c/0?to=https://a.example/x" in text
    assert "https://m.example/c/1?to=https://t.example/y" in text


def test_parameters_are_added_to_tracked_links() -> None:
    _, page = _parts(tracking_clicks=True, link_parameters="utm_source=may")
    assert "to=https://a.example/x?utm_source=may" in page


def test_a_footer_is_added_beside_a_way_out_when_asked() -> None:
    assert "Unsubscribe" not in _parts()[1]
    assert "Unsubscribe" in _parts(unsubscribe_footer=True)[1]
