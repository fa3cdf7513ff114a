"""A tenant with a webhook and somebody at its other end: the stage of every test of webhooks."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import select

from mailwright.domain.webhook_event import EventType, WebhookDialect
from mailwright.domain.webhook_words import MailingCoreWord
from mailwright.services import webhook_delivery, webhooks
from mailwright.services.caller import Caller
from mailwright.services.runtime import Runtime
from mailwright.services.webhooks import NewWebhook, WebhookView
from mailwright.store.rows import Row, every
from mailwright.store.tables import webhook_deliveries, webhook_endpoints
from tests.wire.http_receiver import Received, Receiver, receiving


def verified(received: Received, secret: str) -> dict[str, Any]:
    """The body, when its Standard Webhooks signature holds: written from the standard, not ours."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    headers = received.headers
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + received.body
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert f"v1,{expected}" in headers["webhook-signature"].split(" ")
    return json.loads(received.body)


@dataclass(frozen=True)
class WebhookStage:
    """An endpoint at a receiver of our own."""

    runtime: Runtime
    caller: Caller
    receiver: Receiver
    webhook: WebhookView
    secret: str = field(repr=False)

    async def deliver(self, stop: asyncio.Event | None = None) -> None:
        """What the job does, once."""
        endpoint = await self.endpoint()
        key = endpoint["tenant_id"], endpoint["id"]
        async with webhook_delivery.client(self.runtime) as client:
            while await webhook_delivery.deliver_chunk(
                self.runtime, client, *key, stop=stop or asyncio.Event()
            ):
                pass

    async def endpoint(self) -> Row:
        async with self.runtime.database.reading() as connection:
            statement = select(webhook_endpoints).where(
                webhook_endpoints.c.uuid == self.webhook.uuid
            )
            return (await every(connection, statement))[0]

    async def deliveries(self) -> list[Row]:
        """The rows of this endpoint, in the order they were written."""
        endpoint = await self.endpoint()
        async with self.runtime.database.reading() as connection:
            statement = (
                select(webhook_deliveries)
                .where(webhook_deliveries.c.endpoint_id == endpoint["id"])
                .order_by(webhook_deliveries.c.id)
            )
            return list(await every(connection, statement))

    async def until_delivered(self, seconds: float = 10.0) -> None:
        """Waits until nothing is pending."""
        async with asyncio.timeout(seconds):
            while True:
                await asyncio.sleep(0.05)
                if all(row["state"] != "pending" for row in await self.deliveries()):
                    return

    def told(self) -> list[dict[str, Any]]:
        """The bodies that came, each with a signature that holds."""
        return [verified(received, self.secret) for received in self.receiver.requests]


def open_to_loopback(runtime: Runtime) -> Runtime:
    """The same runtime, where webhooks may reach this machine."""
    settings = runtime.settings.model_copy(update={"allow_private_targets": "on"})
    return replace(runtime, settings=settings)


@asynccontextmanager
async def webhook_stage(
    runtime: Runtime,
    caller: Caller,
    *events: EventType,
    dialect: WebhookDialect = WebhookDialect.NATIVE,
) -> AsyncGenerator[WebhookStage]:
    """A webhook for `events`, all that its dialect has when none is named."""
    runtime = open_to_loopback(runtime)
    async with receiving() as receiver:
        known = MailingCoreWord if dialect is WebhookDialect.MAILINGCORE else EventType
        new = NewWebhook(receiver.url, events or tuple(known), dialect=dialect)
        webhook, secret = await webhooks.create_webhook(runtime, caller, new)
        yield WebhookStage(runtime, caller, receiver, webhook, secret)
