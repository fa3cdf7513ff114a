"""Lists with all that can be set on them: sender, language, redirections, policy, archive."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypedDict, cast
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.ids import new_id
from mailwright.domain.locales import parse_locale
from mailwright.domain.redirections import check_redirections
from mailwright.domain.webhook_event import EventType
from mailwright.errors import InvalidInput, NotFound
from mailwright.services import list_webhooks, webhook_events
from mailwright.services.caller import Caller
from mailwright.services.list_webhooks import ListHook
from mailwright.services.lists import name_taken, tell_updated
from mailwright.services.paging import Page, Paged
from mailwright.services.runtime import Runtime
from mailwright.store import list_settings as store
from mailwright.store import lists, senders
from mailwright.store.rows import Row


@dataclass(frozen=True, slots=True)
class ListSender:
    """Who speaks to a list. `uuid` None: nobody can yet."""

    uuid: UUID | None
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class ListSettings:
    """A list and its settings. `status`: active, or archived: kept, and no longer mailed.

    `sender`: the list's own, else the first that may send. `webhook`: its own, in the words of the
    door that set it.
    """

    uuid: UUID
    name: str
    status: str
    language: str | None
    sender: ListSender | None
    redirections: dict[str, str]
    webhook: dict[str, Any] | None
    policy_accepted_at: datetime | None
    created_at: datetime
    updated_at: datetime


class SettingsChanges(TypedDict, total=False):
    """The fields a call sets; absent ones stay, None clears."""

    name: str
    language: str | None
    sender_uuid: UUID | None
    redirections: Mapping[str, str | None]
    webhook: ListHook | None


async def create(
    runtime: Runtime, caller: Caller, name: str, changes: SettingsChanges
) -> ListSettings:
    """The new list. Raises InvalidInput, or Conflict when the name is taken."""
    caller.require("lists:write")
    async with runtime.database.transaction() as connection:
        values = await _values(connection, caller, {**changes, "name": name})
        made = await lists.add(connection, caller.tenant_id, {"uuid": new_id(), **values})
        if made is None:
            raise name_taken()
        await webhook_events.tell(
            connection, caller.tenant_id, EventType.LIST_CREATED, runtime.now(), list_id=made["id"]
        )
        row = await _existing(connection, caller, made["uuid"])
        row = await _hooked(connection, runtime, caller, row, changes)
        return _view(row, await _speaker(connection, caller))


async def get(runtime: Runtime, caller: Caller, list_uuid: UUID) -> ListSettings:
    """One list. Raises NotFound."""
    caller.require("lists:read")
    async with runtime.database.reading() as connection:
        row = await _existing(connection, caller, list_uuid)
        return _view(row, await _speaker(connection, caller))


async def page(
    runtime: Runtime,
    caller: Caller,
    page: Page,
    *,
    status: str = "active",
    name: str | None = None,
    order: str = "name",
    descending: bool = False,
) -> Paged[ListSettings]:
    """Lists of that status. `name`: of exactly that name; `order`: name or created_at."""
    caller.require("lists:read")
    async with runtime.database.reading() as connection:
        rows, total = await store.page(
            connection,
            caller.tenant_id,
            state=status,
            name=name,
            order=order,
            descending=descending,
            limit=page.per_page,
            offset=page.offset,
        )
        speaker = await _speaker(connection, caller)
    return Paged([_view(row, speaker) for row in rows], total, page)


async def change(
    runtime: Runtime, caller: Caller, list_uuid: UUID, changes: SettingsChanges
) -> ListSettings:
    """The list with `changes` made; redirections are changed one by one.

    Raises NotFound, InvalidInput, or Conflict when the name is taken.
    """
    caller.require("lists:write")
    async with runtime.database.transaction() as connection:
        row = await _existing(connection, caller, list_uuid)
        await _hooked(connection, runtime, caller, row, changes)
        values = await _values(connection, caller, changes, row["redirections"])
        try:
            await store.change(connection, caller.tenant_id, list_uuid, values)
        except IntegrityError:
            raise name_taken() from None
        await tell_updated(connection, runtime, caller, row["id"], changes)
        row = await _existing(connection, caller, list_uuid)
        return _view(row, await _speaker(connection, caller))


async def accept_policy(runtime: Runtime, caller: Caller, list_uuid: UUID) -> ListSettings:
    """The list, for which somebody promised that its people agreed. Raises NotFound."""
    return await _set(runtime, caller, list_uuid, {"policy_accepted_at": runtime.now()})


async def archive(runtime: Runtime, caller: Caller, list_uuid: UUID) -> ListSettings:
    """The list, put aside: kept with its people, offered and mailed no more. Raises NotFound."""
    return await _set(runtime, caller, list_uuid, {"state": "archived"})


async def unarchive(runtime: Runtime, caller: Caller, list_uuid: UUID) -> ListSettings:
    """The list, in use again. Raises NotFound."""
    return await _set(runtime, caller, list_uuid, {"state": "active"})


async def _set(
    runtime: Runtime, caller: Caller, list_uuid: UUID, values: Mapping[str, object]
) -> ListSettings:
    caller.require("lists:write")
    async with runtime.database.transaction() as connection:
        row = await _existing(connection, caller, list_uuid)
        await store.change(connection, caller.tenant_id, list_uuid, values)
        await tell_updated(connection, runtime, caller, row["id"], values)
        row = await _existing(connection, caller, list_uuid)
        return _view(row, await _speaker(connection, caller))


async def _hooked(
    connection: AsyncConnection,
    runtime: Runtime,
    caller: Caller,
    row: Row,
    changes: SettingsChanges,
) -> Row:
    """The list with its webhook made, changed or deleted, where the call says something of it."""
    if "webhook" not in changes:
        return row
    kept = await list_webhooks.keep(connection, runtime, caller, row, changes["webhook"])
    await store.change(connection, caller.tenant_id, row["uuid"], {"webhook": kept})
    return await _existing(connection, caller, row["uuid"])


async def _values(
    connection: AsyncConnection,
    caller: Caller,
    changes: SettingsChanges,
    redirections: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The columns that the changes set. Raises InvalidInput."""
    given = cast("Mapping[str, Any]", changes)
    values = {"name": given["name"]} if "name" in given else {}
    language = changes.get("language")
    if "language" in changes:
        values["language"] = parse_locale(language) if language else None
    if "redirections" in changes:
        together = {**(redirections or {}), **changes["redirections"]}
        values["redirections"] = check_redirections(together)
    sender_uuid = changes.get("sender_uuid")
    if "sender_uuid" in changes:
        values["sender_id"] = await _sender_id(connection, caller, sender_uuid)
    return values


async def _sender_id(
    connection: AsyncConnection, caller: Caller, sender_uuid: UUID | None
) -> int | None:
    if sender_uuid is None:
        return None
    row = await senders.get(connection, caller.tenant_id, sender_uuid)
    if row is None:
        raise InvalidInput.field("sender_uuid", "There is no such sender.")
    return row["id"]


async def _speaker(connection: AsyncConnection, caller: Caller) -> ListSender | None:
    """Who speaks to lists that name nobody."""
    row = await senders.first_enabled(connection, caller.tenant_id)
    return None if row is None else ListSender(row["uuid"], row["name"], row["email"])


async def _existing(connection: AsyncConnection, caller: Caller, list_uuid: UUID) -> Row:
    row = await store.get(connection, caller.tenant_id, list_uuid)
    if row is None:
        raise NotFound("There is no such list.")
    return row


def _view(row: Row, speaker: ListSender | None) -> ListSettings:
    named = row["sender_uuid"]
    own = ListSender(named, row["sender_name"], row["sender_email"]) if named else speaker
    return ListSettings(
        uuid=row["uuid"],
        name=row["name"],
        status=row["state"],
        language=row["language"],
        sender=own,
        redirections=row["redirections"],
        webhook=list_webhooks.said(row),
        policy_accepted_at=row["policy_accepted_at"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
