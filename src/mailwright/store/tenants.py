"""Tenants: accounts."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.store.rows import Row, every, maybe_one
from mailwright.store.tables import tenants

_COLUMNS = tuple(tenants.c)


async def add(connection: AsyncConnection, values: Mapping[str, object]) -> Row | None:
    """The new row, or None when the slug is taken."""
    statement = upsert(tenants).values(**values).on_conflict_do_nothing(index_elements=["slug"])
    return await maybe_one(connection, statement.returning(*_COLUMNS))


async def get(connection: AsyncConnection, tenant_id: int) -> Row | None:
    """One tenant by its internal id, or None."""
    return await maybe_one(connection, select(*_COLUMNS).where(tenants.c.id == tenant_id))


async def by_uuid(connection: AsyncConnection, tenant_uuid: uuid.UUID) -> Row | None:
    """One tenant by its public id, or None."""
    return await maybe_one(connection, select(*_COLUMNS).where(tenants.c.uuid == tenant_uuid))


async def by_slug(connection: AsyncConnection, slug: str) -> Row | None:
    """One tenant by its slug, or None."""
    return await maybe_one(connection, select(*_COLUMNS).where(tenants.c.slug == slug))


async def all_of_them(connection: AsyncConnection) -> Sequence[Row]:
    """Every tenant, oldest first."""
    return await every(connection, select(*_COLUMNS).order_by(tenants.c.id))


async def change(connection: AsyncConnection, tenant_id: int, values: Mapping[str, object]) -> None:
    """Sets `values` on the tenant."""
    await connection.execute(update(tenants).where(tenants.c.id == tenant_id).values(**values))
