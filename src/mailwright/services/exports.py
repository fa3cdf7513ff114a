"""Exports as CSV, of any length in flat memory.

Read page by page, each its own short read, so that somebody with a slow line holds no transaction
open. Cells that a spreadsheet would compute are quoted, unless asked for raw (SEC-18); an import
takes the quote off again.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.errors import NotFound
from mailwright.services import audit, campaigns
from mailwright.services.caller import Caller
from mailwright.services.csv_writing import csv_lines
from mailwright.services.runtime import Runtime
from mailwright.store import exports as store
from mailwright.store import lists, recipients, segments
from mailwright.store.audiences import Audience
from mailwright.store.rows import Row

PAGE_ROWS = 2_000

_CONTACT_COLUMNS = {
    "contact_uuid": "uuid",
    "email": "email",
    "first_name": "first_name",
    "last_name": "last_name",
    "phone": "phone",
    "external_id": "external_id",
    "language": "locale",
    "country_code": "country_code",
    "subscription_status": "consent",
    "consent_source": "consent_source",
    "opted_in_at": "opted_in_at",
    "unsubscribed_at": "unsubscribed_at",
    "contact_created_at": "created_at",
}
_TAGS = "contact_tags"
_ATTRIBUTE = "attributes."
RECIPIENT_COLUMNS = (
    "email",
    "first_name",
    "last_name",
    "state",
    "reason",
    "reply",
    "locale",
    "attempts",
    "possibly_repeated",
    "sent_at",
    "bounced_at",
    "opened_at",
    "clicked_at",
    "complained_at",
    "unsubscribed_at",
)


async def export_contacts(
    runtime: Runtime,
    caller: Caller,
    *,
    list_uuid: UUID | None = None,
    segment_uuid: UUID | None = None,
    raw: bool = False,
) -> AsyncIterator[bytes]:
    """Contacts, oldest first, with a column for each attribute: the pieces of a CSV file.

    Of a list those who have not left it; of a list and a segment those in both. Raises NotFound.
    """
    caller.require("exports:read")
    caller.require("contacts:read")
    async with runtime.database.transaction() as connection:
        audience = await _audience(connection, caller, list_uuid, segment_uuid)
        keys = await store.attribute_keys(connection, caller.tenant_id)
        named = {"list": list_uuid, "segment": segment_uuid}
        about = {noun: str(uuid) for noun, uuid in named.items() if uuid}
        await audit.record(connection, caller, "export.contacts", None, about)
    return _contacts(runtime, caller, audience, keys, raw=raw)


async def export_recipients(
    runtime: Runtime, caller: Caller, campaign_uuid: UUID, *, raw: bool = False
) -> AsyncIterator[bytes]:
    """A campaign's ledger in its own order: the pieces of a CSV file. Raises NotFound."""
    caller.require("exports:read")
    caller.require("campaigns:read")
    async with runtime.database.transaction() as connection:
        campaign_id = await campaigns.id_of(connection, caller, campaign_uuid)
        subject = f"campaign:{campaign_uuid}"
        await audit.record(connection, caller, "export.recipients", subject)
    return _recipients(runtime, caller, campaign_id, raw=raw)


async def _contacts(
    runtime: Runtime, caller: Caller, audience: Audience, keys: Sequence[str], *, raw: bool
) -> AsyncIterator[bytes]:
    header = contact_header(keys)
    yield csv_lines([header], raw=raw)
    after_id = 0
    while True:
        async with runtime.database.reading() as connection:
            rows = await store.page_of_contacts(
                connection, caller.tenant_id, audience, after_id=after_id, limit=PAGE_ROWS
            )
        if not rows:
            return
        yield csv_lines((contact_cells(row, header) for row in rows), raw=raw)
        after_id = rows[-1]["id"]


async def _recipients(
    runtime: Runtime, caller: Caller, campaign_id: int, *, raw: bool
) -> AsyncIterator[bytes]:
    yield csv_lines([RECIPIENT_COLUMNS], raw=raw)
    after_id = 0
    while True:
        async with runtime.database.reading() as connection:
            rows = await recipients.page(
                connection,
                caller.tenant_id,
                campaign_id,
                recipients.RecipientFilter(),
                limit=PAGE_ROWS,
                after_id=after_id,
            )
        if not rows:
            return
        yield csv_lines(([row[name] for name in RECIPIENT_COLUMNS] for row in rows), raw=raw)
        after_id = rows[-1]["id"]


async def _audience(
    connection: AsyncConnection, caller: Caller, list_uuid: UUID | None, segment_uuid: UUID | None
) -> Audience:
    list_id, rule = None, None
    if list_uuid is not None:
        row = await lists.get(connection, caller.tenant_id, list_uuid)
        if row is None:
            raise NotFound("There is no such list.")
        list_id = row["id"]
    if segment_uuid is not None:
        row = await segments.get(connection, caller.tenant_id, segment_uuid)
        if row is None:
            raise NotFound("There is no such segment.")
        rule = segments.whole_rule(row)
    return Audience(list_id, rule)


def contact_header(keys: Sequence[str], *, with_tags: bool = False) -> list[str]:
    """The columns of a file of contacts, one for each attribute of `keys`."""
    tags = [_TAGS] if with_tags else []
    return [*_CONTACT_COLUMNS, *tags, *(f"{_ATTRIBUTE}{key}" for key in keys)]


def contact_cells(row: Row, header: Sequence[str], tags: Sequence[str] = ()) -> list[Any]:
    """What stands below `contact_header` for one contact."""
    attributes = row["attributes"]
    return [
        list(tags)
        if name == _TAGS
        else row[_CONTACT_COLUMNS[name]]
        if name in _CONTACT_COLUMNS
        else attributes.get(name.removeprefix(_ATTRIBUTE))
        for name in header
    ]
