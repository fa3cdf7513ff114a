"""What people agreed to and took back: appended, never changed."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.store.rows import Row, every
from mailwright.store.tables import consents


async def record(
    connection: AsyncConnection,
    tenant_id: int,
    contact_id: int,
    *,
    consent: str,
    source: str,
    actor: str,
    door: str,
) -> None:
    """Notes that the contact's consent is now `consent`, and how we know."""
    await connection.execute(
        insert(consents).values(
            tenant_id=tenant_id,
            contact_id=contact_id,
            consent=consent,
            source=source,
            actor=actor,
            door=door,
        )
    )


async def of_contact(
    connection: AsyncConnection, tenant_id: int, contact_id: int, *, limit: int
) -> Sequence[Row]:
    """What the contact agreed to and took back, the newest first."""
    found = (
        select(consents)
        .where(consents.c.tenant_id == tenant_id, consents.c.contact_id == contact_id)
        .order_by(consents.c.id.desc())
        .limit(limit)
    )
    return await every(connection, found)
