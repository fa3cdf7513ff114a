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
    """Outcomes of campaigns since the beginning, added up from the batches, never from the ledger.

    Those of single mails are not among them: their batches are gone when they are through.
    """
    sums = [func.coalesce(func.sum(batches.c[outcome]), 0).label(outcome) for outcome in _OUTCOMES]
    return await only(connection, select(*sums).where(batches.c.lane.is_(None)))


async def waiting(connection: AsyncConnection) -> Row:
    """Rows waiting in unfinished batches, leased batches, retries, and single mails."""
    unfinished = batches.c.state != "done"
    waits = messages.c.next_attempt_at.is_not(None)
    queued = func.coalesce(func.sum(batches.c.message_count), 0).label("queued")
    leased = func.count().filter(batches.c.state == "leased").label("leased_batches")
    retries = select(func.count()).where(waits, messages.c.lane.is_(None))
    singles = select(func.count()).where(waits, messages.c.lane.is_not(None))
    found = select(
        queued,
        leased,
        retries.scalar_subquery().label("retries"),
        singles.scalar_subquery().label("single_mails"),
    )
    return await only(connection, found.where(unfinished))


async def outages(connection: AsyncConnection) -> int:
    """How many transports refuse us right now."""
    statement = select(func.count()).where(projects.c.outage_since.is_not(None))
    return (await connection.execute(statement)).scalar_one()
