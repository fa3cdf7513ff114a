"""Telling webhooks what happened, in the transaction in which it happens.

The engine's outcomes take a shorter way (`store/messages.record`, `store/batch_endings.end`): the
same statement in SQL, in one with the outcome. Opens and clicks take `emit_hits`, in their batches.
What these two write down is delivered at the next sweep, within two seconds; `emit` asks for its
delivery at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.webhook_event import OF_HIT, EventType
from mailwright.store import webhook_outbox as store
from mailwright.store.database import Connection
from mailwright.store.job_queue import Job, enqueue
from mailwright.store.tracking import EventRow
from mailwright.store.webhook_outbox import Fact

__all__ = ["Fact", "emit", "emit_hits", "unsubscribed", "wake"]


def unsubscribed(
    tenant_id: int,
    contact_id: int | None,
    at: datetime,
    source: str,
    *,
    message_id: int | None = None,
    campaign_id: int | None = None,
) -> Fact:
    """That somebody left; `message_id` and `campaign_id`: by the link in a mail.

    `contact_id`: None: somebody who got a single mail and is no contact.
    """
    return Fact(
        tenant_id,
        EventType.CONTACT_UNSUBSCRIBED,
        at,
        message_id=message_id,
        contact_id=contact_id,
        campaign_id=campaign_id,
        data={"source": source},
    )


async def emit(connection: AsyncConnection, facts: Sequence[Fact]) -> None:
    """Every endpoint that chose their types will be told `facts`, once this is committed."""
    if not facts:
        return
    for tenant_id, endpoint_id in await store.tell(connection, facts):
        await wake(connection, tenant_id, endpoint_id)


async def wake(connection: AsyncConnection, tenant_id: int, endpoint_id: int) -> None:
    """Asks for the delivery of what waits for an endpoint."""
    payload = {"tenant_id": tenant_id, "endpoint_id": endpoint_id}
    await enqueue(connection, Job.DELIVER_WEBHOOKS, payload)


async def emit_hits(connection: Connection, hits: Sequence[EventRow]) -> None:
    """Opens and clicks, inside an asyncpg transaction; nothing but a look where nobody listens."""
    listening = await store.listeners(
        connection, {hit.tenant_id for hit in hits}, {str(word) for word in OF_HIT.values()}
    )
    facts = [_fact(hit) for hit in hits if hit.tenant_id in listening]
    if facts:
        await store.tell_raw(connection, facts)


def _fact(hit: EventRow) -> Fact:
    return Fact(
        hit.tenant_id,
        OF_HIT[hit.kind],
        hit.at,
        message_id=hit.message_id,
        contact_id=hit.contact_id,
        campaign_id=hit.campaign_id,
        data=hit.data,
    )
