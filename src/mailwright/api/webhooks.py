"""`/webhooks`: where your systems are told what happened."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field, StringConstraints
from starlette.responses import Response

from mailwright.api.dependencies import CallerOf, PageOf, RuntimeOf
from mailwright.api.envelopes import Data, DataPage, many, nothing, one
from mailwright.api.fields import Body, Description, Moment, Search, example
from mailwright.api.problems import errors
from mailwright.domain.webhook_event import DeliveryState, EventType, WebhookDialect
from mailwright.services import webhook_log as log
from mailwright.services import webhooks as service
from mailwright.services.webhook_log import Replayed, ReplayRange, WebhookDelivery
from mailwright.services.webhooks import NewWebhook, WebhookView

router = APIRouter(prefix="/webhooks", tags=["webhooks"])

Url = Annotated[str, StringConstraints(max_length=2083)]


class WebhookCreate(Body):
    """A new endpoint. Without a `secret`, of 32 characters or more, one is made.

    `list_uuid`: it is told only of that list, of campaigns for it, and of the people on it.
    """

    url: Url
    events: list[EventType]
    description: Description | None = None
    secret: str | None = None
    dialect: WebhookDialect = WebhookDialect.NATIVE
    list_uuid: UUID | None = None

    model_config = example(
        {"url": "https://shop.example/hooks/mail", "events": ["contact.unsubscribed"]}
    )


class WebhookPatch(Body):
    """What to change; absent fields stay."""

    url: Url = ""
    events: list[EventType] = Field(default_factory=list[EventType])
    description: Description | None = None
    enabled: bool = True

    model_config = example({"events": ["contact.unsubscribed", "email.bounced"]})


class SecretRotation(Body):
    """The new secret, of 32 characters or more; without one it is made."""

    secret: str | None = None

    model_config = example({"secret": "whsec_UmVwbGFjZSBtZSBieSByYW5kb20gYnl0ZXMgb2YgeW91cnM="})


class Replay(Body):
    """Which events to send again: from `since` to before `until`, in one of `states`."""

    since: Moment
    until: Moment
    states: list[DeliveryState] = Field(default_factory=lambda: [DeliveryState.DEAD])

    model_config = example({"since": "2026-11-20T00:00:00Z", "until": "2026-11-21T00:00:00Z"})


@router.post("", status_code=201, responses={201: {"model": Data[WebhookView]}})
async def create(runtime: RuntimeOf, caller: CallerOf, body: WebhookCreate) -> Response:
    """Create a webhook. `secret` is in this answer and never shown again."""
    new = NewWebhook(
        body.url,
        body.events,
        body.secret,
        body.description,
        body.dialect,
        list_uuid=body.list_uuid,
    )
    view, secret = await service.create_webhook(runtime, caller, new)
    return one({**asdict(view), "secret": secret}, 201)


@router.get("", responses={200: {"model": DataPage[WebhookView]}})
async def page(runtime: RuntimeOf, caller: CallerOf, page: PageOf) -> Response:
    """List webhooks, oldest first."""
    return many(await service.page_webhooks(runtime, caller, page))


@router.get("/{webhook_uuid}", responses={200: {"model": Data[WebhookView]}})
async def get(runtime: RuntimeOf, caller: CallerOf, webhook_uuid: UUID) -> Response:
    """Get a webhook, never its secret."""
    return one(await service.get_webhook(runtime, caller, webhook_uuid))


@router.patch("/{webhook_uuid}", responses={200: {"model": Data[WebhookView]}})
async def change(
    runtime: RuntimeOf, caller: CallerOf, webhook_uuid: UUID, body: WebhookPatch
) -> Response:
    """Change a webhook. `enabled: false` keeps what is pending until it is enabled again."""
    return one(await service.change_webhook(runtime, caller, webhook_uuid, body.changes()))


@router.delete("/{webhook_uuid}", status_code=204)
async def delete(runtime: RuntimeOf, caller: CallerOf, webhook_uuid: UUID) -> Response:
    """Delete a webhook and its log."""
    await service.delete_webhook(runtime, caller, webhook_uuid)
    return nothing()


@router.post("/{webhook_uuid}/rotate-secret", responses={200: {"model": Data[WebhookView]}})
async def rotate_secret(
    runtime: RuntimeOf, caller: CallerOf, webhook_uuid: UUID, body: SecretRotation
) -> Response:
    """Change the secret. For 24 hours both sign; the new `secret` is in this answer only."""
    view, secret = await service.rotate_secret(runtime, caller, webhook_uuid, body.secret)
    return one({**asdict(view), "secret": secret})


@router.post(
    "/{webhook_uuid}/test",
    status_code=202,
    responses={202: {"model": Data[WebhookDelivery]}, **errors("WEBHOOK_DISABLED")},
)
async def test(runtime: RuntimeOf, caller: CallerOf, webhook_uuid: UUID) -> Response:
    """Send a `webhook.test` event. Read the delivery to see how it went."""
    return one(await log.send_test(runtime, caller, webhook_uuid), 202)


@router.get("/{webhook_uuid}/deliveries", responses={200: {"model": DataPage[WebhookDelivery]}})
async def page_deliveries(
    runtime: RuntimeOf,
    caller: CallerOf,
    webhook_uuid: UUID,
    page: PageOf,
    state: Annotated[DeliveryState | None, Query()] = None,
    event_type: Annotated[Search | None, Query(alias="type")] = None,
) -> Response:
    """List what was and will be sent, newest first; kept for 30 days."""
    return many(
        await log.page_deliveries(
            runtime, caller, webhook_uuid, page, state=state, event_type=event_type
        )
    )


@router.get(
    "/{webhook_uuid}/deliveries/{delivery_uuid}",
    responses={200: {"model": Data[WebhookDelivery]}},
)
async def get_delivery(
    runtime: RuntimeOf, caller: CallerOf, webhook_uuid: UUID, delivery_uuid: UUID
) -> Response:
    """Get a delivery with its last answer."""
    return one(await log.get_delivery(runtime, caller, webhook_uuid, delivery_uuid))


@router.post(
    "/{webhook_uuid}/deliveries/{delivery_uuid}/replay",
    status_code=202,
    responses={
        202: {"model": Data[WebhookDelivery]},
        **errors("WEBHOOK_DELIVERY_PENDING", "WEBHOOK_DISABLED"),
    },
)
async def replay_delivery(
    runtime: RuntimeOf, caller: CallerOf, webhook_uuid: UUID, delivery_uuid: UUID
) -> Response:
    """Send a delivery again, under the same event id."""
    return one(await log.replay_delivery(runtime, caller, webhook_uuid, delivery_uuid), 202)


@router.post(
    "/{webhook_uuid}/replay",
    status_code=202,
    responses={202: {"model": Data[Replayed]}, **errors("WEBHOOK_DISABLED")},
)
async def replay(
    runtime: RuntimeOf, caller: CallerOf, webhook_uuid: UUID, body: Replay
) -> Response:
    """Send again what happened between two times, as a rule what was given up."""
    chosen = ReplayRange(body.since, body.until, body.states)
    return one(await log.replay_deliveries(runtime, caller, webhook_uuid, chosen), 202)
