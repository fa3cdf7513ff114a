"""A message as bytes: multipart/alternative in the form that DKIM and every relay leave alone.

Bodies are quoted-printable (RFC 2045 section 6.7) whatever they hold, so that no server on the way
has a reason to touch them: seven bits, lines of at most 76 characters, CRLF and nothing else. They
are also their own relaxed canonical form (RFC 6376 section 3.4.4): no tab, no two spaces side by
side, no space at the end of a line, one line end at the very end. Signing hashes them as they are.

binascii.b2a_qp would let blanks stand, and its lines overrun 76 before an escaped blank. So it only
escapes, and only where one `bytes.replace` for each byte that occurs would take longer.
"""

from __future__ import annotations

import re
from binascii import b2a_qp
from functools import cache

from mailwright.errors import InvalidInput

_BARE = bytes(range(0x20, 0x7F)) + b"\t\n"  # and "=", which is escaped before all others
_REPLACEMENTS_MAX = 10  # a European language needs fewer, Cyrillic and Chinese have 25 to 60

# Searching with a compiled pattern is two to four times faster than `in`.
_UNSAFE = tuple(
    (re.compile(re.escape(unsafe)).search, unsafe, safe)
    for unsafe, safe in (
        (b"\t", b"=09"),
        (b"  ", b" =20"),
        (b" \n", b"=20\n"),
        (b"\n.", b"\n=2E"),  # SMTP doubles a dot at the start of a line
        (b"\nFrom ", b"\n=46rom "),  # and mbox files quote this
    )
)
# A line, or 71 to 73 characters of it, not ending within an `=XX`: with a first dot escaped and
# the soft break it is 76 at most.
_PIECE = re.compile(rb"\n|.{71}[^=\n]{0,2}+\n?|.+\n?")
_SOFT_UNSAFE = re.compile(rb"\n[.F]")

# "=_" never occurs in quoted-printable, so such a boundary occurs in no part (RFC 2045 6.7).
_BOUNDARY = re.compile(r"=_[A-Za-z0-9+_./-]{1,60}")

UTF_8 = "utf-8"


def alternative(headers: bytes, text: str, html: str | None, *, boundary: str) -> bytes:
    """The whole message: the given headers, those of MIME, and the parts.

    `headers` are folded lines, each with its CRLF, without the blank line; MIME-Version and the
    content headers are added here. Without HTML it is a plain message of one part, whose empty
    lines at the end are dropped. `boundary` begins with `=_`. Raises InvalidInput.
    """
    if html is None:
        return assembled(headers, quoted_printable(text.rstrip("\r\n")), None, boundary=boundary)
    return assembled(headers, quoted_printable(text), quoted_printable(html), boundary=boundary)


def assembled(
    headers: bytes,
    text: bytes,
    html: bytes | None,
    *,
    boundary: str,
    charsets: tuple[str, str] = (UTF_8, UTF_8),
) -> bytes:
    """The whole message of parts that are encoded already, as `quoted_printable` does it.

    `charsets`: MIME names, of the text and of the HTML.
    """
    _check_headers(headers)
    text_head, html_head = _part_head("plain", charsets[0]), _part_head("html", charsets[1])
    if html is None:
        return headers + b"MIME-Version: 1.0\r\n" + text_head + text + (text and b"\r\n")
    if not _BOUNDARY.fullmatch(boundary):
        message = "A boundary is =_ and 1 to 60 letters, digits or one of + _ . / -"
        raise InvalidInput.field("boundary", message)
    mark = boundary.encode("ascii")
    return b"".join(
        (
            headers,
            b'MIME-Version: 1.0\r\nContent-Type: multipart/alternative;\r\n boundary="',
            mark,
            b'"\r\n\r\n--',
            mark,
            b"\r\n",
            text_head,
            text,
            b"\r\n--",
            mark,
            b"\r\n",
            html_head,
            html,
            b"\r\n--",
            mark,
            b"--\r\n",
        )
    )


def quoted_printable(text: str, charset: str = UTF_8) -> bytes:
    """The text encoded, every line end of any kind as CRLF, none added at the end.

    No line begins with a dot or with "From ". Raises InvalidInput for NUL, half characters and what
    the charset does not have.
    """
    if "\0" in text:
        raise InvalidInput.field("body", "A body has no NUL character.")
    try:
        raw = text.encode(charset)
    except UnicodeEncodeError:
        wrong = "halves of surrogate pairs" if charset == UTF_8 else f"characters beyond {charset}"
        raise InvalidInput.field("body", f"A body has no {wrong}.") from None
    if b"\r" in raw:
        raw = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return _broken(_unmendable(_escaped(raw)))


@cache
def _part_head(subtype: str, charset: str) -> bytes:
    return (
        f"Content-Type: text/{subtype}; charset={charset}\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    ).encode("ascii")


def _escaped(raw: bytes) -> bytes:
    """Every byte that may not stand bare as `=XX`, in lines as long as they are."""
    special = set(raw.translate(None, _BARE))
    if len(special) > _REPLACEMENTS_MAX:
        return b2a_qp(raw).replace(b"=\n", b"")  # its own soft breaks are undone
    encoded = raw.replace(b"=", b"=3D")
    for byte in special:
        encoded = encoded.replace(b"%c" % byte, b"=%02X" % byte)
    return encoded


def _unmendable(encoded: bytes) -> bytes:
    """The same with those blanks, dots and F escaped that a relay or signer would change."""
    encoded = b"\n" + encoded + b"\n"
    for occurs, unsafe, safe in _UNSAFE:
        if occurs(encoded):
            encoded = encoded.replace(unsafe, safe)
    return encoded[1:-1]


def _broken(encoded: bytes) -> bytes:
    """The same with CRLF, and with soft breaks in long lines (RFC 2045 section 6.7, rule 5)."""
    pieces = _PIECE.findall(encoded)
    pieces.append(b"")  # so that a line end at the very end is followed by a break too
    # A break was put after each piece; those that end a line lose its "=" again.
    broken = b"=\r\n".join(pieces).replace(b"\n=\r\n", b"\r\n")
    if _SOFT_UNSAFE.search(broken):
        broken = broken.replace(b"=\r\n.", b"=\r\n=2E").replace(b"=\r\nFrom ", b"=\r\n=46rom ")
    return broken.removesuffix(b"=\r\n")


def _check_headers(headers: bytes) -> None:
    line_ends = headers.count(b"\r\n")
    if (
        not headers.isascii()
        or not headers.endswith(b"\r\n")
        or headers.startswith((b"\r", b" ", b"\t"))
        or b"\r\n\r\n" in headers
        or b"\0" in headers
        or headers.count(b"\r") != line_ends
        or headers.count(b"\n") != line_ends
    ):
        message = "Headers are ASCII lines that end with CRLF, without an empty one."
        raise InvalidInput.field("headers", message)
