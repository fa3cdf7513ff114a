"""The figures of a campaign: fan-out, sums over its batches, counters, links. Never the ledger."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    bindparam,
    case,
    cast,
    func,
    select,
    true,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.store.batches import COUNTS
from mailwright.store.campaign_events import is_no_send
from mailwright.store.database import Connection
from mailwright.store.prepared import Prepared
from mailwright.store.rows import AnySelect, Row, every, only
from mailwright.store.tables import (
    batches,
    campaigns,
    contacts,
    emails,
    events,
    fan_outs,
    list_members,
    lists,
    messages,
    suppressions,
)
from mailwright.store.tables import campaign_counters as counters
from mailwright.store.tables import campaign_links as links

PEOPLE = (
    "opened",
    "opens",
    "clicked",
    "clicks",
    "unsubscribed",
    "complained",
    "bounced_later",
    "auto_replies",
)
PEOPLE_STATES = ("active", "pending", "unsubscribed", "invalid", "flagged")
_FAN_OUT = ("audience_count", "queued_count", "skipped_count")

_sums = (
    select(
        *(
            cast(func.coalesce(func.sum(batches.c[name]), 0), BigInteger).label(name)
            for name in COUNTS
        )
    )
    .where(batches.c.tenant_id == campaigns.c.tenant_id, batches.c.campaign_id == campaigns.c.id)
    .lateral("sums")
)


def _of_campaign(table: Any) -> ColumnElement[bool]:
    return (table.c.tenant_id == campaigns.c.tenant_id) & (table.c.campaign_id == campaigns.c.id)


_ONE: AnySelect = (
    select(
        campaigns.c.id,
        campaigns.c.state,
        campaigns.c.started_at,
        campaigns.c.finished_at,
        *(func.coalesce(fan_outs.c[name], 0).label(name) for name in _FAN_OUT),
        *(func.coalesce(counters.c[name], 0).label(name) for name in PEOPLE),
        *_sums.c,
    )
    .select_from(campaigns)
    .join(_sums, true())
    .outerjoin(fan_outs, _of_campaign(fan_outs))
    .outerjoin(counters, _of_campaign(counters))
)
_FIGURES = Prepared(
    _ONE.where(
        campaigns.c.tenant_id == bindparam("tenant_id"), campaigns.c.uuid == bindparam("uuid")
    )
)


async def figures(connection: Connection, tenant_id: int, campaign_uuid: uuid.UUID) -> Row | None:
    """State and times of a campaign with all its figures by name, zeros where there are none yet.

    What is still queued is `queued_count` less all of COUNTS but `possibly_repeated`.
    """
    return await _FIGURES.one(connection, tenant_id=tenant_id, uuid=campaign_uuid)


async def page_of_figures(
    connection: AsyncConnection, tenant_id: int, *, after_id: int, up_to: int, limit: int
) -> Sequence[Row]:
    """Figures, names and subjects of campaigns in the order in which they were made."""
    c = campaigns.c
    found = _ONE.add_columns(c.uuid, c.name, c.subject, c.updated_at)
    mine = (c.tenant_id == tenant_id) & (c.id > after_id) & (c.id <= up_to)
    return await every(connection, found.where(mine).order_by(c.id).limit(limit))


async def figures_of(
    connection: AsyncConnection, tenant_id: int, campaign_uuids: Sequence[uuid.UUID]
) -> Sequence[Row]:
    """The figures of these campaigns, as `figures`, each with its `uuid`."""
    mine = (campaigns.c.tenant_id == tenant_id) & campaigns.c.uuid.in_(campaign_uuids)
    return await every(connection, _ONE.add_columns(campaigns.c.uuid).where(mine))


async def count_campaigns(
    connection: AsyncConnection, tenant_id: int, *, up_to: int | None = None
) -> int:
    """How many campaigns there are, up to an id."""
    mine = campaigns.c.tenant_id == tenant_id
    if up_to is not None:
        mine &= campaigns.c.id <= up_to
    statement = select(func.count()).select_from(campaigns).where(mine)
    return (await connection.execute(statement)).scalar_one()


async def last_campaign(connection: AsyncConnection, tenant_id: int) -> int:
    """The id of the newest campaign, 0 while there is none."""
    statement = select(func.coalesce(func.max(campaigns.c.id), 0))
    return (
        await connection.execute(statement.where(campaigns.c.tenant_id == tenant_id))
    ).scalar_one()


#: What links may be sorted by.
LINK_SORTS = {
    "clicks": links.c.clicks,
    "unique_clicks": links.c.unique_clicks,
    "url": links.c.url,
    "number": links.c.number,
}


async def page_of_links(
    connection: AsyncConnection,
    tenant_id: int,
    campaign_id: int,
    *,
    sort: str = "clicks",
    descending: bool = True,
    limit: int,
    offset: int,
) -> tuple[Sequence[Row], int]:
    """The links of a campaign's mails, and how many there are in all."""
    mine = (links.c.tenant_id == tenant_id) & (links.c.campaign_id == campaign_id)
    order = LINK_SORTS[sort]
    found = (
        select(links.c.id, links.c.uuid, links.c.url, links.c.clicks, links.c.unique_clicks)
        .where(mine)
        .order_by(order.desc() if descending else order, links.c.number)
        .limit(limit)
        .offset(offset)
    )
    total = select(func.count()).select_from(links).where(mine)
    return await every(connection, found), (await connection.execute(total)).scalar_one()


async def sums(
    connection: AsyncConnection,
    tenant_id: int,
    *,
    list_id: int | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Row:
    """The figures of many campaigns together: of a list, or begun between two moments.

    `campaigns` is how many they are.
    """
    mine = [campaigns.c.tenant_id == tenant_id, campaigns.c.started_at.is_not(None)]
    if list_id is not None:
        mine.append(campaigns.c.list_id == list_id)
    if since is not None:
        mine.append(campaigns.c.started_at >= since)
    if until is not None:
        mine.append(campaigns.c.started_at < until)
    totals = (
        cast(func.coalesce(func.sum(column), 0), BigInteger).label(column.name)
        for column in (*_sums.c, *(counters.c[name] for name in PEOPLE))
    )
    statement = (
        select(func.count().label("campaigns"), *totals)
        .select_from(campaigns)
        .join(_sums, true())
        .outerjoin(counters, _of_campaign(counters))
        .where(*mine)
    )
    return await only(connection, statement)


async def bounces(
    connection: AsyncConnection,
    tenant_id: int,
    reasons: Collection[str],
    *,
    since: datetime | None = None,
    until: datetime | None = None,
) -> int:
    """How many mails of the campaigns begun then bounced for one of these reasons."""
    mine = [campaigns.c.tenant_id == tenant_id, campaigns.c.started_at.is_not(None)]
    if since is not None:
        mine.append(campaigns.c.started_at >= since)
    if until is not None:
        mine.append(campaigns.c.started_at < until)
    each = (
        select(func.count().label("bounces"))
        .where(
            events.c.tenant_id == tenant_id,
            events.c.campaign_id == campaigns.c.id,
            events.c.kind == "bounced",
            is_no_send(events),
            events.c.data["reason"].astext.in_(reasons),
        )
        .lateral("each")
    )
    total = cast(func.coalesce(func.sum(each.c.bounces), 0), BigInteger)
    statement = select(total).select_from(campaigns.join(each, true())).where(*mine)
    return (await connection.execute(statement)).scalar_one()


async def implied_opens(connection: AsyncConnection, tenant_id: int, campaign_id: int) -> int:
    """How many opens are known by a click only: whoever clicked has read."""
    statement = select(func.count()).where(
        events.c.tenant_id == tenant_id,
        events.c.campaign_id == campaign_id,
        events.c.kind == "opened",
        is_no_send(events),
        events.c.data.has_key("implied_by"),
    )
    return (await connection.execute(statement)).scalar_one()


async def people_of_list(connection: AsyncConnection, tenant_id: int, list_id: int) -> Row:
    """How many people of a list are `active`, `pending`, `unsubscribed`, `invalid`, `flagged`.

    `invalid`: their address bounced; `flagged`: they complained. Such people are mailed no more,
    so they are not active.
    """
    gone = (
        select(suppressions.c.email_key, func.min(suppressions.c.reason).label("reason"))
        .where(
            suppressions.c.tenant_id == tenant_id,
            suppressions.c.reason.in_(("bounce", "complaint")),
        )
        .group_by(suppressions.c.email_key)
        .subquery("gone")
    )
    state = case(
        (gone.c.reason == "bounce", "invalid"),
        (gone.c.reason == "complaint", "flagged"),
        (list_members.c.state == "unsubscribed", "unsubscribed"),
        (contacts.c.consent == "unsubscribed", "unsubscribed"),
        (list_members.c.state == "unconfirmed", "pending"),
        (contacts.c.consent == "unconfirmed", "pending"),
        else_="active",
    )
    people = (
        select(state.label("state"))
        .select_from(list_members)
        .join(
            contacts,
            (contacts.c.tenant_id == list_members.c.tenant_id)
            & (contacts.c.id == list_members.c.contact_id),
        )
        .outerjoin(gone, gone.c.email_key == contacts.c.email_key)
        .where(list_members.c.tenant_id == tenant_id, list_members.c.list_id == list_id)
        .subquery("people")
    )
    counted = (func.count().filter(people.c.state == name).label(name) for name in PEOPLE_STATES)
    return await only(connection, select(*counted).select_from(people))


async def people_of_tenant(connection: AsyncConnection, tenant_id: int) -> Row:
    """`active`: contacts who may be mailed; `lists`: how many lists there are."""
    active = (
        select(func.count())
        .select_from(contacts)
        .where(contacts.c.tenant_id == tenant_id, contacts.c.consent == "subscribed")
    )
    there = (
        select(func.count())
        .select_from(lists)
        .where(lists.c.tenant_id == tenant_id, lists.c.state == "active")
    )
    return await only(
        connection,
        select(active.scalar_subquery().label("active"), there.scalar_subquery().label("lists")),
    )


async def single_mails(
    connection: AsyncConnection,
    tenant_id: int,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Row:
    """`submitted` and `delivered` of mails without a campaign."""
    mine = [emails.c.tenant_id == tenant_id]
    if since is not None:
        mine.append(messages.c.created_at >= since)
    if until is not None:
        mine.append(messages.c.created_at < until)
    statement = (
        select(
            func.count().label("submitted"),
            func.count().filter(messages.c.state == "sent").label("delivered"),
        )
        .select_from(emails)
        .join(
            messages,
            (messages.c.tenant_id == emails.c.tenant_id) & (messages.c.id == emails.c.message_id),
        )
        .where(*mine)
    )
    return await only(connection, statement)
