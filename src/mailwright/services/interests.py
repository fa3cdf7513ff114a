"""Interests: what people on one list want to read about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypedDict
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.labels import interest_name
from mailwright.errors import Conflict, InvalidInput, NotFound
from mailwright.services.caller import Caller
from mailwright.services.paging import Page, Paged
from mailwright.services.runtime import Runtime
from mailwright.services.selections import Selection, condition_of
from mailwright.store import interests as store
from mailwright.store import labels, lists
from mailwright.store.contacts import limit_time
from mailwright.store.rows import Row

INTERESTS_MAX = 1_000  # of one list
SECONDS_MAX = 20  # for everybody a rule fits


@dataclass(frozen=True, slots=True)
class InterestView:
    """An interest. `alias`: how it is called in front of people; `contacts_count`: who has it."""

    uuid: UUID
    name: str
    alias: str | None
    contacts_count: int
    created_at: datetime


class InterestChanges(TypedDict, total=False):
    """The fields a call sets; absent ones stay as they are."""

    name: str
    alias: str | None


async def create_interest(
    runtime: Runtime, caller: Caller, list_uuid: UUID, name: str, alias: str | None = None
) -> InterestView:
    """The new interest. Raises NotFound, InvalidInput, or Conflict when the name is taken."""
    caller.require("lists:write")
    values = _values({"name": name, "alias": alias})
    async with runtime.database.transaction() as connection:
        list_id = await list_id_of(connection, caller, list_uuid)
        present = await store.of_list(connection, caller.tenant_id, list_id)
        if len(present) >= INTERESTS_MAX:
            raise InvalidInput.field("name", f"A list has at most {INTERESTS_MAX} interests.")
        row = await store.add(connection, caller.tenant_id, list_id, values)
    if row is None:
        raise _taken()
    return _view(row)


async def get_interest(
    runtime: Runtime, caller: Caller, list_uuid: UUID, interest: UUID | str
) -> InterestView:
    """One interest of the list, by uuid or by name. Raises NotFound."""
    caller.require("lists:read")
    async with runtime.database.reading() as connection:
        list_id = await list_id_of(connection, caller, list_uuid)
        return _view(await _existing(connection, caller, list_id, interest))


async def page_interests(
    runtime: Runtime, caller: Caller, list_uuid: UUID, page: Page
) -> Paged[InterestView]:
    """Interests of the list by name. Raises NotFound."""
    caller.require("lists:read")
    async with runtime.database.reading() as connection:
        list_id = await list_id_of(connection, caller, list_uuid)
        rows, total = await store.page(
            connection, caller.tenant_id, list_id, limit=page.per_page, offset=page.offset
        )
    return Paged([_view(row) for row in rows], total, page)


async def change_interest(
    runtime: Runtime,
    caller: Caller,
    list_uuid: UUID,
    interest: UUID | str,
    changes: InterestChanges,
) -> InterestView:
    """The interest with `changes` made. Raises NotFound, InvalidInput or Conflict."""
    caller.require("lists:write")
    values = _values(changes)
    async with runtime.database.transaction() as connection:
        list_id = await list_id_of(connection, caller, list_uuid)
        row = await _existing(connection, caller, list_id, interest)
        if values:
            try:
                await store.change(connection, caller.tenant_id, row["id"], values)
            except IntegrityError:
                raise _taken() from None
    return replace(_view(row), **values)


async def delete_interest(
    runtime: Runtime, caller: Caller, list_uuid: UUID, interest: UUID | str
) -> InterestView:
    """The interest as it was; now nobody has it. Raises NotFound."""
    caller.require("lists:write")
    async with runtime.database.transaction() as connection:
        list_id = await list_id_of(connection, caller, list_uuid)
        row = await _existing(connection, caller, list_id, interest)
        await store.remove(connection, caller.tenant_id, row["id"])
    return _view(row)


async def uuids_of(runtime: Runtime, caller: Caller, list_uuid: UUID) -> dict[str, UUID]:
    """Every interest of the list by its name. Raises NotFound."""
    caller.require("lists:read")
    async with runtime.database.reading() as connection:
        list_id = await list_id_of(connection, caller, list_uuid)
        found = await store.of_list(connection, caller.tenant_id, list_id)
    return {name: row["uuid"] for name, row in found.items()}


async def change_interests(
    runtime: Runtime,
    caller: Caller,
    wanted: Selection,
    *,
    add: Sequence[str] = (),
    remove: Sequence[str] = (),
) -> None:
    """Gives interests of the selection's list to everybody in it, and takes others away.

    Raises NotFound, or InvalidInput for a name that is no interest of the list.
    """
    caller.require("contacts:write")
    assert wanted.list_uuid is not None, "interests belong to a list"
    if not add and not remove:
        raise InvalidInput.field("interests", "Name at least one interest.")
    async with runtime.database.transaction() as connection:
        await limit_time(connection, seconds=SECONDS_MAX)
        list_id = await list_id_of(connection, caller, wanted.list_uuid)
        known = await store.of_list(connection, caller.tenant_id, list_id)
        added, removed = ids_of(known, add), ids_of(known, remove)
        who = await condition_of(connection, caller, wanted)
        await labels.detach(connection, caller.tenant_id, labels.INTERESTS, removed, who)
        await labels.attach(connection, caller.tenant_id, labels.INTERESTS, added, who)


def ids_of(known: Mapping[str, Row], names: Sequence[str], field: str = "interests") -> list[int]:
    """The ids of `names` among a list's interests. Raises InvalidInput for `field`."""
    unknown = sorted(set(names) - set(known))
    if unknown:
        told = ", ".join(unknown)
        raise InvalidInput.field(field, f"The list has no such interest: {told}.")
    return [known[name]["id"] for name in dict.fromkeys(names)]


async def list_id_of(connection: AsyncConnection, caller: Caller, list_uuid: UUID) -> int:
    """The id of the caller's list. Raises NotFound."""
    found = await lists.ids_of(connection, caller.tenant_id, [list_uuid])
    if list_uuid not in found:
        raise NotFound("There is no such list.")
    return found[list_uuid]


async def _existing(
    connection: AsyncConnection, caller: Caller, list_id: int, interest: UUID | str
) -> Row:
    row = await store.get(connection, caller.tenant_id, list_id, interest)
    if row is None:
        raise NotFound("The list has no such interest.")
    return row


def _values(changes: InterestChanges) -> dict[str, Any]:
    values: dict[str, Any] = dict(changes)
    if "name" in changes:
        values["name"] = interest_name(changes["name"])
    alias = changes.get("alias")
    if "alias" in changes:
        values["alias"] = interest_name(alias, "alias") if alias else None
    return values


def _taken() -> Conflict:
    message = "The list has an interest of that name already."
    return Conflict(message, code="DUPLICATE_RESOURCE", details={"name": [message]})


def _view(row: Row) -> InterestView:
    return InterestView(
        row["uuid"], row["name"], row["alias"], row["contacts_count"], row["created_at"]
    )
