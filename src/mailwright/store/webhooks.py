"""Webhook endpoints: where a tenant's systems want to be told, and with which secret."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, exists, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.webhook_event import DeliveryState
from mailwright.store.rows import AnySelect, Row, every, maybe_one, only
from mailwright.store.tables import lists, tenants, webhook_deliveries, webhook_endpoints


def _is(tenant_id: int, endpoint_uuid: object) -> ColumnElement[bool]:
    return and_(
        webhook_endpoints.c.tenant_id == tenant_id, webhook_endpoints.c.uuid == endpoint_uuid
    )


def _rows() -> AnySelect:
    """Endpoints with the `list_uuid` of the list that each is of."""
    whose = and_(
        lists.c.tenant_id == webhook_endpoints.c.tenant_id,
        lists.c.id == webhook_endpoints.c.list_id,
    )
    return select(*webhook_endpoints.c, lists.c.uuid.label("list_uuid")).outerjoin(lists, whose)


async def add(connection: AsyncConnection, tenant_id: int, values: Mapping[str, object]) -> Row:
    """The new row."""
    await connection.execute(insert(webhook_endpoints).values(tenant_id=tenant_id, **values))
    return await only(connection, _rows().where(_is(tenant_id, values["uuid"])))


async def get(
    connection: AsyncConnection, tenant_id: int, endpoint_uuid: uuid.UUID, *, lock: bool = False
) -> Row | None:
    """One endpoint, or None; with `lock` nobody else changes it until we commit."""
    statement = _rows().where(_is(tenant_id, endpoint_uuid))
    if lock:
        statement = statement.with_for_update(key_share=True, of=webhook_endpoints)
    return await maybe_one(connection, statement)


async def to_call(connection: AsyncConnection, tenant_id: int, endpoint_id: int) -> Row | None:
    """One enabled endpoint by its id, with `tenant_uuid`, or None."""
    statement = (
        select(webhook_endpoints, tenants.c.uuid.label("tenant_uuid"))
        .join(tenants, tenants.c.id == webhook_endpoints.c.tenant_id)
        .where(webhook_endpoints.c.tenant_id == tenant_id)
        .where(webhook_endpoints.c.id == endpoint_id, webhook_endpoints.c.enabled)
    )
    return await maybe_one(connection, statement)


async def page(
    connection: AsyncConnection, tenant_id: int, *, enabled: bool | None, limit: int, offset: int
) -> tuple[Sequence[Row], int]:
    """Endpoints, oldest first, and how many there are in all; `enabled`: only those."""
    mine = webhook_endpoints.c.tenant_id == tenant_id
    if enabled is not None:
        mine = and_(mine, webhook_endpoints.c.enabled == enabled)
    found = _rows().where(mine).order_by(webhook_endpoints.c.id).limit(limit).offset(offset)
    total = select(func.count()).select_from(webhook_endpoints).where(mine)
    return await every(connection, found), (await connection.execute(total)).scalar_one()


async def change(
    connection: AsyncConnection,
    tenant_id: int,
    endpoint_uuid: uuid.UUID,
    values: Mapping[str, object],
) -> Row | None:
    """The row with `values` set, or None."""
    statement = (
        update(webhook_endpoints)
        .where(_is(tenant_id, endpoint_uuid))
        .values(**values, updated_at=func.now())
    )
    await connection.execute(statement)
    return await get(connection, tenant_id, endpoint_uuid)


async def disable(
    connection: AsyncConnection, tenant_id: int, endpoint_id: int, reason: str
) -> None:
    """Nothing is sent to the endpoint any more; its log stays."""
    await connection.execute(
        update(webhook_endpoints)
        .where(webhook_endpoints.c.tenant_id == tenant_id, webhook_endpoints.c.id == endpoint_id)
        .values(enabled=False, disabled_reason=reason, updated_at=func.now())
    )


async def remove(connection: AsyncConnection, tenant_id: int, endpoint_uuid: uuid.UUID) -> bool:
    """Deletes the endpoint and its log; whether there was one."""
    statement = (
        delete(webhook_endpoints)
        .where(_is(tenant_id, endpoint_uuid))
        .returning(webhook_endpoints.c.id)
    )
    endpoint_id = await connection.scalar(statement)
    if endpoint_id is None:
        return False
    await connection.execute(
        delete(webhook_deliveries)
        .where(webhook_deliveries.c.tenant_id == tenant_id)
        .where(webhook_deliveries.c.endpoint_id == endpoint_id)
    )
    return True


async def remove_of_list(connection: AsyncConnection, tenant_id: int, list_id: int) -> None:
    """Deletes the endpoints of one list, and their logs."""
    statement = select(webhook_endpoints.c.uuid).where(
        webhook_endpoints.c.tenant_id == tenant_id, webhook_endpoints.c.list_id == list_id
    )
    for row in await every(connection, statement):
        await remove(connection, tenant_id, row["uuid"])


async def with_due(connection: AsyncConnection, now: datetime) -> Sequence[Row]:
    """`tenant_id` and `id` of every enabled endpoint with a delivery whose time has come."""
    due = exists().where(
        webhook_deliveries.c.tenant_id == webhook_endpoints.c.tenant_id,
        webhook_deliveries.c.endpoint_id == webhook_endpoints.c.id,
        webhook_deliveries.c.state == DeliveryState.PENDING,
        webhook_deliveries.c.next_attempt_at <= now,
    )
    statement = select(webhook_endpoints.c.tenant_id, webhook_endpoints.c.id).where(
        webhook_endpoints.c.enabled, due
    )
    return await every(connection, statement)
