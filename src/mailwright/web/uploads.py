"""A file that a browser posts, with the fields around it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from mailwright.errors import InvalidInput, TooLarge
from mailwright.web.forms import Form

FIELD_BYTES_MAX = 64 * 1024
PIECE_BYTES = 1024 * 1024


async def read_upload(request: Request, *, bytes_max: int) -> tuple[Form, UploadFile | None]:
    """The fields by name, and the part `file` when one was chosen, which the caller closes.

    Raises TooLarge as soon as there is more than allowed, InvalidInput for what is no form.
    """
    parser = MultiPartParser(
        request.headers,
        _capped(request.stream(), bytes_max),
        max_files=1,
        max_fields=20,
        max_part_size=FIELD_BYTES_MAX,
    )
    try:
        parsed = await parser.parse()
    except (MultiPartException, KeyError):
        raise InvalidInput("This is not a form that we sent.") from None
    fields: dict[str, str] = {}
    chosen: UploadFile | None = None
    for name, value in parsed.multi_items():
        if isinstance(value, str):
            fields[name] = value.replace("\0", "")
        elif name == "file" and value.filename and chosen is None:
            chosen = value
        else:
            await value.close()
    return fields, chosen


async def pieces_of(file: UploadFile) -> AsyncIterator[bytes]:
    """The bytes of the file."""
    while piece := await file.read(PIECE_BYTES):
        yield piece


async def _capped(stream: AsyncIterator[bytes], bytes_max: int) -> AsyncGenerator[bytes]:
    received = 0
    async for piece in stream:
        received += len(piece)
        if received > bytes_max:
            raise TooLarge(f"A file has at most {bytes_max // 1024**2} MB here.")
        yield piece
