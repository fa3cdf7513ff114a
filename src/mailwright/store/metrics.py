"""Numbers of the whole installation for whoever watches it; cheap enough to ask every 15 s."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.store.rows import Row, every, only
from mailwright.store.tables import batches, campaigns, messages, projects

_OUTCOMES = ("sent", "deferred", "bounced", "failed", "skipped", "canceled")


async def campaigns_by_state(connection: AsyncConnection) -> dict[str, int]:
    """How many campaigns are in each state."""
    rows = await every(
        connection,
        select(campaigns.c.state, func.count().label("count")).group_by(campaigns.c.state),
    )
    return {row["state"]: row["count"] for row in rows}


async def outcomes(connection: AsyncConnection) -> Row:
    """Outcomes since the beginning, added up from the batches and never from the ledger."""
    sums = [func.coalesce(func.sum(batches.c[outcome]), 0).label(outcome) for outcome in _OUTCOMES]
    return await only(connection, select(*sums))


async def waiting(connection: AsyncConnection) -> Row:
    """Rows waiting in unfinished batches, leased batches, and due retries."""
    unfinished = batches.c.state != "done"
    queued = func.coalesce(func.sum(batches.c.message_count), 0).label("queued")
    leased = func.count().filter(batches.c.state == "leased").label("leased_batches")
    retries = (
        select(func.count()).where(messages.c.next_attempt_at.is_not(None)).scalar_subquery()
    ).label("retries")
    return await only(connection, select(queued, leased, retries).where(unfinished))


async def outages(connection: AsyncConnection) -> int:
    """How many transports refuse us right now."""
    statement = select(func.count()).where(projects.c.outage_since.is_not(None))
    return (await connection.execute(statement)).scalar_one()
