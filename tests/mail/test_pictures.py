"""Pictures from strangers."""

from __future__ import annotations

import io
import random
import zlib

import pytest
from PIL import Image

from mailwright.mail.pictures import SIDE_PIXELS_MAX, NotAPicture, rewritten
from tests.pictures import SIGNATURE, chunk, header, png

PAGE = b"<html><script>alert(1)</script><?php system($_GET['x']); ?></html>"
END = chunk(b"IEND", b"")


def pixels_of(raw: bytes) -> bytes:
    with Image.open(io.BytesIO(raw)) as found:
        return found.convert("RGBA").tobytes()


def saved(kind: str, *, size: tuple[int, int] = (30, 20), **how: object) -> bytes:
    body = io.BytesIO()
    Image.new("RGB", size, (31, 93, 76)).save(body, kind, **how)
    return body.getvalue()


@pytest.mark.checklist("SEC-23")
def test_only_pixels_are_left_of_a_picture_that_is_also_something_else() -> None:
    hidden = chunk(b"tEXt", b"Comment\0" + PAGE)
    polyglot = png(before=hidden, after=PAGE + b"PK\x03\x04")
    found = rewritten(polyglot)
    assert (found.width, found.height) == (120, 40)
    for trace in (b"script", b"php", b"PK\x03\x04", b"tEXt"):
        assert trace not in found.body
    assert pixels_of(found.body) == pixels_of(polyglot)
    assert rewritten(found.body) == found


@pytest.mark.checklist("SEC-23")
def test_what_a_jpeg_says_beside_its_pixels_stays_behind() -> None:
    exif = Image.Exif()
    exif[0x010E] = "taken at home"  # the description
    exif[0x0112] = 6  # turned by a quarter
    raw = saved("JPEG", exif=exif.tobytes(), icc_profile=PAGE, comment=PAGE)
    assert b"taken at home" in raw
    found = rewritten(raw)
    assert (found.width, found.height) == (20, 30)
    assert found.body.startswith(SIGNATURE)
    assert not any(trace in found.body for trace in (b"taken at home", b"script", b"iCCP"))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_the_usual_kinds_of_pictures_are_read(kind: str) -> None:
    found = rewritten(saved(kind))
    assert (found.width, found.height) == (30, 20)
    assert found.body.startswith(SIGNATURE)


def test_what_is_transparent_stays_so() -> None:
    body = io.BytesIO()
    Image.new("RGBA", (4, 4), (1, 2, 3, 0)).save(body, "PNG")
    assert pixels_of(rewritten(body.getvalue()).body)[3] == 0


_ROW = chunk(b"IDAT", zlib.compress(b"\0\0\0\0"))


@pytest.mark.checklist("SEC-23")
@pytest.mark.parametrize(
    "raw",
    [
        b"",
        PAGE,
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"%PDF-1.7",
        b"\xff\xd8\xff\xe0\0\x10JFIF",
        b"GIF89a" + PAGE,
        SIGNATURE,
        SIGNATURE + PAGE,
        png()[:60],
        saved("TIFF"),
        saved("BMP"),
        saved("PNG", size=(SIDE_PIXELS_MAX + 1, 1)),
        SIGNATURE + header(0, 1) + _ROW + END,
        SIGNATURE + header(2**31 - 1, 2**31 - 1) + _ROW + END,
        SIGNATURE + header(1, 1) + END,
        SIGNATURE + header(1, 1) + chunk(b"IDAT", b"not packed") + END,
    ],
)
def test_whatever_is_no_picture_is_refused(raw: bytes) -> None:
    with pytest.raises(NotAPicture):
        rewritten(raw)


@pytest.mark.checklist("SEC-23")
def test_a_small_file_that_promises_a_huge_one_costs_little() -> None:
    with pytest.raises(NotAPicture, match="1,600 pixels"):
        rewritten(SIGNATURE + header(50_000, 50_000) + _ROW + END)


def test_no_damage_gets_through_as_anything_but_a_refusal_or_a_picture() -> None:
    chance = random.Random(7)
    for good in (png(7, 5), saved("JPEG"), saved("GIF"), saved("WEBP")):
        for _ in range(300):
            raw = bytearray(good)
            for _ in range(chance.randint(1, 4)):
                raw[chance.randrange(len(raw))] = chance.randrange(256)
            try:
                assert rewritten(bytes(raw)).body.startswith(SIGNATURE)
            except NotAPicture:
                continue
