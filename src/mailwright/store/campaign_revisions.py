"""What campaigns said each time their words were saved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.store.rows import Row, every, maybe_one
from mailwright.store.tables import campaign_revisions as revisions

_CONDENSED = ("number", "subject", "kind", "actor", "door", "saved_at")


async def add(
    connection: AsyncConnection, tenant_id: int, campaign_id: int, values: Mapping[str, object]
) -> None:
    """Writes a revision down. The campaign's row is held: numbers are given one by one."""
    await connection.execute(
        insert(revisions).values(tenant_id=tenant_id, campaign_id=campaign_id, **values)
    )


async def last(connection: AsyncConnection, tenant_id: int, campaign_id: int) -> Row | None:
    """`number` and `digest` of the newest."""
    statement = (
        select(revisions.c.number, revisions.c.digest)
        .where(revisions.c.tenant_id == tenant_id, revisions.c.campaign_id == campaign_id)
        .order_by(revisions.c.number.desc())
        .limit(1)
    )
    return await maybe_one(connection, statement)


async def get(
    connection: AsyncConnection, tenant_id: int, campaign_id: int, number: int
) -> Row | None:
    """One revision in full, or None."""
    statement = select(revisions).where(
        revisions.c.tenant_id == tenant_id,
        revisions.c.campaign_id == campaign_id,
        revisions.c.number == number,
    )
    return await maybe_one(connection, statement)


async def page(
    connection: AsyncConnection, tenant_id: int, campaign_id: int, *, limit: int, offset: int
) -> tuple[Sequence[Row], int]:
    """Revisions without what they say, newest first, and how many there are in all."""
    mine = (revisions.c.tenant_id == tenant_id) & (revisions.c.campaign_id == campaign_id)
    found = (
        select(*(revisions.c[name] for name in _CONDENSED))
        .where(mine)
        .order_by(revisions.c.number.desc())
        .limit(limit)
        .offset(offset)
    )
    total = select(func.count()).select_from(revisions).where(mine)
    return await every(connection, found), (await connection.execute(total)).scalar_one()


async def forget(
    connection: AsyncConnection, tenant_id: int, campaign_id: int, *, up_to: int
) -> None:
    """Deletes those numbered `up_to` or lower."""
    await connection.execute(
        delete(revisions).where(
            revisions.c.tenant_id == tenant_id,
            revisions.c.campaign_id == campaign_id,
            revisions.c.number <= up_to,
        )
    )
