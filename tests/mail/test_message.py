from __future__ import annotations

import email
import re
from dataclasses import replace
from datetime import UTC, datetime
from email.message import Message
from email.policy import default as default_policy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailwright.errors import InvalidInput
from mailwright.mail.checks import check_message
from mailwright.mail.encoded_template import EncodedTemplate
from mailwright.mail.html import prepare_html, render_document
from mailwright.mail.markdown import from_markdown
from mailwright.mail.merge import Escape, compile_template, values_for
from mailwright.mail.message import MailContent, Recipient, compile_mail
from mailwright.mail.plain_text import from_document

NEWSLETTER = Path(__file__).parents[2] / "examples" / "newsletter.md"
NOW = datetime(2027, 5, 1, 18, 0, tzinfo=UTC)


def content(markdown: str | None = None, **changes: Any) -> MailContent:
    document = from_markdown(
        NEWSLETTER.read_text(encoding="utf-8") if markdown is None else markdown
    )
    made = MailContent(
        subject='Bread for {{ first_name | default: "you" }}',
        from_name="Hazel & Rye",
        from_email="news@hazelandrye.example",
        text=from_document(document),
        html=render_document(document, preheader=None),
        preheader="Rhubarb, {{ first_name }}",
        reply_to="hello@hazelandrye.example",
        tracking_opens=True,
        tracking_clicks=True,
        marketing=True,
        list_id="Letter <a1b2.lists.hazelandrye.example>",
        feedback_id="c1:t1:campaign:mailwright",
        campaign_name="May",
    )
    return replace(made, **changes)


def to(name: str | None = "Ana", **changes: Any) -> Recipient:
    contact = {"email": "ana@example.org", "first_name": name, "attributes": {"plan": "gold"}}
    made = Recipient(
        email="ana@example.org",
        display_name=name,
        values=values_for(contact, {}),
        message_id="<m.1a2b3c4d5e@hazelandrye.example>",
        date=NOW,
        unsubscribe_url="https://mail.hazelandrye.example/u/" + "t" * 60,
        view_url="https://mail.hazelandrye.example/v/token",
        boundary="=_0123456789",
        open_url="https://mail.hazelandrye.example/o/token",
        link_url=lambda number, _: f"https://mail.hazelandrye.example/c/token{number}",
    )
    return replace(made, **changes)


def parts(raw: bytes) -> tuple[Message, str, str]:
    """The message as the standard library reads it: headers, text, HTML."""
    message = email.message_from_bytes(raw, policy=default_policy)
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    return (
        message,
        plain.get_content().replace("\r\n", "\n") if plain is not None else "",
        html.get_content().replace("\r\n", "\n") if html is not None else "",
    )


@pytest.mark.checklist(
    "OUT-01", "OUT-02", "OUT-03", "OUT-04", "OUT-10", "OUT-11", "OUT-12", "OUT-13", "OUT-14",
    "OUT-15", "OUT-16", "Z12", "Z13",
)  # fmt: skip
@pytest.mark.parametrize("name", ["Ana", "Zoë Ünïcode 🎉", None, 'A "quoted", name', "x" * 200])
def test_the_newsletter_passes_the_message_check(name: str | None) -> None:
    raw = compile_mail(content()).render(to(name))
    assert check_message(raw, bulk=True, now=NOW) == []
    message, plain, html = parts(raw)
    assert message["Subject"] == f"Bread for {name or 'you'}"
    assert message["From"] == "Hazel & Rye <news@hazelandrye.example>"
    assert message["Reply-To"] == "hello@hazelandrye.example"
    assert "ana@example.org" in message["To"]
    assert message["Message-ID"] == "<m.1a2b3c4d5e@hazelandrye.example>"
    assert message["List-Unsubscribe"] == f"<{to().unsubscribe_url}>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["Feedback-ID"] == "c1:t1:campaign:mailwright"
    assert f"Hello {name or 'friend'}," in plain
    assert to().unsubscribe_url in plain
    assert to().view_url in html
    assert html.index("Rhubarb, ") < html.index("Slow mornings")


def test_links_are_tracked_and_counted_in_order() -> None:
    compiled = compile_mail(content("[a](https://a.example) [b]({{ attributes.site }}) "
                                    "[a](https://a.example) [m](mailto:x@y.z)"))  # fmt: skip
    assert compiled.links == ("https://a.example", "{{ attributes.site }}")
    seen: list[tuple[int, str]] = []

    def link_url(number: int, address: str) -> str:
        seen.append((number, address))
        return f"https://t.example/c/{number}?a=1&b=2"

    values = values_for({"attributes": {"site": "https://ana.example/ü?x=1&y=2"}}, {})
    _, _, html = parts(compiled.render(to(values=values, link_url=link_url)))
    assert seen == [(0, "https://a.example"), (1, "https://ana.example/%C3%BC?x=1&y=2")]
    assert html.count('href="https://t.example/c/0?a=1&amp;b=2"') == 2
    assert 'href="https://t.example/c/1?a=1&amp;b=2"' in html
    assert 'href="mailto:x@y.z"' in html


@pytest.mark.parametrize("tracking", [True, False])
def test_without_tracking_links_lead_straight_there(*, tracking: bool) -> None:
    markdown = "[a](https://a.example/?x=1&y=2) [b](https://e.org/?e={{ email }})"
    compiled = compile_mail(content(markdown, tracking_clicks=tracking, tracking_opens=tracking))
    assert len(compiled.links) == 2
    raw = compiled.render(to(link_url=None, open_url=None))
    _, _, html = parts(raw)
    assert 'href="https://a.example/?x=1&amp;y=2"' in html
    assert 'href="https://e.org/?e=ana%40example.org"' in html
    assert 'width="1"' not in html
    assert "__" not in html


def test_an_unsafe_address_from_an_attribute_leads_nowhere() -> None:
    compiled = compile_mail(content("[b]({{ attributes.site }})"))
    values = values_for({"attributes": {"site": "javascript:alert(1)"}}, {})
    _, _, html = parts(compiled.render(to(values=values)))
    assert "javascript" not in html
    assert 'href="#"' in html


def test_nothing_of_one_recipient_is_in_the_next_mail() -> None:
    for markdown in ("Hi {{ first_name }}", "{% if first_name %}Hi {{ first_name }}{% endif %}"):
        compiled = compile_mail(content(markdown))
        first = compiled.render(to("Beatrice", unsubscribe_url="https://u.example/beatrice"))
        second = compiled.render(to(None, unsubscribe_url="https://u.example/second"))
        assert b"eatrice" in first
        assert b"eatrice" not in second
        assert (
            compiled.render(to("Beatrice", unsubscribe_url="https://u.example/beatrice")) == first
        )


def test_a_single_mail_has_no_list_headers_and_no_footer() -> None:
    compiled = compile_mail(content("Your code is 1234", marketing=False, subject="Code"))
    raw = compiled.render(to())
    assert check_message(raw, bulk=False, now=NOW) == []
    message, plain, html = parts(raw)
    assert not [name for name in message if name.startswith("List-") or name == "Feedback-ID"]
    assert "nsubscribe" not in plain + html


def test_a_marketing_mail_without_way_out_gets_one() -> None:
    compiled = compile_mail(content("Just words", language="fr"))
    raw = compiled.render(to())
    assert check_message(raw, bulk=True, now=NOW) == []
    _, plain, html = parts(raw)
    for body in (plain, html):
        assert "Se désabonner" in body
        assert to().unsubscribe_url in body


def test_text_only_and_html_only_contents() -> None:
    _, plain, html = parts(compile_mail(content(html=None, text="Só texto")).render(to()))
    assert plain.startswith("Só texto")
    assert html == ""
    raw_html = prepare_html("<h1>Hi {{ first_name }}</h1><p>bye</p>")
    _, plain, html = parts(compile_mail(content(html=raw_html, text="")).render(to()))
    assert plain.startswith("Hi Ana\n\nbye")
    assert "<h1>Hi Ana</h1>" in html


def test_tags_of_the_campaign_and_the_sender_are_filled_in() -> None:
    markdown = "{{ campaign.name }}, {{ campaign.subject }}, {{ sender.name }}, {{ sender.email }}"
    _, plain, _ = parts(compile_mail(content(markdown)).render(to()))
    expected = "May, Bread for Ana, Hazel & Rye, news@hazelandrye.example"
    assert plain.replace("\n", " ").startswith(expected)
    assert compile_mail(content(markdown)).subject_for(to().values) == "Bread for Ana"


@pytest.mark.checklist("SEC-04")
@pytest.mark.parametrize("attack", ["\r\nBcc: x@y.z", "\nX: y", "\rX: y", "\x0bx", "\u2028x"])
def test_no_value_makes_a_header(attack: str) -> None:
    plain = compile_mail(content("x")).render(to())
    names = [name for name, _ in email.message_from_bytes(plain).items()]
    raw = compile_mail(content("x")).render(to(f"Ana{attack}", display_name="Ana"))
    message = email.message_from_bytes(raw)
    assert [name for name, _ in message.items()] == names
    assert message["Subject"].startswith("Bread for Ana ")


@pytest.mark.checklist("SEC-04")
@pytest.mark.parametrize("attack", ["\r\nBcc: x@y.z", "\n", "\r", "\0", "\x85", "\u2028"])
@pytest.mark.parametrize(
    "field", ["from_name", "from_email", "reply_to", "list_id", "feedback_id", "subject"]
)
def test_no_field_of_a_content_makes_a_header(field: str, attack: str) -> None:
    with pytest.raises(InvalidInput):
        compile_mail(content("x", **{field: f"news@hazelandrye.example{attack}"})).render(to())


@pytest.mark.checklist("SEC-04")
@pytest.mark.parametrize("field", ["from_name", "subject"])
def test_an_encoded_word_from_outside_stays_text(field: str) -> None:
    attack = "x =?utf-8?q?=0D=0ABcc:_x@y.z?="
    raw = compile_mail(content("x", **{field: attack})).render(to())
    message = email.message_from_bytes(raw, policy=default_policy)
    assert "Bcc" not in message
    assert attack.split("?")[3] in str(message["From" if field == "from_name" else "Subject"])


@pytest.mark.checklist("SEC-04")
@pytest.mark.parametrize(
    "changes",
    [
        {"email": "ana@example.org\r\nBcc: x@y.z"},
        {"email": "ana@example.org, eve@example.org"},
        {"display_name": "Ana\r\nBcc: x@y.z"},
        {"message_id": "<x@y.z>\r\nBcc: x@y.z"},
        {"unsubscribe_url": "https://u.example/\r\nBcc: x@y.z"},
        {"boundary": "=_x\r\nBcc: x@y.z"},
    ],
)
def test_no_field_of_a_recipient_makes_a_header(changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        compile_mail(content("x")).render(to(**changes))


_PIECES = st.lists(
    st.sampled_from(
        ["{{ a }}", "{{ b }}", '{{ a | default: "é  x" }}', " ", "  ", "\n", "\r\n", ".", "From ",
         "\t", "=", "é", "word ", "x" * 80, "\n.", "\nFrom x", " \n", "🎉" * 9]
    ),
    max_size=12,
)  # fmt: skip


@settings(deadline=None, max_examples=150)
@given(
    pieces=_PIECES,
    a=st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=90),
    b=st.sampled_from(
        [
            "",
            " ",
            ".",
            "From here",
            "a  b",
            "x" * 200,
            "plain value",
            "\n",
            "é" * 70,
            "https://t.example/c/" + "aF.b" * 40,
            "https://t.example/" + "F" * 200,
        ]
    ),
    escape=st.sampled_from(("text", "html")),
)
def test_encoding_piece_by_piece_says_the_same_as_encoding_the_whole(
    pieces: list[str], a: str, b: str, escape: Escape
) -> None:
    source = "".join(pieces)
    values = {"attributes": {"a": a, "b": b}}
    encoded = EncodedTemplate(source, escape).render(values)
    expected = compile_template(source, escape=escape).render(values)
    raw = b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" + encoded
    payload = email.message_from_bytes(raw).get_payload(decode=True)
    assert isinstance(payload, bytes)
    assert payload.decode() == re.sub("\r\n?|\n", "\r\n", expected)
    assert all(len(line) <= 76 for line in encoded.split(b"\r\n"))
    # relaxed canonical already (RFC 6376 section 3.4.4), and nothing for SMTP or mbox to change
    assert not re.search(rb"[ \t](?:\r\n|$)|\t|  |(?:^|\n)\.|(?:^|\n)From ", encoded)
