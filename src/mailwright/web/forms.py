"""What a browser posted: a small form, read with limits."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl

from starlette.requests import Request

from mailwright.errors import InvalidInput, TooLarge

BODY_BYTES_MAX = 4_000_000  # a page of a million characters, most of them escaped
FIELDS_MAX = 200

Form = Mapping[str, str]


async def read_form(request: Request) -> Form:
    """The fields by name; the last of a repeated one wins. NULs, which nothing stores, are gone.

    Raises TooLarge, or InvalidInput for what is not a form.
    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_BYTES_MAX:
            raise TooLarge("That is more than a form here takes.")
    try:
        pairs = parse_qsl(
            body.decode(), keep_blank_values=True, max_num_fields=FIELDS_MAX, errors="replace"
        )
    except ValueError:
        raise InvalidInput("This is not a form that we sent.") from None
    return {name: value.replace("\0", "").replace("\r\n", "\n") for name, value in pairs}
