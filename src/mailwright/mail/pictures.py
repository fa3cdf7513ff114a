"""Pictures from strangers: read by Pillow and written anew, so that nothing but pixels is left.

What a file is, its bytes say and not its name. Texts, profiles, animations and whatever hangs
behind the end are gone: a picture that is also a page or a program is only a PNG afterwards
(SEC-23).
"""

from __future__ import annotations

import io
from dataclasses import dataclass

from PIL import Image, ImageOps

FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
SIDE_PIXELS_MAX = 1_600  # unpacked with four channels that is 10 MB

# Pillow's own limit warns where ours refuses: both look at the size before anything is unpacked.
Image.MAX_IMAGE_PIXELS = None


class NotAPicture(ValueError):
    """The bytes are no picture that we take; the message says why."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG, written by us."""

    body: bytes
    width: int
    height: int


def rewritten(raw: bytes) -> Picture:
    """The pixels of a PNG, JPEG, WebP or GIF (its first frame), upright. Raises NotAPicture."""
    try:
        with Image.open(io.BytesIO(raw), formats=FORMATS) as found:
            if max(found.size) > SIDE_PIXELS_MAX:
                raise NotAPicture(f"A side has at most {SIDE_PIXELS_MAX:,} pixels.")
            upright = ImageOps.exif_transpose(found)
            mode = "RGBA" if upright.has_transparency_data else "RGB"
            pixels = upright.convert(mode)
    except (OSError, SyntaxError, EOFError, ValueError) as error:  # what Pillow's readers raise
        if isinstance(error, NotAPicture):
            raise
        raise NotAPicture("This is no picture, or a damaged one.") from None
    fresh = Image.new(mode, pixels.size)  # what is told beside the pixels stays behind
    fresh.paste(pixels)
    body = io.BytesIO()
    fresh.save(body, "PNG", optimize=True)
    return Picture(body.getvalue(), *fresh.size)
