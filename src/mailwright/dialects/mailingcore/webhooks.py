"""`/webhooks/endpoints`: where a tenant's systems are told, in MailingCore's form and signature."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field, StringConstraints
from starlette.responses import Response

from mailwright.dialects.mailingcore.dependencies import CallerOf, PageOf, RuntimeOf, known
from mailwright.dialects.mailingcore.fields import Body, example
from mailwright.dialects.mailingcore.shapes import DataPage, Moment, Shape, many, nothing, one
from mailwright.domain.webhook_event import WebhookDialect
from mailwright.domain.webhook_words import MailingCoreWord
from mailwright.services import webhook_log
from mailwright.services import webhooks as service
from mailwright.services.webhook_log import WebhookDelivery
from mailwright.services.webhooks import NewWebhook, WebhookView

router = APIRouter(prefix="/webhooks/endpoints", tags=["webhooks"])

Url = Annotated[str, StringConstraints(max_length=2083)]


class EndpointBody(Body):
    """A new endpoint. Without a `secret`, of 32 characters or more, one is made."""

    url: Url
    events: Annotated[list[MailingCoreWord], Field(min_length=1)]
    secret: str | None = None

    model_config = example(
        {"url": "https://shop.example/hooks/mail", "events": ["contact.unsubscribed"]}
    )


class ToggleBody(Body):
    """Whether it is told; absent: the other way round than now."""

    enabled: bool | None = None

    model_config = example({})


class EndpointShape(Shape):
    """An endpoint, never its secret."""

    id: str
    url: str
    events: list[str]
    enabled: bool
    created_at: Moment
    updated_at: Moment


class NewEndpointShape(EndpointShape):
    """An endpoint just made, with its secret for the only time."""

    secret: str


class DeliveryShape(Shape):
    """One event on its way, and how its last attempt went."""

    id: str
    event: str
    payload: Mapping[str, Any]
    status_code: int | None
    response_body: str | None
    attempt: int
    delivered_at: Moment | None
    created_at: Moment


@router.post("", status_code=201, responses={201: {"model": NewEndpointShape}})
async def create(runtime: RuntimeOf, caller: CallerOf, body: EndpointBody) -> Response:
    """Create an endpoint. `secret` is in this answer and never shown again."""
    new = NewWebhook(body.url, body.events, body.secret, None, WebhookDialect.MAILINGCORE)
    view, secret = await service.create_webhook(runtime, caller, new)
    return one(NewEndpointShape(**_endpoint(view), secret=secret), 201)


@router.get("", responses={200: {"model": DataPage[EndpointShape]}})
async def page(runtime: RuntimeOf, caller: CallerOf, page: PageOf) -> Response:
    """List endpoints, oldest first."""
    found = await service.page_webhooks(runtime, caller, page)
    return many([EndpointShape(**_endpoint(view)) for view in found.items], page, found.total)


@router.patch("/{endpoint_id}/toggle", responses={200: {"model": EndpointShape}})
async def toggle(
    runtime: RuntimeOf, caller: CallerOf, endpoint_id: str, body: ToggleBody | None = None
) -> Response:
    """Stop telling an endpoint, or begin again. What is pending waits."""
    webhook_uuid = known(endpoint_id, "endpoint")
    enabled = body.enabled if body is not None else None
    if enabled is None:
        enabled = not (await service.get_webhook(runtime, caller, webhook_uuid)).enabled
    view = await service.change_webhook(runtime, caller, webhook_uuid, {"enabled": enabled})
    return one(EndpointShape(**_endpoint(view)))


@router.get("/{endpoint_id}/deliveries", responses={200: {"model": DataPage[DeliveryShape]}})
async def page_deliveries(
    runtime: RuntimeOf, caller: CallerOf, endpoint_id: str, page: PageOf
) -> Response:
    """List what was and will be sent, newest first."""
    webhook_uuid = known(endpoint_id, "endpoint")
    found = await webhook_log.page_deliveries(runtime, caller, webhook_uuid, page)
    return many([_delivery(row) for row in found.items], page, found.total)


@router.delete("/{endpoint_id}", status_code=204)
async def delete(runtime: RuntimeOf, caller: CallerOf, endpoint_id: str) -> Response:
    """Delete an endpoint and its log."""
    await service.delete_webhook(runtime, caller, known(endpoint_id, "endpoint"))
    return nothing()


def _endpoint(view: WebhookView) -> dict[str, Any]:
    return {
        "id": str(view.uuid),
        "url": view.url,
        "events": view.events,
        "enabled": view.enabled,
        "created_at": view.created_at,
        "updated_at": view.updated_at,
    }


def _delivery(row: WebhookDelivery) -> DeliveryShape:
    return DeliveryShape(
        id=str(row.uuid),
        event=row.type,
        payload=row.payload,
        status_code=row.status_code,
        response_body=row.response,
        attempt=row.attempt,
        delivered_at=row.delivered_at,
        created_at=row.created_at,
    )
