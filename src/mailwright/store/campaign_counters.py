"""What people did with a campaign's mails, added up while it happened."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.store.rows import Row, every, maybe_one
from mailwright.store.tables import campaign_counters as counters
from mailwright.store.tables import campaign_links as links

NAMES = ("opened", "opens", "clicked", "clicks", "unsubscribed", "complained", "bounced_later")


async def get(connection: AsyncConnection, tenant_id: int, campaign_id: int) -> dict[str, int]:
    """The counters by name; zeros while nothing has happened."""
    statement = select(*(counters.c[name] for name in NAMES)).where(
        counters.c.tenant_id == tenant_id, counters.c.campaign_id == campaign_id
    )
    row = await maybe_one(connection, statement)
    return dict(row) if row is not None else dict.fromkeys(NAMES, 0)


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
