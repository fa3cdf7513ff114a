"""Deferred messages whose time has come go into batches, and leave like all others."""

from __future__ import annotations

import asyncio

import structlog

from mailwright.delivery.pace import Pace
from mailwright.services.runtime import Runtime
from mailwright.store import batches, fan_outs
from mailwright.store.database import DATABASE_TROUBLE

log = structlog.get_logger()


async def run(runtime: Runtime, *, woken: asyncio.Event, pace: Pace) -> None:
    """Looks for due retries until canceled; sets `woken` when there are some."""
    while True:
        try:
            while await add_due(runtime):
                woken.set()
        except DATABASE_TROUBLE as error:
            log.warning("retries_not_looked_up", error=str(error))
        await asyncio.sleep(pace.retry_seconds)


async def add_due(runtime: Runtime) -> int:
    """How many messages have been put into batches."""
    async with runtime.database.raw() as connection:
        return await batches.add_due_retries(connection, fan_outs.BATCH_SIZE)
