"""The activity log of a campaign, or of all campaigns of a list: who did what, and when.

It is read oldest first, unless asked otherwise, because that is the order in which it grows: a walk
through its pages shows each row once while mails are sent and opened. Walking by cursor is as cheap
at the end as at the start, in both directions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from mailwright.domain.bounce_kind import BounceKind
from mailwright.domain.email_event import EventKind
from mailwright.errors import InvalidInput, NotFound
from mailwright.services import campaigns
from mailwright.services.caller import Caller
from mailwright.services.campaign_event_query import EventQuery, filter_of, to_keep
from mailwright.services.campaign_event_views import EventView, kind_of, view_of
from mailwright.services.paging import Page
from mailwright.services.runtime import Runtime
from mailwright.store import campaign_events as store
from mailwright.store import lists
from mailwright.store.campaign_events import EventFilter


@dataclass(frozen=True, slots=True)
class EventTotal:
    """How often something happened."""

    kind: EventKind
    bounce: BounceKind | None
    occurrences: int


@dataclass(frozen=True, slots=True)
class EventPage:
    """Rows of a log and where to read on; `total` where it was asked for."""

    items: Sequence[EventView]
    per_page: int
    next_cursor: str | None
    previous_cursor: str | None
    total: int | None = None


async def page_events(
    runtime: Runtime,
    caller: Caller,
    campaign_uuid: UUID,
    query: EventQuery,
    page: Page,
    *,
    cursor: str | None = None,
    descending: bool = False,
    with_total: bool = False,
) -> EventPage:
    """A page of a campaign's log; `cursor`, one that a page gave, goes before the page's number.

    Raises NotFound, InvalidInput.
    """
    caller.require("campaigns:read")
    wanted = await _of_campaign(runtime, caller, campaign_uuid, query)
    return await _page(runtime, caller, wanted, page, cursor, descending, with_total)


async def page_list_events(
    runtime: Runtime,
    caller: Caller,
    list_uuid: UUID,
    query: EventQuery,
    page: Page,
    *,
    cursor: str | None = None,
    descending: bool = False,
    with_total: bool = False,
) -> EventPage:
    """The same for all campaigns that went to a list."""
    caller.require("lists:read")
    caller.require("campaigns:read")
    wanted = await _of_list(runtime, caller, list_uuid, query)
    if wanted is not None and not wanted.campaign_ids:
        wanted = None
    return await _page(runtime, caller, wanted, page, cursor, descending, with_total)


async def event_totals(
    runtime: Runtime, caller: Caller, campaign_uuid: UUID, query: EventQuery
) -> list[EventTotal]:
    """How often each kind of thing happened. Raises NotFound, InvalidInput."""
    caller.require("campaigns:read")
    wanted = await _of_campaign(runtime, caller, campaign_uuid, query)
    return await _totals(runtime, caller, wanted)


async def list_event_totals(
    runtime: Runtime, caller: Caller, list_uuid: UUID, query: EventQuery
) -> list[EventTotal]:
    """The same for all campaigns that went to a list."""
    caller.require("lists:read")
    caller.require("campaigns:read")
    wanted = await _of_list(runtime, caller, list_uuid, query)
    return await _totals(runtime, caller, wanted)


async def log_of_campaign(
    runtime: Runtime, caller: Caller, campaign_uuid: UUID, query: EventQuery
) -> dict[str, Any]:
    """A campaign's log as it is now, to be kept and read later by `campaign_event_query.kept`."""
    caller.require("campaigns:read")
    return await _kept(runtime, await _of_campaign(runtime, caller, campaign_uuid, query))


async def log_of_list(
    runtime: Runtime, caller: Caller, list_uuid: UUID, query: EventQuery
) -> dict[str, Any]:
    """The same for all campaigns that went to a list."""
    caller.require("lists:read")
    caller.require("campaigns:read")
    return await _kept(runtime, await _of_list(runtime, caller, list_uuid, query))


async def _kept(runtime: Runtime, wanted: EventFilter | None) -> dict[str, Any]:
    return to_keep(await _settled(runtime, wanted or EventFilter((), 0)))


async def _of_campaign(
    runtime: Runtime, caller: Caller, campaign_uuid: UUID, query: EventQuery
) -> EventFilter | None:
    async with runtime.database.reading() as connection:
        campaign_id = await campaigns.id_of(connection, caller, campaign_uuid)
        return await filter_of(connection, caller, [campaign_id], query)


async def _of_list(
    runtime: Runtime, caller: Caller, list_uuid: UUID, query: EventQuery
) -> EventFilter | None:
    async with runtime.database.reading() as connection:
        row = await lists.get(connection, caller.tenant_id, list_uuid)
        if row is None:
            raise NotFound("There is no such list.")
        ids = await store.campaigns_of_list(connection, caller.tenant_id, row["id"])
        return await filter_of(connection, caller, ids, query)


async def _page(
    runtime: Runtime,
    caller: Caller,
    wanted: EventFilter | None,
    page: Page,
    cursor: str | None,
    descending: bool,
    with_total: bool,
) -> EventPage:
    place = _place(cursor)
    if wanted is None:
        return EventPage([], page.per_page, None, None, 0 if with_total else None)
    wanted = await _settled(runtime, wanted)
    going_back = cursor is not None and cursor.startswith("b")
    async with runtime.database.reading() as connection:
        rows = await store.page(
            connection,
            caller.tenant_id,
            wanted,
            limit=page.per_page + 1,
            offset=0 if place else page.offset,
            descending=descending != going_back,
            **_limits(place, upwards=descending == going_back),
        )
        total = await store.count(connection, caller.tenant_id, wanted) if with_total else None
    more = len(rows) > page.per_page
    shown = list(rows[: page.per_page])
    if going_back:
        shown.reverse()
    is_first = (going_back and not more) or (not place and page.number == 1)
    has_next = going_back or more
    return EventPage(
        [view_of(row) for row in shown],
        page.per_page,
        f"a{shown[-1]['id']}" if shown and has_next else None,
        f"b{shown[0]['id']}" if shown and not is_first else None,
        total,
    )


async def _settled(runtime: Runtime, wanted: EventFilter) -> EventFilter:
    async with runtime.database.raw() as connection:
        return replace(wanted, up_to=await store.settled(connection))


async def _totals(runtime: Runtime, caller: Caller, wanted: EventFilter | None) -> list[EventTotal]:
    if wanted is None or not wanted.campaign_ids:
        return []
    wanted = await _settled(runtime, wanted)
    async with runtime.database.reading() as connection:
        rows = await store.totals(connection, caller.tenant_id, wanted)
    found: dict[tuple[EventKind, BounceKind | None], int] = {}
    for row in rows:
        key = kind_of(row["kind"], row["reason"])
        found[key] = found.get(key, 0) + row["occurrences"]
    return [EventTotal(*key, occurrences) for key, occurrences in found.items()]


def _place(cursor: str | None) -> int | None:
    """The id in `a17` (after it, in the order of the log) or `b17` (before it)."""
    if not cursor:
        return None
    way, digits = cursor[0], cursor[1:]
    if way not in "ab" or not (digits.isascii() and digits.isdigit() and len(digits) <= 18):
        raise InvalidInput.field("cursor", "Use a cursor as it was given.")
    return int(digits)


def _limits(place: int | None, *, upwards: bool) -> Mapping[str, int]:
    if place is None:
        return {}
    return {"after_id": place} if upwards else {"before_id": place}
