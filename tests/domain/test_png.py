"""PNG pictures from strangers."""

from __future__ import annotations

import random
import zlib

import pytest

from mailwright.domain.png import SIDE_PIXELS_MAX, SIGNATURE, NotAPng, rewritten_png
from tests.pictures import chunk, header, png

PAGE = b"<html><script>alert(1)</script><?php system($_GET['x']); ?></html>"
END = chunk(b"IEND", b"")


def _pixels_of(raw: bytes) -> bytes:
    start = raw.index(b"IDAT")
    return zlib.decompress(raw[start + 4 : start + 4 + int.from_bytes(raw[start - 4 : start])])


@pytest.mark.checklist("SEC-23")
def test_only_pixels_are_left_of_a_picture_that_is_also_something_else() -> None:
    hidden = chunk(b"tEXt", b"Comment\0" + PAGE) + chunk(b"eXIf", PAGE) + chunk(b"iCCP", PAGE)
    polyglot = png(before=hidden, after=PAGE + b"PK\x03\x04")
    found = rewritten_png(polyglot)
    assert (found.width, found.height) == (120, 40)
    for trace in (b"script", b"php", b"PK\x03\x04", b"tEXt", b"eXIf", b"iCCP"):
        assert trace not in found.body
    assert _pixels_of(found.body) == _pixels_of(polyglot)
    assert rewritten_png(found.body) == found


@pytest.mark.checklist("SEC-23")
def test_what_is_stored_in_the_pixels_stream_does_not_survive_as_it_was() -> None:
    stored = zlib.compress(b"\0" + PAGE + b"\0" * (300 - len(PAGE)), 0)
    assert PAGE in stored
    raw = SIGNATURE + header(100, 1) + chunk(b"IDAT", stored + PAGE) + END
    assert PAGE not in rewritten_png(raw).body


@pytest.mark.parametrize(
    ("color", "depth", "row"),
    [(0, 1, 2), (0, 16, 20), (2, 16, 60), (3, 4, 5), (4, 8, 20), (6, 8, 40), (6, 16, 80)],
)
def test_every_kind_of_pixel_is_read(color: int, depth: int, row: int) -> None:
    palette = chunk(b"PLTE", b"abc" * 4) + chunk(b"tRNS", b"\x80") if color == 3 else b""
    rows = zlib.compress((b"\0" + b"\x11" * row) * 3)
    start = SIGNATURE + header(10, 3, depth=depth, color=color) + palette
    found = rewritten_png(start + chunk(b"IDAT", rows[:9]) + chunk(b"IDAT", rows[9:]) + END)
    assert _pixels_of(found.body) == zlib.decompress(rows)
    assert (b"tRNS" in found.body) == (color == 3)


def test_an_interlaced_picture_is_read() -> None:
    passes = [(1, 2), (1, 2), (1, 3), (2, 3), (2, 5), (4, 5), (4, 9)]  # of 9 by 8: rows, columns
    sizes = [(1, 2), (1, 1), (1, 3), (2, 2), (2, 5), (4, 4), (4, 9)]
    assert len(passes) == len(sizes)
    rows = b"".join((b"\0" + b"x" * columns) * count for count, columns in sizes)
    raw = SIGNATURE + header(9, 8, color=0, interlace=1) + chunk(b"IDAT", zlib.compress(rows)) + END
    assert _pixels_of(rewritten_png(raw).body) == rows


_ROW = chunk(b"IDAT", zlib.compress(b"\0\0\0\0"))


@pytest.mark.checklist("SEC-23")
@pytest.mark.parametrize(
    "raw",
    [
        b"",
        PAGE,
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"\xff\xd8\xff\xe0\0\x10JFIF",
        b"GIF89a" + PAGE,
        SIGNATURE,
        SIGNATURE + PAGE,
        png()[:-4],
        png()[:60],
        SIGNATURE + _ROW + header(1, 1) + END,
        SIGNATURE + header(0, 1) + _ROW + END,
        SIGNATURE + header(SIDE_PIXELS_MAX + 1, 1) + _ROW + END,
        SIGNATURE + header(2**31, 2**31) + _ROW + END,
        SIGNATURE + header(1, 1, depth=3) + _ROW + END,
        SIGNATURE + header(1, 1, color=7) + _ROW + END,
        SIGNATURE + header(1, 1, interlace=2) + _ROW + END,
        SIGNATURE + chunk(b"IHDR", b"short") + _ROW + END,
        SIGNATURE + header(1, 1) + chunk(b"EVIL", b"") + _ROW + END,
        SIGNATURE + header(1, 1) + END,
        SIGNATURE + header(1, 1) + chunk(b"IDAT", b"not packed") + END,
        SIGNATURE + header(1, 1) + chunk(b"IDAT", zlib.compress(b"\0\0\0")) + END,
        SIGNATURE + header(1, 1) + chunk(b"IDAT", zlib.compress(b"\0\0\0\0\0")) + END,
        SIGNATURE + header(1, 1) + chunk(b"IDAT", zlib.compress(b"\x05\0\0\0")) + END,
        SIGNATURE + header(1, 1, color=3) + chunk(b"IDAT", zlib.compress(b"\0\0")) + END,
    ],
)
def test_whatever_is_no_whole_png_is_refused(raw: bytes) -> None:
    with pytest.raises(NotAPng):
        rewritten_png(raw)


@pytest.mark.checklist("SEC-23")
def test_a_small_file_that_promises_a_huge_one_costs_little() -> None:
    bomb = zlib.compress(b"\0" * 50_000_000)
    assert len(bomb) < 60_000
    with pytest.raises(NotAPng):
        rewritten_png(SIGNATURE + header(1, 1) + chunk(b"IDAT", bomb) + END)


def test_no_damage_gets_through_as_anything_but_a_refusal_or_a_picture() -> None:
    chance = random.Random(7)
    good = png(7, 5)
    for _ in range(3_000):
        raw = bytearray(good)
        for _ in range(chance.randint(1, 4)):
            raw[chance.randrange(len(raw))] = chance.randrange(256)
        try:
            assert rewritten_png(bytes(raw)).body.startswith(SIGNATURE)
        except NotAPng:
            continue
