"""Contacts: the people a tenant writes to."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.email_address import EmailAddress
from mailwright.domain.webhook_event import EventType
from mailwright.errors import InvalidInput, NotFound
from mailwright.services import contact_writing, custom_fields, webhook_events
from mailwright.services.caller import Caller
from mailwright.services.contact_views import ContactRow, ContactView, full_view, row_view
from mailwright.services.contact_writing import ContactChanges
from mailwright.services.forgotten import refuse_forgotten
from mailwright.services.paging import Page, Paged
from mailwright.services.runtime import Runtime
from mailwright.services.suppressions import suppress
from mailwright.services.webhook_events import Fact
from mailwright.store import contacts as store
from mailwright.store import lists, suppressions
from mailwright.store.rows import Row


async def create_contact(
    runtime: Runtime,
    caller: Caller,
    email: str,
    fields: ContactChanges,
    *,
    source: str | None = None,
) -> ContactView:
    """The new contact, subscribed and on the lists given. All of it or nothing.

    Raises InvalidInput for a list that is not the tenant's, Conflict DUPLICATE_RESOURCE when the
    address or the external id is taken, CONTACT_ERASED for who asked to be forgotten.
    """
    caller.require("contacts:write")
    address = EmailAddress.parse(email)
    source = source or caller.door.value
    async with runtime.database.transaction() as connection:
        await refuse_forgotten(connection, runtime, caller.tenant_id, address.key)
        _, contact_uuid = await contact_writing.insert(
            connection,
            caller,
            address,
            fields,
            consent="subscribed",
            source=source,
            now=runtime.now(),
        )
        return await view(
            connection, caller.tenant_id, await existing(connection, caller, contact_uuid)
        )


async def get_contact(runtime: Runtime, caller: Caller, contact_uuid: UUID) -> ContactView:
    """One contact in full. Raises NotFound."""
    caller.require("contacts:read")
    async with runtime.database.reading() as connection:
        return await view(
            connection, caller.tenant_id, await existing(connection, caller, contact_uuid)
        )


async def page_contacts(
    runtime: Runtime,
    caller: Caller,
    page: Page,
    *,
    search: str | None = None,
    list_uuid: UUID | None = None,
    consent: str | None = None,
) -> Paged[ContactRow]:
    """Contacts, newest first. `search`: a whole address, else parts of names or a phone's start.

    Raises NotFound for a list that is not the tenant's.
    """
    caller.require("contacts:read")
    fits = _search(search)
    if consent is not None:
        fits = store.has_consent(consent) if fits is None else fits & store.has_consent(consent)
    async with runtime.database.reading() as connection:
        list_id = await _list_id(connection, caller, list_uuid)
        tenant_id, limit, offset = caller.tenant_id, page.per_page, page.offset
        rows = await store.page(
            connection, tenant_id, fits, list_id=list_id, limit=limit, offset=offset
        )

        async def count() -> int:
            return await store.count(connection, tenant_id, fits, list_id=list_id)

        key = ("contacts", tenant_id, list_id, search, consent)
        total = await runtime.totals.get(key, runtime.now(), count)
    return Paged([row_view(row) for row in rows], total, page)


async def change_contact(
    runtime: Runtime, caller: Caller, contact_uuid: UUID, changes: ContactChanges
) -> ContactView:
    """The contact with `changes` made; the address never changes.

    Raises NotFound, InvalidInput, or Conflict when the external id is taken.
    """
    caller.require("contacts:write")
    async with runtime.database.transaction() as connection:
        row = await existing(connection, caller, contact_uuid, lock=True)
        await contact_writing.save(connection, caller, row, changes, now=runtime.now())
        return await view(
            connection, caller.tenant_id, await existing(connection, caller, contact_uuid)
        )


async def delete_contact(runtime: Runtime, caller: Caller, contact_uuid: UUID) -> None:
    """The contact is gone; what was sent to it stays in the ledger. Raises NotFound.

    An unsubscribe outlives the contact as a suppression, or importing the address again would
    mail somebody who said no.
    """
    caller.require("contacts:write")
    async with runtime.database.transaction() as connection:
        facts = await remove(connection, caller, contact_uuid, now=runtime.now())
        await webhook_events.emit(connection, facts)


async def remove(
    connection: AsyncConnection,
    caller: Caller,
    contact_uuid: UUID,
    *,
    now: datetime,
    said_no: bool = False,
) -> list[Fact]:
    """As `delete_contact`, in the caller's transaction; what is then to be told.

    `said_no`: not to all mail, but to what this contact is removed for.
    """
    joined = await store.list_ids_of(connection, caller.tenant_id, contact_uuid)
    gone = await store.remove(connection, caller.tenant_id, contact_uuid)
    if gone is None:
        raise _no_contact()
    if said_no or gone["consent"] == "unsubscribed":
        await suppress(
            connection,
            caller.tenant_id,
            gone["email_key"],
            reason="unsubscribe",
            scope="marketing",
            source="contact deleted",
            now=now,
        )
    named = {"contact_uuid": contact_uuid, "email": gone["email"], "source": caller.door.value}
    fact = Fact(
        caller.tenant_id,
        EventType.CONTACT_DELETED,
        now,
        numbers={"contact_id": gone["id"]},
        data=named,
    )
    off = replace(fact, type=EventType.CONTACT_REMOVED_FROM_LIST)
    return [*(replace(off, list_id=list_id) for list_id in joined), fact]


async def existing(
    connection: AsyncConnection, caller: Caller, contact_uuid: UUID, *, lock: bool = False
) -> Row:
    """The contact's row. Raises NotFound."""
    row = await store.get(connection, caller.tenant_id, contact_uuid, lock=lock)
    if row is None:
        raise _no_contact()
    return row


def _search(search: str | None) -> Any:
    words = (search or "").strip()
    if not words:
        return None
    try:
        return store.matches(words, EmailAddress.parse(words).key)
    except InvalidInput:
        return store.matches(words, None)


async def _list_id(
    connection: AsyncConnection, caller: Caller, list_uuid: UUID | None
) -> int | None:
    if list_uuid is None:
        return None
    found = await lists.ids_of(connection, caller.tenant_id, [list_uuid])
    if list_uuid not in found:
        raise NotFound("There is no such list.")
    return found[list_uuid]


async def view(connection: AsyncConnection, tenant_id: int, row: Row) -> ContactView:
    """The contact of `row` in full."""
    contact_id = row["id"]
    return full_view(
        row,
        lists=await store.lists_of(connection, tenant_id, contact_id),
        fields=await custom_fields.definitions(connection, tenant_id),
        suppressions=await suppressions.of_address(connection, tenant_id, row["email_key"]),
        engagement=await store.engagement_of(connection, tenant_id, contact_id),
    )


def _no_contact() -> NotFound:
    return NotFound("There is no such contact.")
