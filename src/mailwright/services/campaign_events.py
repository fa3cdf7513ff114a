"""The activity log of a campaign, or of all campaigns of a list: who did what, and when.

It is read oldest first, unless asked otherwise, because that is the order in which it grows: a walk
through its pages shows each row once while mails are sent and opened. Walking by cursor is as cheap
at the end as at the start, in both directions.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.bounce_kind import KINDS, BounceKind, bounce_kind
from mailwright.domain.email_address import EmailAddress
from mailwright.domain.email_event import EventKind
from mailwright.domain.hit_verdict import MACHINES
from mailwright.errors import InvalidInput, NotFound
from mailwright.services import campaigns
from mailwright.services.caller import Caller
from mailwright.services.paging import Page
from mailwright.services.runtime import Runtime
from mailwright.store import campaign_events as store
from mailwright.store import campaign_links, contacts, lists
from mailwright.store.campaign_events import EventFilter
from mailwright.store.rows import Row

_NOBODY = 0  # ids count from 1


@dataclass(frozen=True, slots=True)
class EventQuery:
    """What is asked of a log; None or empty: whatever.

    `since` is the first moment, `until` the first no longer. `firsts`: of each kind the first of a
    person only; `by_person`: one row for each person. `bounces` narrows the kind `bounced`.
    """

    kinds: Collection[EventKind] = ()
    bounces: Collection[BounceKind] = ()
    contact_uuid: UUID | None = None
    email: str | None = None
    link_uuid: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None
    firsts: bool = False
    by_person: bool = False
    event_id: int | None = None
    first_id: int | None = None
    last_id: int | None = None


@dataclass(frozen=True, slots=True)
class EventView:
    """One row of a log. `occurrences`: how many it stands for, 1 but for `firsts`, `by_person`.

    `reason` and `reply` tell of a bounce, a failure or a skip; `agent` and `is_machine` of an open
    or a click. `contact_uuid` is null once the contact is gone.
    """

    id: int
    at: datetime
    kind: EventKind
    bounce: BounceKind | None
    campaign_id: int
    contact_id: int
    contact_uuid: UUID | None
    email: str
    occurrences: int
    reason: str | None
    reply: str | None
    link_uuid: UUID | None
    url: str | None
    agent: str | None
    is_machine: bool


#: The columns of an exported log.
EXPORTED = (
    "event_id",
    "at",
    "kind",
    "bounce",
    "email",
    "contact_uuid",
    "occurrences",
    "url",
    "reason",
    "reply",
    "agent",
    "is_machine",
)


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
    """A campaign's log as it is now, to be kept and read later by `stored_filter`."""
    caller.require("campaigns:read")
    return await _stored(runtime, await _of_campaign(runtime, caller, campaign_uuid, query))


async def log_of_list(
    runtime: Runtime, caller: Caller, list_uuid: UUID, query: EventQuery
) -> dict[str, Any]:
    """The same for all campaigns that went to a list."""
    caller.require("lists:read")
    caller.require("campaigns:read")
    return await _stored(runtime, await _of_list(runtime, caller, list_uuid, query))


async def _stored(runtime: Runtime, wanted: EventFilter | None) -> dict[str, Any]:
    wanted = await _settled(runtime, wanted or EventFilter((), 0))
    kept = {field.name: getattr(wanted, field.name) for field in fields(wanted)}
    for name in ("since", "until"):
        kept[name] = kept[name] and kept[name].isoformat()
    return kept


def stored_filter(kept: Mapping[str, Any]) -> EventFilter:
    """What `log_of_campaign` or `log_of_list` made, after it was kept as JSON."""
    names = {field.name for field in fields(EventFilter)}
    values = {name: value for name, value in kept.items() if name in names}
    for name in ("since", "until"):
        values[name] = datetime.fromisoformat(values[name]) if values.get(name) else None
    values["link"] = tuple(values["link"]) if values.get("link") else None
    return EventFilter(**values)


def cells(row: Row) -> list[Any]:
    """A row of the log in the columns EXPORTED."""
    view = _view(row)
    return [view.id, *(getattr(view, name) for name in EXPORTED[1:])]


async def _of_campaign(
    runtime: Runtime, caller: Caller, campaign_uuid: UUID, query: EventQuery
) -> EventFilter | None:
    async with runtime.database.reading() as connection:
        campaign_id = await campaigns.id_of(connection, caller, campaign_uuid)
        return await _filter(connection, caller, [campaign_id], query)


async def _of_list(
    runtime: Runtime, caller: Caller, list_uuid: UUID, query: EventQuery
) -> EventFilter | None:
    async with runtime.database.reading() as connection:
        row = await lists.get(connection, caller.tenant_id, list_uuid)
        if row is None:
            raise NotFound("There is no such list.")
        ids = await store.campaigns_of_list(connection, caller.tenant_id, row["id"])
        return await _filter(connection, caller, ids, query)


async def _filter(
    connection: AsyncConnection, caller: Caller, campaign_ids: Sequence[int], query: EventQuery
) -> EventFilter | None:
    """The query in our ids; None: nothing can fit."""
    contact_id = await _contact_id(connection, caller, query)
    link = None
    if query.link_uuid is not None:
        found = await campaign_links.get(connection, caller.tenant_id, query.link_uuid)
        if found is None or found["campaign_id"] not in campaign_ids:
            return None
        link = found["campaign_id"], found["number"]
    return EventFilter(
        campaign_ids=campaign_ids,
        up_to=0,
        kinds=_kinds(query),
        contact_id=contact_id,
        link=link,
        since=query.since,
        until=query.until,
        firsts=query.firsts,
        by_person=query.by_person,
        event_id=query.event_id,
        from_id=query.first_id,
        to_id=query.last_id,
        **_reasons(query.bounces),
    )


def _kinds(query: EventQuery) -> Collection[str] | None:
    kinds = {str(kind) for kind in query.kinds}
    if query.bounces:
        kinds.add(str(EventKind.BOUNCED))
    if query.link_uuid is not None:
        kinds = kinds or {str(EventKind.CLICKED)}
    return sorted(kinds) or None


def _reasons(bounces: Collection[BounceKind]) -> dict[str, Any]:
    """`soft` is whatever no other kind claims."""
    if not bounces:
        return {}
    if BounceKind.SOFT in bounces:
        return {"other_than": [rule for rule, kind in KINDS.items() if kind not in bounces]}
    return {"reasons": [rule for rule, kind in KINDS.items() if kind in bounces]}


async def _contact_id(connection: AsyncConnection, caller: Caller, query: EventQuery) -> int | None:
    tenant_id = caller.tenant_id
    if query.contact_uuid is not None:
        row = await contacts.get(connection, tenant_id, query.contact_uuid)
        return row["id"] if row else _NOBODY
    if query.email is None:
        return None
    try:
        key = EmailAddress.parse(query.email).key
    except InvalidInput:
        return _NOBODY
    return await contacts.id_of_address(connection, tenant_id, key) or _NOBODY


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
        [_view(row) for row in shown],
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
        key = _kind_of(row["kind"], row["reason"])
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


def _kind_of(kind: str, reason: str | None) -> tuple[EventKind, BounceKind | None]:
    found = EventKind(kind)
    return found, bounce_kind(reason) if found is EventKind.BOUNCED else None


def _view(row: Row) -> EventView:
    data = row["data"]
    kind, bounce = _kind_of(row["kind"], data.get("reason"))
    return EventView(
        id=row["id"],
        at=row["at"],
        kind=kind,
        bounce=bounce,
        campaign_id=row["campaign_id"],
        contact_id=row["contact_id"] or _NOBODY,
        contact_uuid=row["contact_uuid"],
        email=row["email"] or "",
        occurrences=row["occurrences"],
        reason=data.get("reason"),
        reply=data.get("reply"),
        link_uuid=row["link_uuid"],
        url=data.get("url") or row["link_url"],
        agent=data.get("agent"),
        is_machine=data.get("verdict") in MACHINES,
    )
