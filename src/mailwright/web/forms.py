"""What a browser posted: a small form, read with limits."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl

from starlette.requests import Request

from mailwright.errors import InvalidInput, TooLarge

BODY_BYTES_MAX = 4_000_000  # a page of a million characters, most of them escaped
FIELDS_MAX = 500  # a file of 200 columns has two fields for each

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


def numbered(form: Form, prefix: str) -> list[dict[str, str]]:
    """The rows of a table in a form, by number: `variable.0.name` is `name` of the first."""
    rows: dict[int, dict[str, str]] = {}
    for name, value in form.items():
        start, _, rest = name.partition(".")
        number, _, field = rest.partition(".")
        if start == prefix and field and number.isascii() and number.isdigit() and len(number) < 4:
            rows.setdefault(int(number), {})[field] = value
    return [rows[number] for number in sorted(rows)]


def ticked(form: Form, prefix: str) -> list[str]:
    """Which boxes of a group are ticked: those called `prefix.WORD`, as their words."""
    return [name.removeprefix(f"{prefix}.") for name in form if name.startswith(f"{prefix}.")]
