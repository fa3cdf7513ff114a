"""PNG pictures from strangers: read strictly and written anew, so that nothing but pixels is left.

What a file is, its bytes say and not its name. Every chunk must have the right checksum, the pixels
must unpack to exactly as many bytes as the size promises (never more: a small file can promise a
huge one), and what comes out is made of the size, the palette, the transparency and the pixels,
packed anew. Texts, profiles, animations and whatever hangs behind the end are gone: a PNG that is
also a page or a program is only a PNG afterwards (SEC-23). Source: W3C PNG, third edition.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

SIGNATURE = b"\x89PNG\r\n\x1a\n"
SIDE_PIXELS_MAX = 1_600  # unpacked with four channels of 16 bits that is 20 MB

_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by colour type
_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
_PALETTE = 3  # the colour type
_FILTERS_MAX = 4
#: Adam7: where each pass begins, and its steps: x, y, every so many columns, rows.
_PASSES = (
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
)


class NotAPng(ValueError):
    """The bytes are no PNG that we take; the message says why."""


@dataclass(frozen=True, slots=True)
class Png:
    """A picture, written by us."""

    body: bytes
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class _Header:
    raw: bytes
    width: int
    height: int
    depth: int
    color: int
    interlaced: bool

    @classmethod
    def parse(cls, raw: bytes) -> _Header:
        if len(raw) != 13:
            raise NotAPng("Its header is damaged.")
        width, height, depth, color, packing, filtering, interlacing = struct.unpack(
            ">IIBBBBB", raw
        )
        if depth not in _DEPTHS.get(color, ()) or packing or filtering or interlacing > 1:
            raise NotAPng("Its header says something that no PNG says.")
        if not (0 < width <= SIDE_PIXELS_MAX and 0 < height <= SIDE_PIXELS_MAX):
            raise NotAPng(f"A side has 1 to {SIDE_PIXELS_MAX} pixels.")
        return cls(raw, width, height, depth, color, bool(interlacing))

    def rows(self) -> Iterator[tuple[int, int]]:
        """How many rows there are of how many bytes, the filter's byte included."""
        for x, y, right, down in _PASSES if self.interlaced else ((0, 0, 1, 1),):
            columns = -(-(self.width - x) // right)
            if columns > 0 and (count := -(-(self.height - y) // down)) > 0:
                yield count, 1 + -(-columns * _CHANNELS[self.color] * self.depth // 8)


def rewritten_png(raw: bytes) -> Png:
    """The picture in `raw`, and nothing else of it. Raises NotAPng."""
    chunks = _chunks(raw)
    if not chunks or chunks[0][0] != b"IHDR":
        raise NotAPng("It does not begin with a header.")
    header = _Header.parse(chunks[0][1])
    kept = [(b"IHDR", header.raw)]
    kept += [(b"PLTE", palette) for palette in _palette(header, chunks)]
    kept += [(b"tRNS", alpha) for alpha in _transparency(header, chunks)]
    packed = b"".join(body for kind, body in chunks if kind == b"IDAT")
    kept += [(b"IDAT", zlib.compress(_pixels(header, packed), 9)), (b"IEND", b"")]
    body = SIGNATURE + b"".join(_chunk(kind, content) for kind, content in kept)
    return Png(body, header.width, header.height)


def _chunks(raw: bytes) -> list[tuple[bytes, bytes]]:
    """Kind and content of every chunk up to the end; what hangs behind it is not looked at."""
    if not raw.startswith(SIGNATURE):
        raise NotAPng("It is no PNG.")
    found: list[tuple[bytes, bytes]] = []
    at = len(SIGNATURE)
    while at + 12 <= len(raw):
        length = int.from_bytes(raw[at : at + 4])
        kind, body = raw[at + 4 : at + 8], raw[at + 8 : at + 8 + length]
        crc = raw[at + 8 + length : at + 12 + length]
        if len(crc) != 4 or zlib.crc32(kind + body) != int.from_bytes(crc):
            break
        is_critical = not kind[0] & 0x20  # of the PNG specification: a capital first letter
        if is_critical and kind not in (b"IHDR", b"PLTE", b"IDAT", b"IEND"):
            raise NotAPng("It has parts that no PNG has.")
        found.append((kind, body))
        at += 12 + length
        if kind == b"IEND":
            return found
    raise NotAPng("It is damaged or cut off.")


def _palette(header: _Header, chunks: list[tuple[bytes, bytes]]) -> list[bytes]:
    found = [body for kind, body in chunks if kind == b"PLTE"]
    if header.color != _PALETTE:
        return []  # a suggestion at most
    if len(found) != 1 or len(found[0]) % 3 or not 0 < len(found[0]) <= 3 << header.depth:
        raise NotAPng("Its palette is damaged.")
    return found


def _transparency(header: _Header, chunks: list[tuple[bytes, bytes]]) -> list[bytes]:
    found = [body for kind, body in chunks if kind == b"tRNS"][:1]
    sizes = {0: range(2, 3), 2: range(6, 7), _PALETTE: range(1, (1 << header.depth) + 1)}
    return [body for body in found if len(body) in sizes.get(header.color, ())]


def _pixels(header: _Header, packed: bytes) -> bytes:
    """The rows as they were packed, of exactly the promised size."""
    rows = list(header.rows())
    size = sum(count * length for count, length in rows)
    unpacking = zlib.decompressobj()
    try:
        pixels = unpacking.decompress(packed, size + 1)
    except zlib.error:
        raise NotAPng("Its pixels are damaged.") from None
    if len(pixels) != size or not unpacking.eof:
        raise NotAPng("It has more or fewer pixels than it says.")
    at = 0
    for count, length in rows:
        if max(pixels[at : at + count * length : length]) > _FILTERS_MAX:
            raise NotAPng("Its pixels are damaged.")
        at += count * length
    return pixels


def _chunk(kind: bytes, body: bytes) -> bytes:
    return len(body).to_bytes(4) + kind + body + zlib.crc32(kind + body).to_bytes(4)
