"""A returned mail taken into its parts, with limits that hold whatever it contains.

The standard library's parser recurses as deep as a mail is nested and looks through all open
boundaries at every line, so that a few kilobytes can keep it busy for minutes. This one splits a
level at a time, in time proportional to the bytes, and never fails: beyond a limit (SEC-21) a part
is simply not looked into. Header values come unfolded and otherwise as they are.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass, field
from quopri import decodestring

DEPTH_MAX = 5  # a report within a mixed within an alternative is 3
PARTS_MAX = 50  # at one level; a report has three
HEADER_BYTES_MAX = 64 * 1024  # of one block of headers
HEADERS_MAX = 500
_VALUE_BYTES_MAX = 4_096  # of one header
_BOUNDARY_BYTES_MAX = 200  # RFC 2046 section 5.1.1 allows 70

_LINE_END = re.compile(rb"\r?\n")
_BLANK_LINE = re.compile(rb"\n\r?\n")
_BLANK_LINES = re.compile(rb"(?:\A|\r?\n)(?:[ \t]*\r?\n)+")
_FOLD = re.compile(rb"\r?\n(?=[ \t])")
_FIELD = re.compile(rb"([!-9;-~]{1,100})[ \t]{0,20}:(.*)", re.DOTALL)
_PARAMETER = re.compile(r';\s{0,20}([\w-]{1,40})\s{0,20}=\s{0,20}("[^"\\]{0,500}"|[^\s;"]{1,500})')

Fields = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Part:
    """A part, or the mail itself. `headers`: names in lower case; `body`: still encoded."""

    headers: Fields
    content_type: str
    parameters: dict[str, str]
    body: bytes
    parts: tuple[Part, ...] = field(default=())

    def first(self, name: str) -> str | None:
        """The value of the first header of that name."""
        return first(self.headers, name)

    def walk(self) -> Iterator[Part]:
        """Itself and every part within."""
        yield self
        for part in self.parts:
            yield from part.walk()

    def decoded(self) -> bytes:
        """The body without its transfer encoding; as it is where it does not decode."""
        encoding = (self.first("content-transfer-encoding") or "").strip().lower()
        if encoding == "quoted-printable":
            return decodestring(self.body)
        if encoding == "base64":
            try:
                return b64decode(self.body)
            except (binascii.Error, ValueError):
                return self.body
        return self.body


def read_parts(raw: bytes) -> Part:
    """The mail in its parts. Takes CRLF and LF, and the `From ` line that mail pipes put first."""
    if raw.startswith((b"From ", b">From ")):
        raw = raw.partition(b"\n")[2]
    return _part(raw, DEPTH_MAX, "text/plain")


def read_fields(block: bytes) -> Fields:
    """The header lines of `block`, unfolded, names in lower case; what is none is passed over."""
    unfolded = _FOLD.sub(b"", block[:HEADER_BYTES_MAX])
    found: list[tuple[str, str]] = []
    for line in _LINE_END.split(unfolded, maxsplit=HEADERS_MAX)[:HEADERS_MAX]:
        match = _FIELD.fullmatch(line[:_VALUE_BYTES_MAX])
        if match:
            value = " ".join(match[2].decode("utf-8", "replace").split())
            found.append((match[1].decode("ascii").lower(), value.replace("\0", "�")))
    return tuple(found)


def read_head(raw: bytes) -> Fields:
    """The headers of a mail, whatever follows them."""
    return read_fields(_head_and_body(raw)[0])


def read_groups(block: bytes, *, groups_max: int) -> list[Fields]:
    """Groups of header lines with blank lines between, as in a delivery status (RFC 3464 2.1)."""
    pieces = _BLANK_LINES.split(block, maxsplit=groups_max)[:groups_max]
    return [fields for piece in pieces if (fields := read_fields(piece))]


def first(fields: Fields, name: str) -> str | None:
    """The value of the first field of that name (in lower case)."""
    return next((value for key, value in fields if key == name), None)


def _part(raw: bytes, depth: int, kind: str) -> Part:
    head, body = _head_and_body(raw)
    headers = read_fields(head)
    content_type, parameters = _content_type(first(headers, "content-type"), kind)
    parts: tuple[Part, ...] = ()
    boundary = parameters.get("boundary", "")
    if content_type.startswith("multipart/") and boundary and depth > 1:
        inner = "message/rfc822" if content_type == "multipart/digest" else "text/plain"
        parts = tuple(_part(piece, depth - 1, inner) for piece in _split(body, boundary))
    return Part(headers, content_type, parameters, body, parts)


def _head_and_body(raw: bytes) -> tuple[bytes, bytes]:
    if raw.startswith((b"\n", b"\r\n")):
        return b"", raw.partition(b"\n")[2]
    end = _BLANK_LINE.search(raw, 0, HEADER_BYTES_MAX)
    return (raw[: end.start() + 1], raw[end.end() :]) if end else (raw, b"")


def _content_type(value: str | None, otherwise: str) -> tuple[str, dict[str, str]]:
    if value is None:
        return otherwise, {}
    content_type, _, rest = value.partition(";")
    found = _PARAMETER.findall(f";{rest}")
    parameters = {name.lower(): text.strip('"') for name, text in reversed(found)}
    return content_type.strip().lower(), parameters


def _split(body: bytes, boundary: str) -> list[bytes]:
    """The pieces between the boundary lines; a missing last one ends with the body."""
    mark = re.escape(boundary.encode()[:_BOUNDARY_BYTES_MAX])
    lines = re.compile(rb"(?:\A|\r?\n)--" + mark + rb"(--)?[ \t]{0,80}(?=\r?\n|\Z)")
    pieces: list[bytes] = []
    start: int | None = None
    for line in lines.finditer(body):
        if start is not None:
            pieces.append(body[start : line.start()])
        start = line.end()
        if line[1] or len(pieces) == PARTS_MAX:
            return [_after_line_end(piece) for piece in pieces]
    if start is not None:
        pieces.append(body[start:])
    return [_after_line_end(piece) for piece in pieces]


def _after_line_end(piece: bytes) -> bytes:
    """The lookahead left the boundary line's own end at the start."""
    return piece.partition(b"\n")[2]
