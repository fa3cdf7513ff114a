"""The bytes that may pass through SMTP, in both directions.

Smuggling works because two servers disagree on where a message ends. So here one rule holds for
sending and receiving alike: a line ends with CRLF and with nothing else, CR and LF appear nowhere
but there (RFC 5321 section 2.3.8), and NUL appears not at all. Text that breaks the rule is
refused; mending it would be guessing.
"""

from __future__ import annotations

import re

from mailwright.errors import InvalidInput

# RFC 5321 section 4.5.3.1.3 allows 256 octets with the angle brackets around the address.
LONGEST_ADDRESS = 254
# Section 4.5.3.1.6: a text line, CRLF included, not counting a stuffed dot.
LONGEST_TEXT_LINE_OCTETS = 1_000

# Printable ASCII without space and angle brackets: nothing that could end a command or a path.
_ADDRESS = re.compile(r"[!-;=?-~]+")


def checked_address(address: str, field: str) -> str:
    """The address when it can stand in an SMTP command; InvalidInput about `field` otherwise."""
    if len(address) > LONGEST_ADDRESS or _ADDRESS.fullmatch(address) is None:
        raise InvalidInput.field(
            field, "An address on the wire is printable ASCII without spaces and angle brackets."
        )
    return address


def has_stray_newline(text: bytes) -> bool:
    """True when a CR or LF stands outside a CRLF."""
    pairs = text.count(b"\r\n")
    return text.count(b"\n") != pairs or text.count(b"\r") != pairs


def has_overlong_line(text: bytes, limit_octets: int = LONGEST_TEXT_LINE_OCTETS) -> bool:
    """True when a line, CRLF included, is longer than `limit_octets`."""
    start, end = 0, len(text)
    while end - start > limit_octets:
        newline = text.rfind(b"\n", start, start + limit_octets)
        if newline < 0:
            return True
        start = newline + 1
    return False


def check_body(body: bytes) -> None:
    """Nothing, when the body may be sent; InvalidInput when it holds stray newlines or NUL."""
    if has_stray_newline(body):
        raise InvalidInput.field("body", "Every line of a message ends with CRLF, nothing else.")
    if b"\0" in body:
        raise InvalidInput.field("body", "A message holds no NUL characters.")


def dot_stuffed(body: bytes) -> bytes:
    """The body ready for DATA, without the final dot (RFC 5321 section 4.5.2).

    A line that begins with a dot gets another; a missing CRLF at the end is added.
    """
    if b"\r\n." in body:
        body = body.replace(b"\r\n.", b"\r\n..")
    if body.startswith(b"."):
        body = b"." + body
    return body if body.endswith(b"\r\n") or not body else body + b"\r\n"


def dot_unstuffed(data: bytes) -> bytes:
    """What was sent, from the bytes between DATA and the final dot."""
    if b"\r\n." in data:
        data = data.replace(b"\r\n.", b"\r\n")
    return data.removeprefix(b".")
