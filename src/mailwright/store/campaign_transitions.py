"""The history of campaigns: which event, from where to where, who, when, through which door."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.store.rows import Row, every
from mailwright.store.tables import campaign_transitions


async def add(
    connection: AsyncConnection, tenant_id: int, campaign_id: int, values: Mapping[str, object]
) -> None:
    """Writes one step down."""
    await connection.execute(
        insert(campaign_transitions).values(tenant_id=tenant_id, campaign_id=campaign_id, **values)
    )


async def page(
    connection: AsyncConnection, tenant_id: int, campaign_id: int, *, limit: int, offset: int
) -> tuple[Sequence[Row], int]:
    """The steps of a campaign, newest first, and how many there are in all."""
    table = campaign_transitions
    mine = (table.c.tenant_id == tenant_id) & (table.c.campaign_id == campaign_id)
    found = select(table).where(mine).order_by(table.c.id.desc()).limit(limit).offset(offset)
    total = select(func.count()).select_from(table).where(mine)
    return await every(connection, found), (await connection.execute(total)).scalar_one()
