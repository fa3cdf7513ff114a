"""`/webhooks`: where systems are told, in Cakemail's form with its `x-signature`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from mailwright.dialects.cakemail.dependencies import CallerOf, RuntimeOf
from mailwright.dialects.cakemail.fields import NumberInPath
from mailwright.dialects.cakemail.paging import AskedOf
from mailwright.dialects.cakemail.shapes import (
    Changed,
    DataPage,
    Made,
    answer,
    changed,
    created,
    many,
    plain,
)
from mailwright.dialects.cakemail.webhook_shapes import (
    WebhookCreate,
    WebhookPatch,
    WebhookShape,
    signature,
    webhook_shape,
)
from mailwright.domain import scopes
from mailwright.domain.webhook_event import WebhookDialect
from mailwright.services import numbers
from mailwright.services import webhooks as service
from mailwright.services.caller import Caller
from mailwright.services.runtime import Runtime
from mailwright.services.webhooks import NewWebhook

router = APIRouter(prefix="/webhooks", tags=["webhooks"])

_NOUN = "Webhook"  # the document's own spelling


@router.get("", responses={200: {"model": DataPage[WebhookShape]}})
async def page(
    runtime: RuntimeOf,
    caller: CallerOf,
    asked: AskedOf,
    with_archived: Annotated[bool, Query(description="Show archived ones, too.")] = False,
) -> Response:
    """List webhooks, oldest first."""
    enabled = None if with_archived else True
    found = await service.page_webhooks(runtime, caller, asked.page, enabled=enabled)
    uuids = [view.uuid for view in found.items]
    known = await numbers.numbers_of(runtime, caller, "webhook", uuids)
    shapes = [webhook_shape(view, known[view.uuid]) for view in found.items]
    return many(shapes, asked, found.total)


@router.post("", status_code=201, responses={201: {"model": Made[WebhookShape]}})
async def create(runtime: RuntimeOf, caller: CallerOf, body: WebhookCreate) -> Response:
    """Create a webhook for one event or several."""
    new = NewWebhook(
        body.url,
        body.types(),
        body.secret,
        body.name,
        WebhookDialect.CAKEMAIL,
        body.rate_limit,
        body.rate_limit_period,
    )
    view, _ = await service.create_webhook(runtime, caller, new)
    number = await numbers.number_of(runtime, caller, "webhook", view.uuid)
    return created(_NOUN, webhook_shape(view, number))


@router.get("/{webhook_id}")
async def get(runtime: RuntimeOf, caller: CallerOf, webhook_id: NumberInPath) -> Response:
    """Show a webhook with the key that signs what it is told."""
    webhook_uuid = await numbers.uuid_of(runtime, caller, "webhook", webhook_id)
    data = plain(
        webhook_shape(await service.get_webhook(runtime, caller, webhook_uuid), webhook_id)
    )
    key = None
    if scopes.allows(caller.granted, "webhooks:write"):
        key = await service.get_signing_key(runtime, caller, webhook_uuid)
    return answer(
        {
            "id": data["id"],
            "url": data["url"],
            "status": data["status"],
            "signature": signature(key),
            "data": data,
        }
    )


@router.patch("/{webhook_id}", responses={200: {"model": Changed[WebhookShape]}})
async def change(
    runtime: RuntimeOf, caller: CallerOf, webhook_id: NumberInPath, body: WebhookPatch
) -> Response:
    """Change a webhook. A new `secret` signs from now on."""
    webhook_uuid = await numbers.uuid_of(runtime, caller, "webhook", webhook_id)
    view = await service.change_webhook(runtime, caller, webhook_uuid, body.ours())
    if body.secret is not None:
        view, _ = await service.rotate_secret(runtime, caller, webhook_uuid, body.secret)
    return changed(_NOUN, webhook_shape(view, webhook_id), "patched")


@router.post("/{webhook_id}/archive", responses={200: {"model": Changed[WebhookShape]}})
async def archive(runtime: RuntimeOf, caller: CallerOf, webhook_id: NumberInPath) -> Response:
    """Tell it nothing more. What was pending waits; what happens meanwhile it never hears."""
    return await _switched(runtime, caller, webhook_id, archived=True)


@router.post("/{webhook_id}/unarchive", responses={200: {"model": Changed[WebhookShape]}})
async def unarchive(runtime: RuntimeOf, caller: CallerOf, webhook_id: NumberInPath) -> Response:
    """Tell it again."""
    return await _switched(runtime, caller, webhook_id, archived=False)


async def _switched(
    runtime: Runtime, caller: Caller, webhook_id: int, *, archived: bool
) -> Response:
    webhook_uuid = await numbers.uuid_of(runtime, caller, "webhook", webhook_id)
    view = await service.change_webhook(runtime, caller, webhook_uuid, {"enabled": not archived})
    data = plain(webhook_shape(view, webhook_id))
    return answer({"id": data["id"], "object": _NOUN, "archived": archived, "data": data})
