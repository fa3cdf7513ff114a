"""How many mails a tenant may send in a month, and how many of them are taken."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.errors import QuotaExceeded
from mailwright.services.caller import Caller
from mailwright.services.runtime import Runtime
from mailwright.store import quotas as store
from mailwright.store import tenants

WARNING_PERCENTAGE = 80.0
GRACE_PERCENTAGE = 110.0  # single mails go on until here (vendors.md 2.4)


@dataclass(frozen=True, slots=True)
class QuotaView:
    """The month's quota. `month`: its first day (UTC); `limit` and `percentage`: null: no limit.

    `warning`: from 80 % on. A campaign's mails count when they are written down, and no longer
    when they were canceled, skipped or given up.
    """

    month: date
    limit: int | None
    used: int
    percentage: float | None
    warning: bool


async def get_quota(runtime: Runtime, caller: Caller) -> QuotaView:
    """The caller's quota of this month."""
    async with runtime.database.reading() as connection:
        return await of_tenant(connection, caller.tenant_id, runtime.now())


async def of_tenant(connection: AsyncConnection, tenant_id: int, now: datetime) -> QuotaView:
    """A tenant's quota of the month of `now`."""
    month = month_of(now)
    tenant = await tenants.get(connection, tenant_id)
    limit = tenant["monthly_quota"] if tenant else None
    return _view(month, limit, await store.used(connection, tenant_id, month))


async def reserve(
    connection: AsyncConnection, runtime: Runtime, tenant_id: int, count: int = 1
) -> QuotaView:
    """The quota after taking `count` mails of this month, in the caller's transaction.

    For single mails: they go on beyond the limit to 110 % of it. Raises QuotaExceeded.
    """
    month = month_of(runtime.now())
    limit, taken = await store.hold(connection, tenant_id, month)
    room = room_for_singles(limit, taken)
    if room is not None and count > room:
        raise exceeded(month, limit, taken)
    await store.add(connection, tenant_id, month, count)
    return _view(month, limit, taken + count)


def room_for_singles(limit: int | None, taken: int) -> int | None:
    """How many single mails fit in a month of which that much is taken; None: any number."""
    return None if limit is None else max(int(limit * GRACE_PERCENTAGE / 100) - taken, 0)


def exceeded(month: date, limit: int | None, taken: int) -> QuotaExceeded:
    """What to raise when there is no room."""
    quota = _view(month, limit, taken)
    told = {"limit": quota.limit, "used": quota.used, "percentage": quota.percentage}
    return QuotaExceeded(details={"quota": told})


async def release(
    connection: AsyncConnection, tenant_id: int, taken_at: datetime, count: int = 1
) -> None:
    """Gives back `count` mails that were taken at that time and are never sent."""
    await store.add(connection, tenant_id, month_of(taken_at), -count)


def month_of(moment: datetime) -> date:
    """The first day of its month, in UTC."""
    return moment.astimezone(UTC).date().replace(day=1)


def _view(month: date, limit: int | None, used: int) -> QuotaView:
    if limit is None:
        return QuotaView(month, None, used, None, warning=False)
    percentage = round(used * 100 / limit, 1) if limit else 100.0
    return QuotaView(month, limit, used, percentage, warning=percentage >= WARNING_PERCENTAGE)
