"""Projects: transports."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.store.rows import Row, every, maybe_one
from mailwright.store.tables import projects

_COLUMNS = tuple(projects.c)


async def add(
    connection: AsyncConnection, tenant_id: int, values: Mapping[str, object]
) -> Row | None:
    """The new row, or None when the tenant has a project of that name already."""
    statement = (
        upsert(projects)
        .values(tenant_id=tenant_id, **values)
        .on_conflict_do_nothing(index_elements=["tenant_id", "name"])
    )
    return await maybe_one(connection, statement.returning(*_COLUMNS))


async def get(connection: AsyncConnection, tenant_id: int, project_id: int) -> Row | None:
    """One project by its internal id, or None."""
    mine = (projects.c.tenant_id == tenant_id) & (projects.c.id == project_id)
    return await maybe_one(connection, select(*_COLUMNS).where(mine))


async def by_uuid(
    connection: AsyncConnection, tenant_id: int, project_uuid: uuid.UUID
) -> Row | None:
    """One project by its public id, or None."""
    mine = (projects.c.tenant_id == tenant_id) & (projects.c.uuid == project_uuid)
    return await maybe_one(connection, select(*_COLUMNS).where(mine))


async def default(connection: AsyncConnection, tenant_id: int) -> Row | None:
    """The tenant's default project."""
    mine = (projects.c.tenant_id == tenant_id) & projects.c.is_default
    return await maybe_one(connection, select(*_COLUMNS).where(mine).limit(1))


async def of_tenant(connection: AsyncConnection, tenant_id: int) -> Sequence[Row]:
    """The tenant's projects by name."""
    found = select(*_COLUMNS).where(projects.c.tenant_id == tenant_id)
    return await every(connection, found.order_by(projects.c.name))


async def change(
    connection: AsyncConnection, tenant_id: int, project_id: int, values: Mapping[str, object]
) -> None:
    """Sets `values` on the project."""
    await connection.execute(
        update(projects)
        .where(projects.c.tenant_id == tenant_id, projects.c.id == project_id)
        .values(**values, updated_at=func.now())
    )
