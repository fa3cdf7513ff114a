"""The log of an endpoint: what was sent, how it went, and sending it again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.ids import new_id
from mailwright.domain.webhook_event import TEST_EVENT, DeliveryState
from mailwright.errors import Conflict, InvalidInput, NotFound
from mailwright.services import webhook_events
from mailwright.services.caller import Caller
from mailwright.services.paging import Page, Paged
from mailwright.services.runtime import Runtime
from mailwright.services.webhooks import existing
from mailwright.store import webhook_deliveries as store
from mailwright.store.rows import Row

REPLAYED_MAX = 10_000
_FINISHED = (DeliveryState.DEAD, DeliveryState.DELIVERED)


@dataclass(frozen=True, slots=True)
class WebhookDelivery:
    """One event on its way to one endpoint, and how its last attempt went.

    `event_id` is what the receiver knows the event by; `payload` is its `data`; `response` the
    first kilobyte of the answer. While `state` is pending, `next_attempt_at` says when.
    """

    uuid: UUID
    event_id: str
    type: str
    payload: Mapping[str, Any]
    state: str
    attempt: int
    status_code: int | None
    response: str | None
    error: str | None
    next_attempt_at: datetime | None
    created_at: datetime
    delivered_at: datetime | None


@dataclass(frozen=True, slots=True)
class Replayed:
    """How many deliveries are pending again; `more`: call once more for the rest."""

    replayed: int
    more: bool


@dataclass(frozen=True, slots=True)
class ReplayRange:
    """Events from `since` to before `until` whose deliveries are in one of `states`."""

    since: datetime
    until: datetime
    states: Sequence[str] = (DeliveryState.DEAD,)

    def __post_init__(self) -> None:
        if self.until <= self.since:
            raise InvalidInput.field("until", "It must be later than `since`.")
        if not self.states or set(self.states) - set(_FINISHED):
            raise InvalidInput.field("states", "One or both of dead and delivered.")


async def page_deliveries(
    runtime: Runtime,
    caller: Caller,
    webhook_uuid: UUID,
    page: Page,
    *,
    state: DeliveryState | None = None,
    event_type: str | None = None,
) -> Paged[WebhookDelivery]:
    """What was and will be sent, newest event first. Raises NotFound."""
    caller.require("webhooks:read")
    async with runtime.database.reading() as connection:
        endpoint = await existing(connection, caller, webhook_uuid)
        rows, total = await store.page(
            connection,
            caller.tenant_id,
            endpoint["id"],
            state=state,
            type_=event_type,
            limit=page.per_page,
            offset=page.offset,
        )
    return Paged([_view(row) for row in rows], total, page)


async def get_delivery(
    runtime: Runtime, caller: Caller, webhook_uuid: UUID, delivery_uuid: UUID
) -> WebhookDelivery:
    """One delivery. Raises NotFound."""
    caller.require("webhooks:read")
    async with runtime.database.reading() as connection:
        endpoint = await existing(connection, caller, webhook_uuid)
        return _view(await _delivery(connection, caller, endpoint, delivery_uuid))


async def send_test(runtime: Runtime, caller: Caller, webhook_uuid: UUID) -> WebhookDelivery:
    """A `webhook.test` event is on its way to the endpoint, whatever it has chosen.

    The delivery tells how it went. Raises NotFound, Conflict WEBHOOK_DISABLED.
    """
    caller.require("webhooks:write")
    now = runtime.now()
    async with runtime.database.transaction() as connection:
        endpoint = await existing(connection, caller, webhook_uuid)
        _require_enabled(endpoint)
        values: dict[str, object] = {
            "uuid": new_id(),
            "endpoint_id": endpoint["id"],
            "event_uuid": new_id(),
            "type": TEST_EVENT,
            "payload": {"message": "This is a test."},
            "created_at": now,
            "next_attempt_at": now,
        }
        row = await store.add(connection, caller.tenant_id, values)
        await webhook_events.wake(connection, caller.tenant_id, endpoint["id"])
    return _view(row)


async def replay_delivery(
    runtime: Runtime, caller: Caller, webhook_uuid: UUID, delivery_uuid: UUID
) -> WebhookDelivery:
    """The delivery, pending again with its whole plan of attempts and under the same event id.

    Raises NotFound, Conflict WEBHOOK_DELIVERY_PENDING, WEBHOOK_DISABLED.
    """
    caller.require("webhooks:write")
    async with runtime.database.transaction() as connection:
        endpoint = await existing(connection, caller, webhook_uuid)
        _require_enabled(endpoint)
        found = await _delivery(connection, caller, endpoint, delivery_uuid)
        row = await store.replay(connection, caller.tenant_id, found["id"], runtime.now())
        if row is None:
            raise Conflict("It is on its way already.", code="WEBHOOK_DELIVERY_PENDING")
        await webhook_events.wake(connection, caller.tenant_id, endpoint["id"])
    return _view(row)


async def replay_deliveries(
    runtime: Runtime, caller: Caller, webhook_uuid: UUID, chosen: ReplayRange
) -> Replayed:
    """Makes deliveries pending again, the oldest 10,000 of those chosen.

    Raises NotFound, Conflict WEBHOOK_DISABLED.
    """
    caller.require("webhooks:write")
    async with runtime.database.transaction() as connection:
        endpoint = await existing(connection, caller, webhook_uuid)
        _require_enabled(endpoint)
        count = await store.replay_range(
            connection,
            caller.tenant_id,
            endpoint["id"],
            since=chosen.since,
            until=chosen.until,
            states=chosen.states,
            now=runtime.now(),
            limit=REPLAYED_MAX,
        )
        if count:
            await webhook_events.wake(connection, caller.tenant_id, endpoint["id"])
    return Replayed(count, more=count == REPLAYED_MAX)


async def _delivery(
    connection: AsyncConnection, caller: Caller, endpoint: Row, delivery_uuid: UUID
) -> Row:
    row = await store.get(connection, caller.tenant_id, endpoint["id"], delivery_uuid)
    if row is None:
        raise NotFound("There is no such delivery.")
    return row


def _require_enabled(endpoint: Row) -> None:
    if not endpoint["enabled"]:
        raise Conflict("The webhook is disabled; enable it first.", code="WEBHOOK_DISABLED")


def _view(row: Row) -> WebhookDelivery:
    return WebhookDelivery(
        uuid=row["uuid"],
        event_id=f"evt_{row['event_uuid'].hex}",
        type=row["type"],
        payload=row["payload"],
        state=row["state"],
        attempt=row["attempt"],
        status_code=row["status_code"],
        response=row["response"],
        error=row["error"],
        next_attempt_at=row["next_attempt_at"],
        created_at=row["created_at"],
        delivered_at=row["delivered_at"],
    )
