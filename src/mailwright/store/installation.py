"""Facts of the whole installation, by name. They belong to no tenant: kept as tenant 0."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.store.tables import installation

NOBODY = 0  # no tenant has this id: identities count from 1


async def get(connection: AsyncConnection, name: str) -> Any | None:
    """The value of one fact, or None."""
    return await connection.scalar(
        select(installation.c.value).where(
            installation.c.tenant_id == NOBODY, installation.c.name == name
        )
    )


async def put(connection: AsyncConnection, name: str, value: Any) -> None:
    """Sets one fact."""
    statement = upsert(installation).values(tenant_id=NOBODY, name=name, value=value)
    await connection.execute(
        statement.on_conflict_do_update(
            index_elements=["tenant_id", "name"],
            set_={"value": statement.excluded.value, "updated_at": func.now()},
        )
    )


async def put_if_absent(connection: AsyncConnection, name: str, value: Any) -> bool:
    """Whether it was us who set the fact. Waits for a transaction that is setting it."""
    statement = upsert(installation).values(tenant_id=NOBODY, name=name, value=value)
    result = await connection.execute(statement.on_conflict_do_nothing())
    return result.rowcount == 1


async def remove(connection: AsyncConnection, name: str) -> None:
    """Forgets one fact."""
    await connection.execute(
        delete(installation).where(installation.c.tenant_id == NOBODY, installation.c.name == name)
    )
