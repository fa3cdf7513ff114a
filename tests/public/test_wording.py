"""The languages of the public pages."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from mailwright.public import sender_wording
from mailwright.public.wording import WORDINGS, language_of
from mailwright.services.sender_wording import WORDINGS as MAILS


def places(text: str) -> set[str]:
    return {name for name in ("{sender}", "{list}", "{email}") if name in text}


@pytest.mark.parametrize("language", WORDINGS)
def test_every_language_says_everything_and_keeps_the_names(language: str) -> None:
    english = asdict(WORDINGS["en"])
    for key, text in asdict(WORDINGS[language]).items():
        assert text.strip()
        assert places(text) == places(english[key]), key


@pytest.mark.parametrize("language", WORDINGS)
def test_senders_are_asked_in_every_language(language: str) -> None:
    page = asdict(sender_wording.WORDINGS[language])
    assert all(text.strip() for text in page.values())
    for key in ("ask", "done"):
        assert all(name in page[key] for name in ("{tenant}", "{email}")), key
    mail = MAILS[language]
    assert "{{ address }}" in mail.subject
    for body in (mail.text, mail.html):
        assert all(f"{{{{ {name} }}}}" in body for name in ("tenant", "address", "link", "days"))


def test_the_languages_promised_are_there() -> None:
    assert set(WORDINGS) == {"en", "de", "es", "fr", "it", "pt", "nl", "pl", "ca"}


@pytest.mark.parametrize(
    ("wishes", "language"),
    [
        (("ca", "de", "fr"), "ca"),
        ((None, "pt-BR", "fr"), "pt"),
        ((None, "pt_BR", None), "pt"),
        (("xx", None, "da, nl;q=0.7, fr;q=0.9"), "fr"),
        ((None, None, "fr;q=0, pl;q=0.1"), "pl"),
        ((None, None, "fr;q=high"), "en"),
        ((None, None, "," * 5000), "en"),
        ((None, None, None), "en"),
    ],
)
def test_the_first_wish_we_speak_wins(wishes: tuple[str | None, ...], language: str) -> None:
    assert language_of(*wishes) == language
