"""A worker: sends campaigns and single mails, several transports at a time.

Single mails have lanes of their own, so that no campaign makes them wait for its turn; on a
transport that both use they come first (delivery/route.py).
"""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
from contextlib import suppress

from mailwright.delivery import retries
from mailwright.delivery.campaign_mails import CampaignMails
from mailwright.delivery.lanes import Lanes
from mailwright.delivery.pace import PACE, Pace
from mailwright.delivery.routes import Routes
from mailwright.delivery.single_mails import SingleMails
from mailwright.services.runtime import Runtime
from mailwright.store import job_queue
from mailwright.store.database import DATABASE_TROUBLE


async def run(runtime: Runtime, *, stop: asyncio.Event, pace: Pace = PACE) -> None:
    """Sends what there is to send until `stop` is set; then ends within `pace.drain_seconds`.

    The mails in hand are finished and the batches given back, so that another worker goes on at
    once. Any number of workers may run, on any machine that reaches the database.
    """
    worker = Worker(runtime, pace)
    halt = asyncio.create_task(stop.wait())
    halt.add_done_callback(lambda _: worker.halt())
    try:
        await worker.run()
    finally:
        halt.cancel()


class Worker:
    """One process's part in sending. `run()` once; `halt()` ends it."""

    def __init__(self, runtime: Runtime, pace: Pace) -> None:
        self.name = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self._runtime = runtime
        self._pace = pace
        self._routes = Routes(runtime)
        self._lanes = tuple(
            Lanes(runtime, source, self._routes, worker=self.name, pace=pace)
            for source in (SingleMails(runtime, pace), CampaignMails(runtime, pace))
        )

    def halt(self) -> None:
        """Claims nothing more; the mails in hand are finished."""
        for lanes in self._lanes:
            lanes.halt()

    def wake(self) -> None:
        """There may be something to claim."""
        for lanes in self._lanes:
            lanes.wake()

    async def run(self) -> None:
        """Claims and sends until `halt()`."""
        around = [
            asyncio.create_task(self._listen()),
            asyncio.create_task(retries.run(self._runtime, wake=self.wake, pace=self._pace)),
        ]
        try:
            async with asyncio.TaskGroup() as tasks:
                for lanes in self._lanes:
                    tasks.create_task(lanes.run())
        finally:
            for task in around:
                task.cancel()
            await asyncio.gather(*around, return_exceptions=True)
            await self._routes.close()

    async def _listen(self) -> None:
        """Is woken by `job_queue.wake_workers`, through a connection of its own."""
        while True:
            with suppress(*DATABASE_TROUBLE):
                async with job_queue.listening(self._runtime.database, self.wake) as is_lost:
                    self.wake()  # for what happened before we listened
                    await is_lost.wait()
            await asyncio.sleep(self._pace.poll_seconds)
