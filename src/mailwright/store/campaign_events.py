"""The log of campaigns: what happened to each recipient, in the order it was written down.

Events are only ever added, so a log read by their ids never shows one twice; and `settled` waits
for whoever is writing at that moment, so that none appears later between those already shown. Pages
are found in an index by id, whose leading columns are what one can ask for; how far down a page
begins costs a walk along that index and no look at the rows before it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    and_,
    func,
    literal,
    literal_column,
    select,
    true,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.email_event import EventKind
from mailwright.store.database import Connection
from mailwright.store.rows import AnySelect, Row, every
from mailwright.store.tables import campaign_links, campaigns, contacts, events, messages

#: How long a reader waits for writers of that moment. They take milliseconds; one that takes longer
#: than this (a database in trouble) may yet write an event between two that were shown.
SETTLE_SECONDS = 1.0
_LOOK_SECONDS = 0.004

# In this order: whoever has taken an id up to the first answer is among the second, or is done.
_LAST_ID = "SELECT last_value FROM events_id_seq"
_WRITERS = """
SELECT virtualtransaction FROM pg_locks
WHERE locktype = 'relation' AND relation = 'events'::regclass AND mode = 'RowExclusiveLock'
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND pid <> pg_backend_pid()
"""


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events; None: whatever.

    `since` is the first moment, `until` the first no longer. `firsts`: of each kind only the first
    of a person (of a link, where one is asked for); `by_person`: one for each person, their first.
    `up_to`: ids to this one, from `settled`.
    """

    campaign_ids: Sequence[int]
    up_to: int
    kinds: Collection[str] | None = None
    reasons: Collection[str] | None = None
    other_than: Collection[str] | None = None  # reasons
    contact_id: int | None = None
    link: tuple[int, int] | None = None  # the campaign's id and the link's number
    since: datetime | None = None
    until: datetime | None = None
    firsts: bool = False
    by_person: bool = False
    event_id: int | None = None
    from_id: int | None = None
    to_id: int | None = None


async def settled(connection: Connection) -> int:
    """The id up to which every event that will ever be there is there."""
    last = await connection.fetchval(_LAST_ID)
    before = {row["virtualtransaction"] for row in await connection.fetch(_WRITERS)}
    for _ in range(round(SETTLE_SECONDS / _LOOK_SECONDS)):
        if not before:
            break
        await asyncio.sleep(_LOOK_SECONDS)
        before &= {row["virtualtransaction"] for row in await connection.fetch(_WRITERS)}
    return last


async def page(
    connection: AsyncConnection,
    tenant_id: int,
    wanted: EventFilter,
    *,
    limit: int,
    offset: int = 0,
    after_id: int | None = None,
    before_id: int | None = None,
    descending: bool = False,
) -> Sequence[Row]:
    """Events by id, each with its person, its link and `occurrences`."""
    e = events.alias("e")
    limits: list[ColumnElement[bool]] = []
    if after_id is not None:
        limits.append(e.c.id > after_id)
    if before_id is not None:
        limits.append(e.c.id < before_id)
    order = e.c.id.desc() if descending else e.c.id
    picked = _picked(tenant_id, wanted, e, limits, order, limit + offset)
    found = picked.order_by(order).limit(limit).offset(offset).cte("picked")
    shown = _shown(tenant_id, wanted, found)
    return await every(connection, shown.order_by(found.c.id.desc() if descending else found.c.id))


async def count(connection: AsyncConnection, tenant_id: int, wanted: EventFilter) -> int:
    """How many there are in all."""
    e = events.alias("e")
    statement = select(func.count()).select_from(e).where(*_conditions(tenant_id, wanted, e))
    return (await connection.execute(statement)).scalar_one()


async def totals(connection: AsyncConnection, tenant_id: int, wanted: EventFilter) -> Sequence[Row]:
    """How many there are of each `kind` and `reason`."""
    e = events.alias("e")
    reason = e.c.data["reason"].astext.label("reason")
    statement = (
        select(e.c.kind, reason, func.count().label("occurrences"))
        .where(*_conditions(tenant_id, wanted, e))
        .group_by(e.c.kind, reason)
        .order_by(e.c.kind, reason)
    )
    return await every(connection, statement)


async def campaigns_of_list(
    connection: AsyncConnection, tenant_id: int, list_id: int
) -> Sequence[int]:
    """The campaigns that go to a list, in the order they were made."""
    statement = (
        select(campaigns.c.id)
        .where(campaigns.c.tenant_id == tenant_id, campaigns.c.list_id == list_id)
        .order_by(campaigns.c.id)
    )
    return [row["id"] for row in await every(connection, statement)]


def _picked(
    tenant_id: int,
    wanted: EventFilter,
    e: Any,
    limits: Sequence[ColumnElement[bool]],
    order: ColumnElement[Any],
    most: int,
) -> AnySelect:
    """The ids that fit. Of several campaigns each gives as many as could be shown, by its index."""
    if len(wanted.campaign_ids) == 1 or wanted.contact_id is not None:
        return select(e.c.id, e.c.campaign_id).where(*_conditions(tenant_id, wanted, e), *limits)
    asked = (
        func.unnest(literal(list(wanted.campaign_ids), ARRAY(BigInteger)))
        .table_valued("campaign_id")
        .render_derived("asked")
    )
    conditions = _conditions(tenant_id, wanted, e, campaign=e.c.campaign_id == asked.c.campaign_id)
    each = select(e.c.id, e.c.campaign_id).where(*conditions, *limits).order_by(order).limit(most)
    found = each.lateral("e")
    picked = select(found.c.id, found.c.campaign_id).select_from(asked.join(found, true()))
    return select(picked.subquery("e"))


def _conditions(
    tenant_id: int, wanted: EventFilter, e: Any, *, campaign: ColumnElement[bool] | None = None
) -> list[ColumnElement[bool]]:
    ids = wanted.campaign_ids
    named = e.c.campaign_id == ids[0] if len(ids) == 1 else e.c.campaign_id.in_(ids)
    found: list[ColumnElement[bool]] = [
        e.c.tenant_id == tenant_id,
        named if campaign is None else campaign,
        e.c.id <= wanted.up_to,
    ]
    if wanted.event_id is not None:
        found.append(e.c.id == wanted.event_id)
    if wanted.from_id is not None:
        found.append(e.c.id >= wanted.from_id)
    if wanted.to_id is not None:
        found.append(e.c.id <= wanted.to_id)
    found += _facts(tenant_id, wanted, e)
    if wanted.firsts or wanted.by_person:
        found.append(~_has_earlier(tenant_id, wanted, e))
    return found


def _facts(tenant_id: int, wanted: EventFilter, e: Any) -> list[ColumnElement[bool]]:
    """What is asked of the event itself."""
    found: list[ColumnElement[bool]] = []
    if wanted.kinds is not None:
        kinds = list(wanted.kinds)
        found.append(e.c.kind == kinds[0] if len(kinds) == 1 else e.c.kind.in_(kinds))
        if EventKind.SENT not in kinds:
            found.append(is_no_send(e))
    reason = func.coalesce(e.c.data["reason"].astext, "")
    if wanted.reasons is not None:
        found.append(reason.in_(wanted.reasons))
    if wanted.other_than is not None:
        found.append(reason.not_in(wanted.other_than))
    if wanted.contact_id is not None:
        found.append(e.c.message_id.in_(_their_messages(tenant_id, wanted)))
    if wanted.link is not None:
        campaign_id, number = wanted.link
        found += [e.c.campaign_id == campaign_id, e.c.data["link"].astext == str(number)]
    if wanted.since is not None:
        found.append(e.c.at >= wanted.since)
    if wanted.until is not None:
        found.append(e.c.at < wanted.until)
    return found


def is_no_send(e: Any) -> ColumnElement[bool]:
    """Says again what a kind says already, in the words of the index that leaves `sent` out."""
    return e.c.kind != literal_column("'sent'")


def _their_messages(tenant_id: int, wanted: EventFilter) -> AnySelect:
    return select(messages.c.id).where(
        messages.c.tenant_id == tenant_id,
        messages.c.campaign_id.in_(wanted.campaign_ids),
        messages.c.contact_id == wanted.contact_id,
    )


def _of_the_same(tenant_id: int, wanted: EventFilter, e: Any, other: Any) -> list[Any]:
    """What makes `other` an event that is shown together with `e`."""
    found = [other.c.tenant_id == tenant_id, other.c.message_id == e.c.message_id]
    if not wanted.by_person:
        found.append(other.c.kind == e.c.kind)
    return [*found, *_facts(tenant_id, wanted, other)]


def _has_earlier(tenant_id: int, wanted: EventFilter, e: Any) -> ColumnElement[bool]:
    p = events.alias("p")
    mine = _of_the_same(tenant_id, wanted, e, p)
    return select(1).where(*mine, p.c.id < e.c.id).correlate(e).exists()


def _shown(tenant_id: int, wanted: EventFilter, found: Any) -> AnySelect:
    f = events.alias("f")
    occurrences: ColumnElement[Any] = literal(1)
    if wanted.firsts or wanted.by_person:
        o = events.alias("o")
        same = [*_of_the_same(tenant_id, wanted, f, o), o.c.id <= wanted.up_to]
        counted = select(func.count()).select_from(o).where(*same).correlate(f)
        occurrences = counted.scalar_subquery()
    links = campaign_links
    number = f.c.data["link"].astext
    return (
        select(
            f.c.id,
            f.c.at,
            f.c.kind,
            f.c.message_id,
            f.c.campaign_id,
            f.c.contact_id,
            f.c.data,
            messages.c.email,
            contacts.c.uuid.label("contact_uuid"),
            links.c.uuid.label("link_uuid"),
            links.c.url.label("link_url"),
            occurrences.label("occurrences"),
        )
        .select_from(found)
        .join(
            f,
            and_(
                f.c.tenant_id == tenant_id,
                f.c.campaign_id == found.c.campaign_id,
                f.c.id == found.c.id,
            ),
        )
        .outerjoin(messages, _is(messages, tenant_id, f.c.message_id))
        .outerjoin(contacts, _is(contacts, tenant_id, f.c.contact_id))
        .outerjoin(
            links,
            and_(
                links.c.tenant_id == tenant_id,
                links.c.campaign_id == f.c.campaign_id,
                links.c.number == func.cast(number, links.c.number.type),
            ),
        )
    )


def _is(table: Any, tenant_id: int, wanted_id: ColumnElement[Any]) -> ColumnElement[bool]:
    return and_(table.c.tenant_id == tenant_id, table.c.id == wanted_id)
