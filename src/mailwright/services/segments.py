"""Segments: saved rules that say whom, decided anew whenever they are asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypedDict
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.ids import new_id
from mailwright.domain.segment_rule_reader import parse_rule
from mailwright.domain.webhook_event import EventType
from mailwright.errors import Conflict, InvalidInput, NotFound
from mailwright.services import rule_references, webhook_events
from mailwright.services.caller import Caller
from mailwright.services.contact_views import ContactRow, row_view
from mailwright.services.paging import Page, Paged
from mailwright.services.runtime import Runtime
from mailwright.store import contacts, lists
from mailwright.store import segments as store
from mailwright.store.audiences import Audience, named
from mailwright.store.database import sqlstate
from mailwright.store.rows import Row

COUNT_FRESH_FOR = timedelta(seconds=60)
SAMPLE_SIZE = 10
QUERY_SECONDS_MAX = 20
_QUERY_CANCELED = "57014"  # PostgreSQL's code


@dataclass(frozen=True, slots=True)
class SegmentView:
    """A segment. `contacts_count` is as old as `contacts_count_calculated_at` says.

    `list_uuid`: it fits only people on that list; null: of the whole account.
    """

    uuid: UUID
    name: str
    list_uuid: UUID | None
    rule: dict[str, Any]
    contacts_count: int | None
    contacts_count_calculated_at: datetime | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class SegmentPreview:
    """Whom a rule fits right now: how many, and the newest of them."""

    contacts_count: int
    contacts: list[ContactRow]


class SegmentChanges(TypedDict, total=False):
    """The fields a call sets; absent ones stay as they are.

    `origin`: the rule as its author wrote it in the language of a door; setting a rule without one
    takes it away.
    """

    name: str
    rule: dict[str, Any]
    origin: dict[str, Any] | None


async def create_segment(
    runtime: Runtime,
    caller: Caller,
    name: str,
    rule: dict[str, Any],
    *,
    list_uuid: UUID | None = None,
    origin: dict[str, Any] | None = None,
) -> SegmentView:
    """The new segment, counted; with `list_uuid`, of the people on that list.

    Raises InvalidInput naming the place in the rule, or Conflict.
    """
    caller.require("segments:write")
    async with runtime.database.transaction() as connection:
        list_id = await _list_id(connection, caller, list_uuid)
        await _checked(connection, caller, {"list_uuid": list_uuid, "rule": rule})
        values = {"name": name, "rule": rule, "list_id": list_id, "origin": origin}
        row = await store.add(connection, caller.tenant_id, {"uuid": new_id(), **values})
        if row is None:
            raise _name_taken()
        await _tell(connection, runtime, caller, row, EventType.SEGMENT_CREATED)
        return segment_view(await _counted(connection, runtime, caller, row))


async def get_segment(runtime: Runtime, caller: Caller, segment_uuid: UUID) -> SegmentView:
    """One segment, counted anew when its count is older than a minute. Raises NotFound."""
    caller.require("segments:read")
    async with runtime.database.transaction() as connection:
        row = await existing(connection, caller, segment_uuid)
        at = row["contacts_count_calculated_at"]
        if at is None or at < runtime.now() - COUNT_FRESH_FOR:
            row = await _counted(connection, runtime, caller, row)
    return segment_view(row)


async def page_segments(
    runtime: Runtime, caller: Caller, page: Page, *, search: str | None = None
) -> Paged[SegmentView]:
    """Segments by name, with the counts they have."""
    caller.require("segments:read")
    async with runtime.database.reading() as connection:
        rows, total = await store.page(
            connection,
            caller.tenant_id,
            search=search,
            limit=page.per_page,
            offset=page.offset,
        )
    return Paged([segment_view(row) for row in rows], total, page)


async def change_segment(
    runtime: Runtime, caller: Caller, segment_uuid: UUID, changes: SegmentChanges
) -> SegmentView:
    """The segment with `changes` made. Raises NotFound, InvalidInput or Conflict."""
    caller.require("segments:write")
    async with runtime.database.transaction() as connection:
        row = await existing(connection, caller, segment_uuid)
        if "rule" in changes:
            await _checked(connection, caller, {**row, **changes})
            changes = {"origin": None, **changes}
        try:
            await store.change(connection, caller.tenant_id, row["id"], changes)
        except IntegrityError:
            raise _name_taken() from None
        row = await existing(connection, caller, segment_uuid)
        changed = sorted({*changes} - {"origin"})
        await _tell(connection, runtime, caller, row, EventType.SEGMENT_UPDATED, changed=changed)
        if "rule" in changes:
            row = await _counted(connection, runtime, caller, row)
    return segment_view(row)


async def delete_segment(runtime: Runtime, caller: Caller, segment_uuid: UUID) -> None:
    """The segment is gone. Raises NotFound; Conflict SEGMENT_IN_USE when a campaign uses it."""
    caller.require("segments:write")
    async with runtime.database.transaction() as connection:
        row = await existing(connection, caller, segment_uuid)
        try:
            await store.remove(connection, caller.tenant_id, row["id"])
        except IntegrityError:
            raise Conflict(
                "A campaign uses this segment; change or delete the campaign first.",
                code="SEGMENT_IN_USE",
            ) from None
        await _tell(connection, runtime, caller, row, EventType.SEGMENT_DELETED)


async def preview_segment(runtime: Runtime, caller: Caller, rule: dict[str, Any]) -> SegmentPreview:
    """Whom the rule fits, without saving it. Raises InvalidInput."""
    caller.require("segments:read")
    caller.require("contacts:read")
    async with runtime.database.transaction() as connection:
        fits = _fits(caller, await _checked(connection, caller, {"list_uuid": None, "rule": rule}))
        count = await count_fitting(connection, caller, fits)
        rows = await contacts.page(connection, caller.tenant_id, fits, limit=SAMPLE_SIZE, offset=0)
    return SegmentPreview(count, [row_view(row) for row in rows])


async def page_segment_contacts(
    runtime: Runtime, caller: Caller, segment_uuid: UUID, page: Page
) -> Paged[ContactRow]:
    """Whom the segment fits right now, newest first. Raises NotFound."""
    caller.require("segments:read")
    caller.require("contacts:read")
    async with runtime.database.transaction() as connection:
        row = await existing(connection, caller, segment_uuid)
        fits = _fits(caller, store.whole_rule(row))
        total = await count_fitting(connection, caller, fits)
        rows = await contacts.page(
            connection, caller.tenant_id, fits, limit=page.per_page, offset=page.offset
        )
    return Paged([row_view(row) for row in rows], total, page)


async def _checked(connection: AsyncConnection, caller: Caller, row: Row) -> dict[str, Any]:
    """What the rule in `row` comes to, when it is one and names only the tenant's own things."""
    if row["rule"] or row["list_uuid"] is None:  # of a list: with no rule it is everybody there
        parsed = parse_rule(row["rule"])
        await rule_references.require_own(connection, caller.tenant_id, parsed, field="rule")
    whole = store.whole_rule(row)
    parse_rule(whole)  # not nested too deep with the list around it
    return whole


async def _list_id(
    connection: AsyncConnection, caller: Caller, list_uuid: UUID | None
) -> int | None:
    if list_uuid is None:
        return None
    found = await lists.ids_of(connection, caller.tenant_id, [list_uuid])
    if list_uuid not in found:
        raise InvalidInput.field("list_uuid", "There is no such list.")
    return found[list_uuid]


def _fits(caller: Caller, rule: Mapping[str, Any]) -> ColumnElement[bool]:
    return named(caller.tenant_id, Audience(None, rule))


async def count_fitting(
    connection: AsyncConnection, caller: Caller, fits: ColumnElement[bool], *, field: str = "rule"
) -> int:
    """How many contacts fit; what keeps the database busy for too long is refused, by `field`."""
    await contacts.limit_time(connection, seconds=QUERY_SECONDS_MAX)
    try:
        return await contacts.count(connection, caller.tenant_id, fits)
    except DBAPIError as error:
        if sqlstate(error) != _QUERY_CANCELED:
            raise
        raise InvalidInput.field(
            field, f"Counting takes longer than {QUERY_SECONDS_MAX} s; make the rule simpler."
        ) from None


async def _counted(connection: AsyncConnection, runtime: Runtime, caller: Caller, row: Row) -> Row:
    count, at = (
        await count_fitting(connection, caller, _fits(caller, store.whole_rule(row))),
        runtime.now(),
    )
    await store.save_count(connection, caller.tenant_id, row["id"], count, at)
    return {**row, "contacts_count": count, "contacts_count_calculated_at": at}


async def _tell(
    connection: AsyncConnection,
    runtime: Runtime,
    caller: Caller,
    row: Row,
    type_: EventType,
    **more: object,
) -> None:
    named = {"segment_uuid": row["uuid"], "segment_name": row["name"], **more}
    await webhook_events.tell(
        connection,
        caller.tenant_id,
        type_,
        runtime.now(),
        named,
        list_id=row["list_id"],
        numbers={"segment_id": row["id"]},
    )


async def existing(connection: AsyncConnection, caller: Caller, segment_uuid: UUID) -> Row:
    """The row of one of the caller's segments. Raises NotFound."""
    row = await store.get(connection, caller.tenant_id, segment_uuid)
    if row is None:
        raise NotFound("There is no such segment.")
    return row


def _name_taken() -> Conflict:
    message = "There is a segment of that name already."
    return Conflict(message, code="DUPLICATE_RESOURCE", details={"name": [message]})


def segment_view(row: Row) -> SegmentView:
    """The segment of a row."""
    return SegmentView(
        uuid=row["uuid"],
        name=row["name"],
        list_uuid=row["list_uuid"],
        rule=row["rule"],
        contacts_count=row["contacts_count"],
        contacts_count_calculated_at=row["contacts_count_calculated_at"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
