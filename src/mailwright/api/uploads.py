"""Files in requests: as the body itself or as a part of a form, never whole in memory."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from mailwright.errors import InvalidInput, TooLarge

PIECE_BYTES = 1024 * 1024
FIELD_BYTES_MAX = 64 * 1024


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that is arriving: its name, its bytes in pieces, and the form's other fields."""

    file_name: str
    pieces: AsyncIterator[bytes]
    fields: dict[str, str]


@asynccontextmanager
async def upload_of(request: Request, *, bytes_max: int) -> AsyncGenerator[Upload]:
    """The file of a request: the part `file` of a form, or the body; fields also by query.

    Raises InvalidInput without a file, TooLarge as soon as there are more bytes than allowed.
    """
    fields = dict(request.query_params)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    pieces = _capped(request.stream(), bytes_max)
    if kind != "multipart/form-data":
        yield Upload("upload.csv", pieces, fields)
        return
    parser = MultiPartParser(
        request.headers, pieces, max_files=1, max_fields=20, max_part_size=FIELD_BYTES_MAX
    )
    try:
        form = await parser.parse()
    except MultiPartException as error:
        raise InvalidInput.field("file", f"The form cannot be read. {error.message}") from None
    try:
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise InvalidInput.field("file", "Send the CSV file as the part called file.")
        words = {name: value for name, value in form.items() if isinstance(value, str)}
        yield Upload(file.filename or "upload.csv", _pieces(file), fields | words)
    finally:
        await form.close()


async def _capped(stream: AsyncIterator[bytes], bytes_max: int) -> AsyncGenerator[bytes]:
    received = 0
    async for piece in stream:
        received += len(piece)
        if received > bytes_max:
            raise TooLarge(f"An upload has at most {bytes_max // 1024**2} MB.")
        yield piece


async def _pieces(file: UploadFile) -> AsyncGenerator[bytes]:
    while piece := await file.read(PIECE_BYTES):
        yield piece
