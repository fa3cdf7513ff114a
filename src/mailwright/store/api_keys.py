"""API keys, found by their keyed hash; the key itself is nowhere."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import and_, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.store.rows import Row, every, maybe_one, only
from mailwright.store.tables import api_keys

_COLUMNS = tuple(column for column in api_keys.c if column.name != "key_hash")


async def add(connection: AsyncConnection, tenant_id: int, values: Mapping[str, object]) -> Row:
    """The new row."""
    statement = insert(api_keys).values(tenant_id=tenant_id, **values)
    return await only(connection, statement.returning(*_COLUMNS))


async def by_hash(connection: AsyncConnection, key_hash: bytes) -> Row | None:
    """The key with this hash, whatever its tenant and state, or None."""
    return await maybe_one(connection, select(*_COLUMNS).where(api_keys.c.key_hash == key_hash))


async def by_uuid(connection: AsyncConnection, tenant_id: int, key_uuid: uuid.UUID) -> Row | None:
    """One of the tenant's keys, or None."""
    mine = and_(api_keys.c.tenant_id == tenant_id, api_keys.c.uuid == key_uuid)
    return await maybe_one(connection, select(*_COLUMNS).where(mine))


async def by_uuids(
    connection: AsyncConnection, tenant_id: int, uuids: Sequence[uuid.UUID]
) -> Sequence[Row]:
    """Those of the tenant's that are there."""
    mine = and_(api_keys.c.tenant_id == tenant_id, api_keys.c.uuid.in_(uuids))
    return await every(connection, select(api_keys).where(mine))


async def page(
    connection: AsyncConnection, tenant_id: int, *, limit: int, offset: int
) -> tuple[Sequence[Row], int]:
    """The tenant's keys, newest first, and how many there are in all."""
    mine = api_keys.c.tenant_id == tenant_id
    found = select(*_COLUMNS).where(mine).order_by(api_keys.c.id.desc())
    total = select(func.count()).select_from(api_keys).where(mine)
    rows = await every(connection, found.limit(limit).offset(offset))
    return rows, (await connection.execute(total)).scalar_one()


async def revoke(
    connection: AsyncConnection, tenant_id: int, key_uuid: uuid.UUID, now: datetime
) -> Row | None:
    """The key, revoked now or earlier; None when there is no such key."""
    statement = (
        update(api_keys)
        .where(api_keys.c.tenant_id == tenant_id, api_keys.c.uuid == key_uuid)
        .values(revoked_at=func.coalesce(api_keys.c.revoked_at, now))
    )
    return await maybe_one(connection, statement.returning(*_COLUMNS, api_keys.c.key_hash))


async def used(connection: AsyncConnection, tenant_id: int, key_id: int, now: datetime) -> None:
    """Notes when the key was last used."""
    await connection.execute(
        update(api_keys)
        .where(api_keys.c.tenant_id == tenant_id, api_keys.c.id == key_id)
        .values(last_used_at=now)
    )
