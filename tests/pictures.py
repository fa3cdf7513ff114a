"""PNG pictures for tests."""

from __future__ import annotations

import zlib
from base64 import b64encode

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def chunk(kind: bytes, body: bytes) -> bytes:
    """One chunk with its checksum."""
    return len(body).to_bytes(4) + kind + body + zlib.crc32(kind + body).to_bytes(4)


def header(width: int, height: int, *, depth: int = 8, color: int = 2, interlace: int = 0) -> bytes:
    """The header's chunk."""
    parts = bytes([depth, color, 0, 0, interlace])
    return chunk(b"IHDR", width.to_bytes(4) + height.to_bytes(4) + parts)


def png(
    width: int = 120,
    height: int = 40,
    *,
    color: bytes = b"\x1f\x5d\x4c",
    before: bytes = b"",
    after: bytes = b"",
) -> bytes:
    """A picture of one colour; `before` stands before its pixels, `after` behind its end."""
    rows = (b"\0" + color * width) * height
    pixels = chunk(b"IDAT", zlib.compress(rows))
    return SIGNATURE + header(width, height) + before + pixels + chunk(b"IEND", b"") + after


def data_uri(raw: bytes, kind: str = "image/png") -> str:
    """As browsers and Cakemail's clients send files."""
    return f"data:{kind};base64,{b64encode(raw).decode()}"
