"""The job of webhooks: what waits for one endpoint."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from pgqueuer.errors import RetryRequested

from mailwright.services import webhook_delivery
from mailwright.services.runtime import Runtime


async def deliver_webhooks(
    runtime: Runtime, payload: Mapping[str, Any], *, stop: asyncio.Event
) -> None:
    """Delivers what is due, until nothing is; what is due later wakes it by a sweep.

    One job for each endpoint: a slow receiver keeps only itself waiting.
    """
    key = payload["tenant_id"], payload["endpoint_id"]
    async with webhook_delivery.client(runtime) as client:
        while await webhook_delivery.deliver_chunk(runtime, client, *key, stop=stop):
            if stop.is_set():
                raise RetryRequested(reason="the process stops; another goes on")
    await webhook_delivery.forget_old(runtime, *key)
