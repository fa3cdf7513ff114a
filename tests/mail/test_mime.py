"""Whole messages: a second parser reads back the same text and HTML, and DKIM finds its form."""

from __future__ import annotations

import quopri
import re
from email import message_from_bytes
from email.message import Message
from email.policy import compat32

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailwright.errors import InvalidInput
from mailwright.mail.headers import fold, fold_address
from mailwright.mail.mime import alternative, quoted_printable

HEADERS = fold_address("From", "Zoë", "zoe@example.com") + fold("Subject", "Grüße")
BOUNDARY = "=_0192f0"

_CHARACTERS = st.characters(codec="utf-8", exclude_characters="\0")
_AWKWARD = st.sampled_from(
    ["\r", "\n", "\r\n", " ", "  ", "\t", ".", "\n.", "From ", "\nFrom ", "=", "=FF", "=\r\n", "é",
     "🎉", "--=_0192f0", "--=_0192f0--", "\x7f", "\x85", "\u2028", "\ufeff", "x" * 70, "." * 74]
)  # fmt: skip


@st.composite
def bodies(draw: st.DrawFn) -> str:
    """Free text, awkward pieces in any order, or one piece many times."""
    form = draw(st.sampled_from(["free", "pieces", "repeated"]))
    if form == "free":
        return draw(st.text(_CHARACTERS, max_size=400))
    if form == "pieces":
        return "".join(draw(st.lists(_AWKWARD | st.text(_CHARACTERS, max_size=20), max_size=40)))
    return draw(st.text(_CHARACTERS, max_size=9)) * draw(st.integers(0, 300))


BODY = bodies()


def with_crlf(text: str) -> str:
    return re.sub(r"\r\n|\r|\n", "\r\n", text)


def content(part: object) -> str:
    assert isinstance(part, Message)
    payload = part.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload.decode()


def assert_leaves_nothing_to_mend(lines: bytes) -> None:
    assert lines.isascii()
    assert b"\0" not in lines
    assert lines.count(b"\r") == lines.count(b"\n") == lines.count(b"\r\n")
    for line in lines.split(b"\r\n"):
        assert len(line) <= 76
        assert not line.startswith((b".", b"From "))
        assert not line.endswith((b" ", b"\t"))
        assert b"  " not in line
        assert b"\t" not in line


@pytest.mark.checklist("OUT-03")
@given(BODY)
@example("x" * 74 + " \n")
@example("x" * 75 + " \n")
@example("." * 500)
@example("é." * 200)
@example(" " * 300)
@example("From " * 90)
@example("Привет,  мир. \n.\tИ ещё = много слов\n" * 9)
@example("=FF=FE=FD=FC")
@example("")
def test_quoted_printable_is_read_back_and_needs_no_mending(text: str) -> None:
    lines = quoted_printable(text)
    assert_leaves_nothing_to_mend(lines)
    assert quopri.decodestring(lines).decode() == with_crlf(text)


@pytest.mark.checklist("OUT-03", "OUT-14")
@given(BODY, BODY)
def test_a_second_parser_reads_the_same_text_and_html(text: str, html: str) -> None:
    raw = alternative(HEADERS, text, html, boundary=BOUNDARY)
    message = message_from_bytes(raw, policy=compat32)
    _, plain, rich = message.walk()
    assert message.get_content_type() == "multipart/alternative"
    assert (plain.get_content_type(), content(plain)) == ("text/plain", with_crlf(text))
    assert (rich.get_content_type(), content(rich)) == ("text/html", with_crlf(html))
    assert not message.defects


@pytest.mark.checklist("OUT-03")
@given(BODY, BODY | st.none())
def test_the_body_is_its_own_relaxed_canonical_form(text: str, html: str | None) -> None:
    raw = alternative(HEADERS, text, html, boundary=BOUNDARY)
    head, _, body = raw.partition(b"\r\n\r\n")
    assert_leaves_nothing_to_mend(body)
    assert not body.endswith(b"\r\n\r\n")
    assert body != b"\r\n"
    assert body.endswith(b"\r\n") or not body
    assert head.startswith(HEADERS)
    assert head.count(b"MIME-Version: 1.0") == 1


def test_without_html_it_is_one_plain_part() -> None:
    message = message_from_bytes(
        alternative(HEADERS, "Grüße\n.\n\n", None, boundary=BOUNDARY), policy=compat32
    )
    assert message.get_content_type() == "text/plain"
    assert content(message) == "Grüße\r\n.\r\n"


@pytest.mark.parametrize("body", ["a\0b", "a\ud800"])
def test_what_is_no_text_is_refused(body: str) -> None:
    with pytest.raises(InvalidInput):
        alternative(HEADERS, body, "<p>", boundary=BOUNDARY)
    with pytest.raises(InvalidInput):
        alternative(HEADERS, "text", body, boundary=BOUNDARY)


@pytest.mark.parametrize("boundary", ["", "abc", "=_", "=_a b", '=_a"', "=_a\r\n", "=_" + "x" * 61])
def test_a_boundary_that_could_occur_in_a_part_is_refused(boundary: str) -> None:
    with pytest.raises(InvalidInput):
        alternative(HEADERS, "text", "<p>", boundary=boundary)


@pytest.mark.checklist("SEC-04", "OUT-03")
@pytest.mark.parametrize(
    "headers",
    [b"", b"Subject: a", b"Subject: a\n", b"Subject: a\nBcc: b\r\n", b"Subject: a\rb\r\n",
     b"Subject: a\r\n\r\n", b"Subject: a\r\n\r\nb: c\r\n", b"Subject: a\0\r\n",
     "Subject: é\r\n".encode(), b" Subject: a\r\n"],
)  # fmt: skip
def test_headers_that_are_not_clean_lines_are_refused(headers: bytes) -> None:
    with pytest.raises(InvalidInput):
        alternative(headers, "text", "<p>", boundary=BOUNDARY)
