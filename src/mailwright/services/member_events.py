"""Telling webhooks what becomes of members."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.webhook_event import EventType
from mailwright.services import webhook_events
from mailwright.services.runtime import Runtime
from mailwright.store.rows import Row


async def tell_member(
    connection: AsyncConnection, runtime: Runtime, row: Row, type_: EventType, **more: object
) -> None:
    """Tells it in the caller's transaction: who, and in which role."""
    named = {"member_uuid": row["uuid"], "email": row["email"], "role": row["role"], **more}
    numbers = {"user_id": row["id"]}
    await webhook_events.tell(
        connection, row["tenant_id"], type_, runtime.now(), named, numbers=numbers
    )
