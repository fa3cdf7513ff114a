"""The tool `webhooks`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from mailwright.domain.webhook_event import DeliveryState, EventType
from mailwright.mcp import previews
from mailwright.mcp.operations import Operation, Tool
from mailwright.services import webhook_log as log
from mailwright.services import webhooks as service
from mailwright.services.caller import Caller
from mailwright.services.runtime import Runtime
from mailwright.services.webhook_log import Replayed, ReplayRange
from mailwright.services.webhooks import NewWebhook

_READ = "webhooks:read"
_WRITE = "webhooks:write"


async def _create(
    runtime: Runtime,
    caller: Caller,
    url: str,
    events: Sequence[str],
    *,
    description: str | None = None,
    secret: str | None = None,
    list_uuid: UUID | None = None,
) -> dict[str, Any]:
    new = NewWebhook(url, events, secret, description, list_uuid=list_uuid)
    view, made = await service.create_webhook(runtime, caller, new)
    return {**asdict(view), "secret": made}


async def _rotate(
    runtime: Runtime, caller: Caller, webhook_uuid: UUID, *, secret: str | None = None
) -> dict[str, Any]:
    view, made = await service.rotate_secret(runtime, caller, webhook_uuid, secret)
    return {**asdict(view), "secret": made}


async def _replay(
    runtime: Runtime, caller: Caller, webhook_uuid: UUID, since: datetime, until: datetime
) -> Replayed:
    chosen = ReplayRange(since, until, (DeliveryState.DEAD,))
    return await log.replay_deliveries(runtime, caller, webhook_uuid, chosen)


def _events() -> str:
    """Every event, each noun said once: a model pays for each word."""
    deeds: dict[str, list[str]] = {}
    for event in EventType:
        noun, _, deed = event.partition(".")
        deeds.setdefault(noun, []).append(deed)
    return ", ".join(f"{noun}.{'|'.join(found)}" for noun, found in deeds.items())


WEBHOOKS = Tool(
    "webhooks",
    f"Where the person's own systems are told what happened. Events: {_events()}.",
    {
        "list": Operation(service.page_webhooks, _READ),
        "get": Operation(service.get_webhook, _READ),
        "create": Operation(_create, _WRITE, "the answer holds its secret, once"),
        "update": Operation(service.change_webhook, _WRITE),
        "test": Operation(log.send_test, _WRITE, "sends a webhook.test event"),
        "deliveries": Operation(log.page_deliveries, _READ, "what was sent, and the answers"),
        "replay": Operation(
            _replay,
            _WRITE,
            "sends again what was given up",
            preview=previews.plainly("Send again the events of that time that were given up"),
        ),
        "rotate_secret": Operation(
            _rotate,
            _WRITE,
            preview=previews.about(
                service.get_webhook, "Change its secret; for 24 hours both sign", "url"
            ),
        ),
        "delete": Operation(
            service.delete_webhook,
            _WRITE,
            preview=previews.about(
                service.get_webhook, "Delete this webhook and its log", "url", "events"
            ),
        ),
    },
)
