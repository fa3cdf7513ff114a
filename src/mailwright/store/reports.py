"""The figures of a campaign: fan-out, sums over its batches, counters, links. Never the ledger."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, bindparam, cast, func, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.store.batches import COUNTS
from mailwright.store.database import Connection
from mailwright.store.prepared import Prepared
from mailwright.store.rows import Row, every
from mailwright.store.tables import batches, campaigns, fan_outs
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


_FIGURES = Prepared(
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
    .where(campaigns.c.tenant_id == bindparam("tenant_id"), campaigns.c.uuid == bindparam("uuid"))
)


async def figures(connection: Connection, tenant_id: int, campaign_uuid: uuid.UUID) -> Row | None:
    """State and times of a campaign with all its figures by name, zeros where there are none yet.

    What is still queued is `queued_count` less all of COUNTS but `possibly_repeated`.
    """
    return await _FIGURES.one(connection, tenant_id=tenant_id, uuid=campaign_uuid)


async def page_of_links(
    connection: AsyncConnection, tenant_id: int, campaign_id: int, *, limit: int, offset: int
) -> tuple[Sequence[Row], int]:
    """The links of a campaign's mails, most clicked first, and how many there are in all."""
    mine = (links.c.tenant_id == tenant_id) & (links.c.campaign_id == campaign_id)
    found = (
        select(links.c.uuid, links.c.url, links.c.clicks, links.c.unique_clicks)
        .where(mine)
        .order_by(links.c.clicks.desc(), links.c.number)
        .limit(limit)
        .offset(offset)
    )
    total = select(func.count()).select_from(links).where(mine)
    return await every(connection, found), (await connection.execute(total)).scalar_one()
