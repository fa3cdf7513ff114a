"""Contacts as other systems keep in step with them: by their own ids, and by what has changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.email_address import email_key_of
from mailwright.errors import NotFound
from mailwright.services import contacts, suppressions
from mailwright.services.caller import Caller
from mailwright.services.paging import Page, Paged
from mailwright.services.runtime import Runtime
from mailwright.store import contact_directory as store
from mailwright.store import contacts as contact_store
from mailwright.store.contact_directory import DirectoryFilter
from mailwright.store.rows import Row


@dataclass(frozen=True, slots=True)
class DirectoryEntry:
    """A contact in short, with its consent. `suppressed_at`: since when it is not mailed."""

    uuid: UUID
    email: str
    external_id: str | None
    locale: str | None
    consent: str
    consent_source: str | None
    attributes: dict[str, Any]
    project_uuid: UUID | None
    suppressed_at: datetime | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Directory(Paged[DirectoryEntry]):
    """A page, and where it goes on: `below_id` for the next one; None: this was the last."""

    next_below_id: int | None


async def page_directory(
    runtime: Runtime, caller: Caller, page: Page, wanted: DirectoryFilter
) -> Directory:
    """Contacts that fit, newest first."""
    caller.require("contacts:read")
    tenant_id = caller.tenant_id
    condition = store.fits(tenant_id, wanted)
    async with runtime.database.reading() as connection:
        rows = await contact_store.page(
            connection, tenant_id, condition, limit=page.per_page, offset=page.offset
        )

        async def count() -> int:
            return await contact_store.count(connection, tenant_id, condition)

        total = await runtime.totals.get(("directory", tenant_id, wanted), runtime.now(), count)
        keys = [row["email_key"] for row in rows]
        since = await store.suppressed_since(connection, tenant_id, keys)
    following = rows[-1]["id"] if len(rows) == page.per_page else None
    return Directory([_entry(row, since) for row in rows], total, page, following)


async def get_entry(runtime: Runtime, caller: Caller, reference: str) -> DirectoryEntry:
    """The contact with this uuid or external id. Raises NotFound."""
    caller.require("contacts:read")
    async with runtime.database.reading() as connection:
        contact_uuid = await _uuid_of(connection, caller, reference)
        return await _seen(connection, caller, contact_uuid)


async def find_contact(runtime: Runtime, caller: Caller, reference: str) -> UUID:
    """The uuid of the contact that is called so, by uuid or external id, for a change of it.

    Raises NotFound.
    """
    caller.require("contacts:write")
    async with runtime.database.reading() as connection:
        return await _uuid_of(connection, caller, reference)


async def entry_after_change(
    runtime: Runtime, caller: Caller, contact_uuid: UUID
) -> DirectoryEntry:
    """The contact as its change left it; whoever may write sees what became of it."""
    caller.require("contacts:write")
    async with runtime.database.reading() as connection:
        return await _seen(connection, caller, contact_uuid)


async def remove_suppressions_of(runtime: Runtime, caller: Caller, email: str) -> None:
    """Every suppression of the address is lifted. Raises NotFound, Conflict for the erased."""
    caller.require("suppressions:write")
    key = email_key_of(email)
    async with runtime.database.reading() as connection:
        found = await store.suppression_uuids(connection, caller.tenant_id, key)
    if not found:
        raise NotFound("This address is not suppressed.")
    for suppression_uuid in found:
        await suppressions.remove_suppression(runtime, caller, suppression_uuid)


async def _uuid_of(connection: AsyncConnection, caller: Caller, reference: str) -> UUID:
    reference = reference.replace("\0", "?")  # which PostgreSQL does not take
    found = await store.uuid_of_external_id(connection, caller.tenant_id, reference)
    if found is None:
        try:
            found = UUID(reference)
        except ValueError:
            raise NotFound("There is no such contact.") from None
    return found


async def _seen(connection: AsyncConnection, caller: Caller, contact_uuid: UUID) -> DirectoryEntry:
    row = await contacts.existing(connection, caller, contact_uuid)
    since = await store.suppressed_since(connection, caller.tenant_id, [row["email_key"]])
    return _entry(row, since)


def _entry(row: Row, since: Mapping[str, datetime]) -> DirectoryEntry:
    return DirectoryEntry(
        uuid=row["uuid"],
        email=row["email"],
        external_id=row["external_id"],
        locale=row["locale"],
        consent=row["consent"],
        consent_source=row["consent_source"],
        attributes=row["attributes"],
        project_uuid=row["project_uuid"],
        suppressed_at=since.get(row["email_key"]),
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
