"""Jobs of campaigns: fire a schedule, start one, close a canceled one."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from pgqueuer.errors import RetryRequested

from mailwright.delivery import fan_out, finish, schedules
from mailwright.services.runtime import Runtime

#: A batch in a worker's hands is closed by then, or its lease is nearly over.
_LOOK_AGAIN = timedelta(seconds=0.5)


async def start_campaign(
    runtime: Runtime, payload: Mapping[str, Any], *, stop: asyncio.Event
) -> None:
    """Starts the campaign and writes its audience down, chunk by chunk, as long as there is one."""
    key = payload["tenant_id"], payload["campaign_id"]
    if not await fan_out.start(runtime, *key):
        return
    while await fan_out.write_chunk(runtime, *key):
        if stop.is_set():
            raise RetryRequested(reason="the process stops; another goes on")


async def fire_schedule(
    runtime: Runtime, payload: Mapping[str, Any], *, stop: asyncio.Event
) -> None:
    """Queues the campaign, and starts it, if it is still scheduled for the time of the job."""
    key = payload["tenant_id"], payload["campaign_id"]
    scheduled_at = datetime.fromisoformat(payload["scheduled_at"])
    early = scheduled_at - runtime.now()
    if early > timedelta(0):  # the database's clock is ahead of ours
        raise RetryRequested(early, reason="not yet")
    if await schedules.fire(runtime, *key, scheduled_at):
        await start_campaign(runtime, payload, stop=stop)


async def close_canceled(
    runtime: Runtime, payload: Mapping[str, Any], *, stop: asyncio.Event
) -> None:
    """Ends what the canceled campaign has not sent, once no worker has it in hand."""
    key = payload["tenant_id"], payload["campaign_id"]
    while await finish.close_chunk(runtime, *key):
        if stop.is_set():
            raise RetryRequested(reason="the process stops; another goes on")
    if not await finish.is_closed(runtime, *key):
        raise RetryRequested(_LOOK_AGAIN, reason="a worker still has a batch in hand")
