"""Messages that wait for another try go into batches again, and leave like all others.

Deferred ones of campaigns when their time has come; single mails that a dead worker held at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from mailwright.delivery.pace import Pace
from mailwright.services.runtime import Runtime
from mailwright.store import fan_outs, retries, single_batches
from mailwright.store.database import DATABASE_TROUBLE

log = structlog.get_logger()


async def run(runtime: Runtime, *, wake: Callable[[], None], pace: Pace) -> None:
    """Looks for them until canceled; calls `wake` when there are some."""
    while True:
        try:
            while await add_due(runtime):
                wake()
        except DATABASE_TROUBLE as error:
            log.warning("retries_not_looked_up", error=str(error))
        await asyncio.sleep(pace.retry_seconds)


async def add_due(runtime: Runtime) -> int:
    """How many messages may be claimed now that could not before."""
    async with runtime.database.raw() as connection:
        rescued = await single_batches.rescue(connection)
        if rescued:
            log.info("single_mails_rescued", messages=rescued)
        return rescued + await retries.add_due(connection, fan_outs.BATCH_SIZE)
