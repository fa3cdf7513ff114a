"""What people agreed to and took back: appended, never changed."""

from __future__ import annotations

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

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
