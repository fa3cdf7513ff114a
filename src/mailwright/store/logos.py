"""Tenants' logos."""

from __future__ import annotations

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.store.rows import Row, maybe_one
from mailwright.store.tables import logos


async def put(
    connection: AsyncConnection,
    tenant_id: int,
    *,
    name: str,
    image: bytes,
    width: int,
    height: int,
) -> None:
    """Stores the tenant's logo in the place of another."""
    values = {"name": name, "image": image, "width": width, "height": height}
    statement = upsert(logos).values(tenant_id=tenant_id, **values)
    await connection.execute(
        statement.on_conflict_do_update(index_elements=["tenant_id"], set_=values)
    )


async def get(connection: AsyncConnection, tenant_id: int) -> Row | None:
    """What is known of the tenant's logo, or None."""
    found = select(logos.c.name, logos.c.width, logos.c.height)
    return await maybe_one(connection, found.where(logos.c.tenant_id == tenant_id))


async def name_of(connection: AsyncConnection, tenant_id: int) -> str | None:
    """The name of the tenant's logo, or None."""
    return await connection.scalar(select(logos.c.name).where(logos.c.tenant_id == tenant_id))


async def by_name(connection: AsyncConnection, name: str) -> bytes | None:
    """The picture of that name, whose tenant's it is: names cannot be guessed."""
    return await connection.scalar(select(logos.c.image).where(logos.c.name == name))


async def remove(connection: AsyncConnection, tenant_id: int) -> bool:
    """Whether there was one to remove."""
    gone = await connection.execute(delete(logos).where(logos.c.tenant_id == tenant_id))
    return gone.rowcount > 0
