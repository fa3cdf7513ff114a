"""The tenant's logo, shown on the pages that its recipients see.

What is stored is written by us from the pixels of what was sent (`mail/pictures.py`), and served
under a name that cannot be guessed and changes with the picture (SEC-23).
"""

from __future__ import annotations

import asyncio
import binascii
import re
import secrets
from base64 import b64decode
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.webhook_event import EventType
from mailwright.errors import InvalidInput, NotFound
from mailwright.mail.pictures import NotAPicture, rewritten
from mailwright.services import audit, webhook_events
from mailwright.services.caller import Caller
from mailwright.services.runtime import Runtime
from mailwright.store import logos as store

BYTES_MAX = 1_000_000

_DATA_URI = re.compile(r"data:[^,]{0,100};base64,", re.IGNORECASE)
_NAME = re.compile(r"[0-9a-f]{32}\.png")


@dataclass(frozen=True, slots=True)
class LogoView:
    """Where the logo is, and its size in pixels."""

    url: str
    width: int
    height: int


def image_of(text: str, *, field: str = "image") -> bytes:
    """The file in a data URI, or in base64 alone. Raises InvalidInput."""
    text = text.strip()
    start = _DATA_URI.match(text)
    try:
        return b64decode("".join(text[start.end() if start else 0 :].split()), validate=True)
    except (binascii.Error, ValueError):
        raise InvalidInput.field(field, "Give the file in base64, or as a data URI.") from None


async def put_logo(
    runtime: Runtime, caller: Caller, image: bytes | str, *, field: str = "image"
) -> LogoView:
    """The new logo, in the place of another; a text is read as by `image_of`.

    Raises InvalidInput for what is no picture.
    """
    caller.require("account:write")
    raw = image_of(image, field=field) if isinstance(image, str) else image
    if len(raw) > BYTES_MAX:
        raise InvalidInput.field(field, f"A logo has at most {BYTES_MAX // 1_000_000} MB.")
    try:
        picture = await asyncio.to_thread(rewritten, raw)
    except NotAPicture as reason:
        raise InvalidInput.field(field, f"{reason} Give a PNG, JPEG, WebP or GIF.") from None
    name = f"{secrets.token_hex(16)}.png"
    async with runtime.database.transaction() as connection:
        await store.put(
            connection,
            caller.tenant_id,
            name=name,
            image=picture.body,
            width=picture.width,
            height=picture.height,
        )
        about = {"width": picture.width, "height": picture.height}
        await audit.record(connection, caller, "account.logo", None, about)
        await _tell(connection, runtime, caller)
    return LogoView(url_of(runtime, name), picture.width, picture.height)


async def get_logo(runtime: Runtime, caller: Caller) -> LogoView:
    """The logo. Raises NotFound while there is none."""
    caller.require("account:read")
    async with runtime.database.reading() as connection:
        row = await store.get(connection, caller.tenant_id)
    if row is None:
        raise _no_logo()
    return LogoView(url_of(runtime, row["name"]), row["width"], row["height"])


async def remove_logo(runtime: Runtime, caller: Caller) -> None:
    """There is no logo any more. Raises NotFound where there was none."""
    caller.require("account:write")
    async with runtime.database.transaction() as connection:
        if not await store.remove(connection, caller.tenant_id):
            raise _no_logo()
        await audit.record(connection, caller, "account.remove-logo", None)
        await _tell(connection, runtime, caller)


async def _tell(connection: AsyncConnection, runtime: Runtime, caller: Caller) -> None:
    data = {"changed": ["logo"]}
    await webhook_events.tell(
        connection, caller.tenant_id, EventType.ACCOUNT_UPDATED, runtime.now(), data
    )


async def picture(runtime: Runtime, name: str) -> bytes | None:
    """The bytes behind a logo's address, for anybody; None where there is nothing."""
    if not _NAME.fullmatch(name):
        return None
    async with runtime.database.reading() as connection:
        return await store.by_name(connection, name)


def path_of(name: str | None) -> str | None:
    """Where the logo of that name is on every host of ours."""
    return f"/l/{name}" if name is not None else None


def url_of(runtime: Runtime, name: str) -> str:
    """The whole address, for mails and programs."""
    return f"{runtime.settings.base_url}{path_of(name)}"


def _no_logo() -> NotFound:
    return NotFound("There is no logo.")
