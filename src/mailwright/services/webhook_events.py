"""Telling webhooks what happened, in the transaction in which it happens.

The engine's outcomes take a shorter way (`store/messages.record`, `store/batch_endings.end`): the
same statement in SQL, in one with the outcome. Opens and clicks take `emit_hits`, in their batches.
What these two write down is delivered at the next sweep, within two seconds; `emit` asks for its
delivery at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.webhook_event import OF_HIT, EventType
from mailwright.store import webhook_outbox as store
from mailwright.store.database import Connection
from mailwright.store.job_queue import Job, enqueue
from mailwright.store.tracking import EventRow
from mailwright.store.webhook_bulk import Telling
from mailwright.store.webhook_outbox import Fact

__all__ = [
    "Fact",
    "Telling",
    "emit",
    "emit_hits",
    "is_heard",
    "left",
    "opted_in",
    "tell",
    "telling",
    "wake",
]


def left(
    tenant_id: int,
    contact_id: int | None,
    at: datetime,
    source: str,
    *,
    message_id: int | None = None,
    campaign_id: int | None = None,
    list_id: int | None = None,
) -> list[Fact]:
    """That somebody unsubscribed: from one list where it is given, else from all mail.

    `contact_id`: None: somebody who got a single mail and is no contact. `message_id` and
    `campaign_id`: by the link in a mail.
    """
    types = [EventType.CONTACT_UNSUBSCRIBED]
    if list_id is None:
        types.append(EventType.CONTACT_OPTED_OUT)
    return [
        Fact(
            tenant_id,
            type_,
            at,
            message_id=message_id,
            contact_id=contact_id,
            campaign_id=campaign_id,
            list_id=list_id,
            data={"source": source},
        )
        for type_ in types
    ]


def opted_in(tenant_id: int, contact_id: int, at: datetime, source: str) -> Fact:
    """That somebody agreed to get mail, who had left or never had agreed."""
    return Fact(
        tenant_id,
        EventType.CONTACT_OPTED_IN,
        at,
        contact_id=contact_id,
        data={"source": source},
    )


async def tell(
    connection: AsyncConnection,
    tenant_id: int,
    type_: EventType,
    at: datetime,
    data: Mapping[str, object] | None = None,
    *,
    contact_id: int | None = None,
    campaign_id: int | None = None,
    list_id: int | None = None,
    numbers: Mapping[str, int] | None = None,
) -> None:
    """One thing that happened, as `emit`. Of what is removed, tell before it is: its names go
    along."""
    fact = Fact(
        tenant_id,
        type_,
        at,
        contact_id=contact_id,
        campaign_id=campaign_id,
        list_id=list_id,
        numbers=numbers or {},
        data=data or {},
    )
    await emit(connection, [fact])


async def is_heard(connection: AsyncConnection, tenant_id: int, *types: EventType) -> bool:
    """Whether anybody listens: what is done to many looks first, and saves its pains."""
    return await store.is_heard(connection, tenant_id, types)


async def telling(
    connection: AsyncConnection, tenant_id: int, type_: EventType, at: datetime
) -> Telling | None:
    """What a statement of the store needs to tell about all it changes; None: nobody listens."""
    heard = await is_heard(connection, tenant_id, type_)
    return Telling(tenant_id, type_, at) if heard else None


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
