"""Lists: named sets of contacts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.ids import new_id
from mailwright.domain.webhook_event import EventType
from mailwright.errors import Conflict, NotFound
from mailwright.services import webhook_events
from mailwright.services.caller import Caller
from mailwright.services.contact_writing import added_to_lists
from mailwright.services.paging import Page, Paged
from mailwright.services.runtime import Runtime
from mailwright.store import list_settings, webhooks
from mailwright.store import lists as store
from mailwright.store.rows import Row


@dataclass(frozen=True, slots=True)
class ListView:
    """A list as its tenant sees it. `contacts_count`: members who have not left it."""

    uuid: UUID
    name: str
    description: str | None
    is_public: bool
    contacts_count: int
    created_at: datetime
    updated_at: datetime


class ListChanges(TypedDict, total=False):
    """The fields a call sets; absent ones stay as they are."""

    name: str
    description: str | None
    is_public: bool


async def create_list(runtime: Runtime, caller: Caller, fields: ListChanges) -> ListView:
    """The new list. Raises Conflict when the name is taken."""
    caller.require("lists:write")
    async with runtime.database.transaction() as connection:
        row = await store.add(connection, caller.tenant_id, {"uuid": new_id(), **fields})
        if row is None:
            raise name_taken()
        await webhook_events.tell(
            connection, caller.tenant_id, EventType.LIST_CREATED, runtime.now(), list_id=row["id"]
        )
    return _view({**row, "contacts_count": 0})


async def get_list(runtime: Runtime, caller: Caller, list_uuid: UUID) -> ListView:
    """One list. Raises NotFound."""
    caller.require("lists:read")
    async with runtime.database.reading() as connection:
        return _view(await _existing(connection, caller, list_uuid))


async def page_lists(
    runtime: Runtime,
    caller: Caller,
    page: Page,
    *,
    search: str | None = None,
    archived: bool = False,
    name: str | None = None,
    order: str = "name",
    descending: bool = False,
) -> Paged[ListView]:
    """Lists that can be mailed; `archived`: those put aside instead.

    By name, or in the `order` of `created_at`; `name`: only the one of exactly it.
    """
    caller.require("lists:read")
    async with runtime.database.reading() as connection:
        rows, total = await store.page(
            connection,
            caller.tenant_id,
            search=search,
            states=("archived",) if archived else ("active",),
            name=name,
            order=order,
            descending=descending,
            limit=page.per_page,
            offset=page.offset,
        )
    return Paged([_view(row) for row in rows], total, page)


async def change_list(
    runtime: Runtime, caller: Caller, list_uuid: UUID, changes: ListChanges
) -> ListView:
    """The list with `changes` made. Raises NotFound, or Conflict when the name is taken."""
    caller.require("lists:write")
    async with runtime.database.transaction() as connection:
        row = await _existing(connection, caller, list_uuid)
        try:
            await store.change(connection, caller.tenant_id, list_uuid, changes)
        except IntegrityError:
            raise name_taken() from None
        await tell_updated(connection, runtime, caller, row["id"], changes)
        return _view(await _existing(connection, caller, list_uuid))


async def delete_list(runtime: Runtime, caller: Caller, list_uuid: UUID) -> None:
    """The list is gone, its contacts are not; campaigns that were sent to it keep its name.

    Raises NotFound, or Conflict LIST_IN_USE while a campaign that is not over is for it.
    """
    caller.require("lists:write")
    async with runtime.database.transaction() as connection:
        row = await _existing(connection, caller, list_uuid)
        if await list_settings.is_awaited(connection, caller.tenant_id, row["id"]):
            raise _in_use()
        await webhook_events.tell(
            connection, caller.tenant_id, EventType.LIST_DELETED, runtime.now(), list_id=row["id"]
        )
        await webhooks.remove_of_list(connection, caller.tenant_id, row["id"])
        try:
            async with connection.begin_nested():
                await store.remove(connection, caller.tenant_id, row["id"])
        except IntegrityError:
            await list_settings.bury(connection, caller.tenant_id, row["id"])


async def add_to_list(
    runtime: Runtime, caller: Caller, list_uuid: UUID, contact_uuid: UUID
) -> None:
    """The contact is on the list, unless it left it earlier (then nothing happens).

    Raises NotFound, or Conflict DUPLICATE_RESOURCE when it is on it already (vendors.md 3.1).
    """
    caller.require("lists:write")
    async with runtime.database.transaction() as connection:
        row, contact_id = await _pair(connection, caller, list_uuid, contact_uuid)
        state = await store.membership(connection, caller.tenant_id, row["id"], contact_id)
        if state == "subscribed":
            raise Conflict("The contact is on this list already.", code="DUPLICATE_RESOURCE")
        joined = await store.join_all(connection, caller.tenant_id, [row["id"]], contact_id)
        source = caller.door.value
        facts = added_to_lists(caller, contact_id, joined, runtime.now(), source=source)
        await webhook_events.emit(connection, facts)


async def remove_from_list(
    runtime: Runtime, caller: Caller, list_uuid: UUID, contact_uuid: UUID
) -> None:
    """The contact is off the list. Raises NotFound when it was not on it."""
    caller.require("lists:write")
    async with runtime.database.transaction() as connection:
        row, contact_id = await _pair(connection, caller, list_uuid, contact_uuid)
        if not await store.take_off(connection, caller.tenant_id, row["id"], contact_id):
            raise NotFound("That contact is not on this list.")
        await webhook_events.tell(
            connection,
            caller.tenant_id,
            EventType.CONTACT_REMOVED_FROM_LIST,
            runtime.now(),
            {"source": caller.door.value},
            contact_id=contact_id,
            list_id=row["id"],
        )


async def tell_updated(
    connection: AsyncConnection,
    runtime: Runtime,
    caller: Caller,
    list_id: int,
    changed: Iterable[str],
) -> None:
    """Tells that fields of a list were set, in the caller's transaction."""
    data = {"changed": sorted(changed)}
    await webhook_events.tell(
        connection, caller.tenant_id, EventType.LIST_UPDATED, runtime.now(), data, list_id=list_id
    )


async def _existing(connection: AsyncConnection, caller: Caller, list_uuid: UUID) -> Row:
    row = await store.get(connection, caller.tenant_id, list_uuid)
    if row is None:
        raise NotFound("There is no such list.")
    return row


async def _pair(
    connection: AsyncConnection, caller: Caller, list_uuid: UUID, contact_uuid: UUID
) -> tuple[Row, int]:
    row = await _existing(connection, caller, list_uuid)
    contact_id = await store.contact_id_of(connection, caller.tenant_id, contact_uuid)
    if contact_id is None:
        raise NotFound("There is no such contact.")
    return row, contact_id


def _in_use() -> Conflict:
    return Conflict(
        "A campaign uses this list; change or delete the campaign first.", code="LIST_IN_USE"
    )


def name_taken() -> Conflict:
    """The refusal of a name that another list has."""
    return Conflict(
        "There is a list of that name already.",
        code="DUPLICATE_RESOURCE",
        details={"name": ["There is a list of that name already."]},
    )


def _view(row: Row) -> ListView:
    return ListView(
        uuid=row["uuid"],
        name=row["name"],
        description=row["description"],
        is_public=row["is_public"],
        contacts_count=row["contacts_count"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
