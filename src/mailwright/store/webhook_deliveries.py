"""Deliveries of events to endpoints: claimed, recorded, read as a log, replayed."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.webhook_event import DeliveryState
from mailwright.store.database import Connection
from mailwright.store.rows import Row, every, maybe_one, only
from mailwright.store.tables import webhook_deliveries as deliveries


@dataclass(frozen=True, slots=True)
class Attempted:
    """How one attempt went. `attempt` tells ours from that of somebody who took over."""

    delivery_id: int
    attempt: int
    state: DeliveryState
    status_code: int | None
    response: str | None
    error: str | None
    next_attempt_at: datetime | None
    delivered_at: datetime | None


def _of(tenant_id: int, endpoint_id: int) -> ColumnElement[bool]:
    return and_(deliveries.c.tenant_id == tenant_id, deliveries.c.endpoint_id == endpoint_id)


async def add(connection: AsyncConnection, tenant_id: int, values: Mapping[str, object]) -> Row:
    """A delivery to one endpoint, whatever it has chosen."""
    statement = insert(deliveries).values(tenant_id=tenant_id, **values).returning(deliveries)
    return await only(connection, statement)


async def claim(
    connection: AsyncConnection,
    tenant_id: int,
    endpoint_id: int,
    *,
    now: datetime,
    until: datetime,
    limit: int,
) -> Sequence[Row]:
    """Deliveries whose time has come, ours until `until`; this attempt is counted already."""
    due = (
        select(deliveries.c.id)
        .where(_of(tenant_id, endpoint_id))
        .where(deliveries.c.state == DeliveryState.PENDING, deliveries.c.next_attempt_at <= now)
        .order_by(deliveries.c.next_attempt_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("due")
    )
    statement = (
        update(deliveries)
        .where(deliveries.c.tenant_id == tenant_id, deliveries.c.id == due.c.id)
        .values(attempt=deliveries.c.attempt + 1, next_attempt_at=until)
        .returning(deliveries)
    )
    return await every(connection, statement)


_RECORD = """
UPDATE webhook_deliveries d
SET state = a.state, status_code = a.status_code, response = a.response, error = a.error,
    next_attempt_at = a.next_attempt_at, delivered_at = a.delivered_at
FROM unnest($2::bigint[], $3::smallint[], $4::text[], $5::int[], $6::text[], $7::text[],
            $8::timestamptz[], $9::timestamptz[])
    AS a (id, attempt, state, status_code, response, error, next_attempt_at, delivered_at)
WHERE d.tenant_id = $1 AND d.id = a.id AND d.attempt = a.attempt AND d.state = 'pending'
"""


async def record(connection: Connection, tenant_id: int, attempted: Sequence[Attempted]) -> None:
    """Writes down how attempts went; those that somebody else has taken over are left alone."""
    await connection.execute(
        _RECORD,
        tenant_id,
        [a.delivery_id for a in attempted],
        [a.attempt for a in attempted],
        [a.state for a in attempted],
        [a.status_code for a in attempted],
        [a.response for a in attempted],
        [a.error for a in attempted],
        [a.next_attempt_at for a in attempted],
        [a.delivered_at for a in attempted],
    )


async def get(
    connection: AsyncConnection, tenant_id: int, endpoint_id: int, delivery_uuid: uuid.UUID
) -> Row | None:
    """One delivery, or None."""
    statement = select(deliveries).where(
        _of(tenant_id, endpoint_id), deliveries.c.uuid == delivery_uuid
    )
    return await maybe_one(connection, statement)


async def page(
    connection: AsyncConnection,
    tenant_id: int,
    endpoint_id: int,
    *,
    state: str | None,
    type_: str | None,
    limit: int,
    offset: int,
) -> tuple[Sequence[Row], int]:
    """The log of an endpoint, newest first, and how many rows there are in all."""
    wanted = [_of(tenant_id, endpoint_id)]
    if state is not None:
        wanted.append(deliveries.c.state == state)
    if type_ is not None:
        wanted.append(deliveries.c.type == type_)
    found = (
        select(deliveries)
        .where(*wanted)
        .order_by(deliveries.c.created_at.desc(), deliveries.c.id.desc())
        .limit(limit)
        .offset(offset)
    )
    total = select(func.count()).select_from(deliveries).where(*wanted)
    return await every(connection, found), (await connection.execute(total)).scalar_one()


_ANEW: Mapping[str, object] = {
    "state": DeliveryState.PENDING,
    "attempt": 0,
    "delivered_at": None,
}


async def replay(
    connection: AsyncConnection, tenant_id: int, delivery_id: int, now: datetime
) -> Row | None:
    """The delivery, pending again as if new; None: it is pending already."""
    statement = (
        update(deliveries)
        .where(deliveries.c.tenant_id == tenant_id, deliveries.c.id == delivery_id)
        .where(deliveries.c.state != DeliveryState.PENDING)
        .values(**_ANEW, next_attempt_at=now)
        .returning(deliveries)
    )
    return await maybe_one(connection, statement)


async def replay_range(
    connection: AsyncConnection,
    tenant_id: int,
    endpoint_id: int,
    *,
    since: datetime,
    until: datetime,
    states: Collection[str],
    now: datetime,
    limit: int,
) -> int:
    """How many deliveries of events from `since` to before `until` are pending again.

    The oldest `limit` of those in one of `states`.
    """
    chosen = (
        select(deliveries.c.id)
        .where(_of(tenant_id, endpoint_id), deliveries.c.state.in_(states))
        .where(deliveries.c.created_at >= since, deliveries.c.created_at < until)
        .order_by(deliveries.c.created_at, deliveries.c.id)
        .limit(limit)
        .with_for_update()
        .cte("chosen")
    )
    result = await connection.execute(
        update(deliveries)
        .where(deliveries.c.tenant_id == tenant_id, deliveries.c.id == chosen.c.id)
        .values(**_ANEW, next_attempt_at=now)
    )
    return result.rowcount


async def forget(
    connection: AsyncConnection, tenant_id: int, endpoint_id: int, *, before: datetime, limit: int
) -> None:
    """Deletes some of the log of events before that time; what is pending stays."""
    old = (
        select(deliveries.c.id)
        .where(_of(tenant_id, endpoint_id), deliveries.c.created_at < before)
        .where(deliveries.c.state != DeliveryState.PENDING)
        .order_by(deliveries.c.created_at, deliveries.c.id)
        .limit(limit)
    )
    await connection.execute(
        delete(deliveries).where(deliveries.c.tenant_id == tenant_id, deliveries.c.id.in_(old))
    )
