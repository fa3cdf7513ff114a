"""What of each month's quota is taken. Rows of the ledger count when they are written down.

A month is its first day, in UTC. Counting and writing share a transaction, so the two agree.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.store.tables import fan_outs, quota_months, tenants


async def used(connection: AsyncConnection, tenant_id: int, month: date) -> int:
    """How many mails of that month are taken."""
    found = select(quota_months.c.reserved).where(
        quota_months.c.tenant_id == tenant_id, quota_months.c.month == month
    )
    return await connection.scalar(found) or 0


async def limit_of(connection: AsyncConnection, tenant_id: int) -> int | None:
    """How many mails the tenant may send in a month; None: any number."""
    return await connection.scalar(select(tenants.c.monthly_quota).where(tenants.c.id == tenant_id))


async def hold(connection: AsyncConnection, tenant_id: int, month: date) -> tuple[int | None, int]:
    """The tenant's limit (None: none) and what is taken, held until the transaction ends."""
    await connection.execute(
        upsert(quota_months).values(tenant_id=tenant_id, month=month).on_conflict_do_nothing()
    )
    taken = (
        select(quota_months.c.reserved)
        .where(quota_months.c.tenant_id == tenant_id, quota_months.c.month == month)
        .with_for_update()
    )
    reserved = (await connection.execute(taken)).scalar_one()
    return await limit_of(connection, tenant_id), reserved


async def add(connection: AsyncConnection, tenant_id: int, month: date, count: int) -> None:
    """Takes `count` more of a month; fewer than none give some back."""
    statement = upsert(quota_months).values(
        tenant_id=tenant_id, month=month, reserved=max(count, 0)
    )
    more = func.greatest(quota_months.c.reserved + count, 0)
    await connection.execute(
        statement.on_conflict_do_update(
            index_elements=["tenant_id", "month"], set_={"reserved": more}
        )
    )


async def set_month(
    connection: AsyncConnection, tenant_id: int, campaign_id: int, month: date
) -> None:
    """The fan-out counts in this month, however long it takes."""
    await connection.execute(
        update(fan_outs)
        .where(fan_outs.c.tenant_id == tenant_id, fan_outs.c.campaign_id == campaign_id)
        .values(quota_month=month)
    )


# Batch counts only grow, and what was given back is remembered: saying it twice is harmless.
_SETTLE = text("""
WITH position AS (
    SELECT quota_month, quota_released FROM fan_outs
    WHERE tenant_id = :tenant_id AND campaign_id = :campaign_id AND quota_month IS NOT NULL
    FOR UPDATE
), unsent AS (
    SELECT coalesce(sum(canceled + failed + skipped), 0)::bigint AS total FROM batches
    WHERE tenant_id = :tenant_id AND campaign_id = :campaign_id
), noted AS (
    UPDATE fan_outs SET quota_released = unsent.total FROM unsent, position
    WHERE tenant_id = :tenant_id AND campaign_id = :campaign_id
)
UPDATE quota_months q
SET reserved = greatest(q.reserved - (unsent.total - position.quota_released), 0)
FROM position, unsent
WHERE q.tenant_id = :tenant_id AND q.month = position.quota_month
  AND unsent.total <> position.quota_released
""")


async def settle(connection: AsyncConnection, tenant_id: int, campaign_id: int) -> None:
    """Gives back what a campaign took for mails that were canceled, skipped or given up."""
    await connection.execute(_SETTLE, {"tenant_id": tenant_id, "campaign_id": campaign_id})


_RELEASE_UNFINISHED = text("""
UPDATE quota_months q SET reserved = greatest(q.reserved - unfinished.total, 0)
FROM fan_outs f, (
    SELECT count(*) AS total FROM messages
    WHERE tenant_id = :tenant_id AND campaign_id = :campaign_id
      AND state IN ('queued', 'deferred')
) AS unfinished
WHERE f.tenant_id = :tenant_id AND f.campaign_id = :campaign_id
  AND q.tenant_id = :tenant_id AND q.month = f.quota_month
""")


async def release_unfinished(connection: AsyncConnection, tenant_id: int, campaign_id: int) -> None:
    """Gives back what a campaign took for mails that never leave, because it is being deleted."""
    await settle(connection, tenant_id, campaign_id)
    values = {"tenant_id": tenant_id, "campaign_id": campaign_id}
    await connection.execute(_RELEASE_UNFINISHED, values)
