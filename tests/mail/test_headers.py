"""Header lines: what a second parser reads back is what was given, and never one header more."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from email.policy import compat32
from email.utils import getaddresses, parsedate_to_datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailwright.errors import InvalidInput
from mailwright.mail.headers import (
    address,
    date_header,
    feedback_id,
    fold,
    fold_address,
    fold_structured,
    list_id,
)

_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_WORD = re.compile(rb"=\?utf-8\?([qb])\?([!->@-~]*)\?=")
_ANY_TEXT = st.text(st.characters(codec="utf-8"), max_size=300)
_TEXT = _ANY_TEXT.filter(lambda text: not _FORBIDDEN.search(text))
_ASCII = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=400)


def read(lines: bytes) -> Message:
    """What a second parser makes of the header when it stands alone in a mail."""
    return message_from_bytes(lines + b"\r\nbody", policy=compat32)


def read_back(lines: bytes) -> str:
    (value,) = read(lines).values()
    return str(make_header(decode_header(re.sub(r"\r\n(?=[ \t])", "", value))))


def assert_well_formed(lines: bytes) -> None:
    assert lines.isascii()
    assert lines.endswith(b"\r\n")
    assert b"\r" not in lines.replace(b"\r\n", b"")
    assert b"\n" not in lines.replace(b"\r\n", b"")
    for number, line in enumerate(lines[:-2].split(b"\r\n")):
        assert line.strip(), "a line of only spaces"
        assert len(line) <= 998
        assert number == 0 or line.startswith(b" ")
        if b"=?utf-8?" in line:
            assert len(line) <= 76
        else:
            body = line.partition(b":")[2] if number == 0 else line
            assert len(line) <= 78 or len(body.split()) == 1
    for kind, payload in _WORD.findall(lines):
        assert len(payload) + 12 <= 75
        assert decode_header(f"=?utf-8?{kind.decode()}?{payload.decode()}?=")[0][0].decode()


@pytest.mark.checklist("OUT-03", "OUT-04", "SEC-04")
@given(_TEXT | _ASCII)
@example("")
@example("x" * 1200)
@example("a " * 600)
@example("=?utf-8?q?a=0D=0ABcc:_x@y?=")
@example("🎉" * 90)
@example("é" * 40 + " " * 90 + "é")
@example("a" + " " * 300 + "b")
def test_free_text_is_read_back_as_given(text: str) -> None:
    lines = fold("Subject", text)
    assert_well_formed(lines)
    assert read_back(lines) == text.strip(" ")
    assert len(read(lines).keys()) == 1


@pytest.mark.checklist("SEC-04")
@given(_ANY_TEXT, st.sampled_from("\r\n\0\x0b\x0c\x1b\x7f\x85\u2028\u2029\x1c"), _ANY_TEXT)
@example("Hello", "\n", "")
@example("Hello", "\n", "Bcc: x@example.com")
def test_a_control_character_never_gets_into_a_header(before: str, bad: str, after: str) -> None:
    text = before + bad + after
    for write in (
        lambda: fold("Subject", text),
        lambda: fold_structured("Message-ID", text),
        lambda: fold_address("From", text, "a@example.com"),
        lambda: fold_address("From", "Ada", f"a{text}@example.com"),
        lambda: fold_address("From", "Ada", f"a@example.com{text}"),
        lambda: list_id(text, "l1", "example.com"),
        lambda: list_id("News", f"l1{text}", "example.com"),
        lambda: list_id("News", "l1", f"example.com{text}"),
        lambda: feedback_id(f"c{text}", "t", "campaign", "mailwright"),
        lambda: feedback_id("c", "t", "campaign", f"mailw{bad}"),
        lambda: fold(f"X-{text}", "value"),
        lambda: fold_structured(f"X-{text}", "value"),
        lambda: fold_address(f"X-{text}", None, "a@example.com"),
    ):
        with pytest.raises(InvalidInput):
            write()


@pytest.mark.checklist("SEC-04")
def test_the_error_names_the_header() -> None:
    for write in (
        lambda: fold("Reply-To", "a\nb"),
        lambda: fold_structured("Reply-To", "a\nb"),
        lambda: fold_address("Reply-To", "a\nb", "a@example.com"),
        lambda: fold_address("Reply-To", "a", "a\n@example.com"),
    ):
        with pytest.raises(InvalidInput) as caught:
            write()
        assert list(caught.value.details) == ["Reply-To"]


@pytest.mark.checklist("SEC-04")
@pytest.mark.parametrize(
    "name", ["", "Sub ject", "Subject:", "Sübject", "X" * 61, "Subject\r\nBcc"]
)
def test_the_name_of_a_header_is_checked_too(name: str) -> None:
    with pytest.raises(InvalidInput):
        fold(name, "value")


@pytest.mark.checklist("SEC-04")
@pytest.mark.parametrize(
    "word", ["=?utf-8?q?a=0D=0ABcc:_x?=", "=?utf-8?b?YQ0KYg==?=", "=?x-no?q?a?="]
)
def test_a_structured_header_hides_nothing_in_an_encoded_word(word: str) -> None:
    with pytest.raises(InvalidInput):
        fold_structured("List-Id", f"{word} <a.example.com>")


def test_a_tab_becomes_a_space() -> None:
    assert fold("Subject", "One\ttwo\t") == b"Subject: One two\r\n"
    assert address("Ada\tLovelace", "a@example.com") == "Ada Lovelace <a@example.com>"


def test_the_shorter_encoding_is_taken() -> None:
    assert (
        fold("Subject", "Greetings from Köln")
        == b"Subject: =?utf-8?q?Greetings_from_K=C3=B6ln?=\r\n"
    )
    assert b"?b?" in fold("Subject", "Привет, мир")


@pytest.mark.checklist("OUT-04")
@given(_TEXT)
@example('Ada "The Countess" \\ Lovelace')
@example("Ada, Byron")
@example("=?utf-8?q?=0ABcc?=")
@example("x" * 300)
@example("word " * 60)
@example("Zoë " * 60)
def test_a_display_name_is_read_back_as_given(text: str) -> None:
    name = text.replace('"', "'") if not text.isascii() else text
    lines = fold_address("Reply-To", name, "ada@example.com")
    assert_well_formed(lines)
    raw = re.sub(r"\r\n(?=[ \t])", "", read(lines)["Reply-To"])
    ((phrase, email),) = getaddresses([raw])
    assert email == "ada@example.com"
    expected = name.strip(" ")
    if "=?" in raw:
        assert str(make_header(decode_header(phrase))) == expected
    else:
        assert " ".join(phrase.split()) == " ".join(expected.split())


@pytest.mark.checklist("OUT-04")
def test_a_mailbox_has_the_form_its_name_needs() -> None:
    email = "ada@example.com"
    assert address(None, email) == email
    assert address("  ", email) == email
    assert address("Ada Lovelace", email) == "Ada Lovelace <ada@example.com>"
    assert address("Lovelace, Ada", email) == '"Lovelace, Ada" <ada@example.com>'
    assert address('a"b\\', email) == '"a\\"b\\\\" <ada@example.com>'
    assert address("Zoë", email) == "=?utf-8?q?Zo=C3=AB?= <ada@example.com>"
    assert address(None, "o'brien+news@mail.example.com") == "o'brien+news@mail.example.com"
    assert address(None, "owner@localhost") == "owner@localhost"


@pytest.mark.checklist("OUT-04")
def test_an_internationalised_domain_is_written_in_its_ascii_form() -> None:
    assert address("B", "info@bücher.example") == "B <info@xn--bcher-kva.example>"
    assert list_id("B", "l1", "bücher.example") == "B <l1.xn--bcher-kva.example>"


@pytest.mark.checklist("OUT-04", "SEC-04")
@pytest.mark.parametrize(
    "email",
    ["", "ada", "ada@", "@example.com", "zoë@example.com", "a@b>,c@example.com", "a b@example.com",
     "a@example.com>", "a..b@example.com", "a@-example.com", "a@exa mple.com", "a@" + "x" * 260],
)  # fmt: skip
def test_an_address_that_cannot_stand_in_a_header_is_refused(email: str) -> None:
    with pytest.raises(InvalidInput):
        address("Ada", email)


@pytest.mark.checklist("OUT-03")
def test_a_structured_header_breaks_between_its_tokens_only() -> None:
    long_link = "<https://example.com/u/" + "x" * 200 + ",y>"
    value = f"{long_link},<mailto:unsubscribe@example.com?subject=a>"
    assert fold_structured("List-Unsubscribe", value) == (
        f"List-Unsubscribe: {long_link},\r\n".encode()
        + b" <mailto:unsubscribe@example.com?subject=a>\r\n"
    )
    with pytest.raises(InvalidInput):
        fold_structured("List-Unsubscribe", "<" + "x" * 1000 + ">")


@pytest.mark.checklist("OUT-12")
def test_a_list_id_is_stable_while_the_name_of_the_list_changes() -> None:
    assert list_id("News", "0192f0", "example.com") == "News <0192f0.example.com>"
    assert list_id("Fresh, news", "0192f0", "example.com") == '"Fresh, news" <0192f0.example.com>'
    lines = fold_structured("List-Id", list_id("Grüße " * 20, "0192f0", "example.com"))
    assert_well_formed(lines)
    assert read_back(lines).endswith("<0192f0.example.com>")
    with pytest.raises(InvalidInput):
        list_id("News", "a.b c", "example.com")
    with pytest.raises(InvalidInput):
        list_id("News", "a" * 64, ".".join(["x" * 60] * 4))


@pytest.mark.checklist("OUT-13")
def test_feedback_id_has_four_fields_and_ends_with_the_sender() -> None:
    assert feedback_id("c7", "acme", "campaign", "mailwright") == "c7:acme:campaign:mailwright"
    for sender in ("four", "x" * 16, "mail:x", "mail wright"):
        with pytest.raises(InvalidInput):
            feedback_id("c7", "acme", "campaign", sender)
    for field in ("", "a:b", "a b", "é"):
        with pytest.raises(InvalidInput):
            feedback_id(field, "acme", "campaign", "mailwright")


@pytest.mark.checklist("OUT-01")
def test_the_date_has_a_numeric_zone() -> None:
    moment = datetime(2026, 5, 1, 12, 30, 5, tzinfo=timezone(timedelta(hours=2)))
    assert date_header(moment) == "Fri, 01 May 2026 10:30:05 +0000"
    assert parsedate_to_datetime(date_header(moment)) == moment.astimezone(UTC)
    with pytest.raises(InvalidInput):
        date_header(moment.replace(tzinfo=None))
