"""Batches of one source, served several at a time: one for each transport, its lane."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress

import structlog

from mailwright.delivery.batch import Delivery, End, Result
from mailwright.delivery.pace import Pace
from mailwright.delivery.routes import Routes
from mailwright.delivery.source import Source
from mailwright.errors import DatabaseUnreachable, OperatorError
from mailwright.services.runtime import Runtime
from mailwright.store.batches import Lease
from mailwright.store.database import DATABASE_TROUBLE

log = structlog.get_logger()


class Lanes:
    """One worker's work on one source. `run()` once; `halt()` ends it."""

    def __init__(
        self, runtime: Runtime, source: Source, routes: Routes, *, worker: str, pace: Pace
    ) -> None:
        self._runtime = runtime
        self._source = source
        self._routes = routes
        self._worker = worker
        self._pace = pace
        self._deliveries: dict[str, Delivery] = {}  # by lane
        self._tasks: dict[str, asyncio.Task[None]] = {}  # by lane
        self._woken = asyncio.Event()
        self._is_halted = False

    def wake(self) -> None:
        """There may be a batch to claim."""
        self._woken.set()

    def halt(self) -> None:
        """Claims nothing more; the mails in hand are finished."""
        self._is_halted = True
        self._woken.set()
        for delivery in self._deliveries.values():
            delivery.halt()

    async def run(self) -> None:
        """Claims and sends until `halt()`."""
        try:
            while not self._is_halted:
                self._woken.clear()
                if not await self._start_one():
                    await self._rest()
            await self._drain()
        finally:
            tasks = list(self._tasks.values())
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _start_one(self) -> bool:
        """Whether there was a batch to claim and a lane for it."""
        if len(self._tasks) >= self._pace.lanes:
            self._end_long_turns()
            return False
        claimed_at = time.monotonic()
        try:
            lease = await self._source.claim(worker=self._worker, busy_lanes=list(self._tasks))
        except DATABASE_TROUBLE as error:
            log.warning("claim_failed", error=str(error))
            return False
        if lease is None:
            return False
        self._tasks[lease.lane] = asyncio.create_task(self._serve(lease, claimed_at))
        return True

    async def _rest(self) -> None:
        """Until somebody wakes us; a little at most, for nobody may."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._pace.poll_seconds):
                await self._woken.wait()

    async def _drain(self) -> None:
        """Waits for the mails in hand, and for a slow server not for ever."""
        if self._tasks:
            await asyncio.wait(self._tasks.values(), timeout=self._pace.drain_seconds)

    def _end_long_turns(self) -> None:
        """With every lane taken, those that had theirs for long give way."""
        for delivery in self._deliveries.values():
            if delivery.seconds > self._pace.turn_seconds:
                delivery.halt()

    # --- one lane

    async def _serve(self, lease: Lease, claimed_at: float) -> None:
        try:
            await self._source.settle(lease, await self._deliver(lease, claimed_at))
        except DATABASE_TROUBLE as error:
            log.warning("batch_left", error=str(error), **_ids(lease))  # until its lease is over
        except asyncio.CancelledError:
            await self._give_back(lease)
            raise
        except Exception:
            log.exception("batch_failed", **_ids(lease))  # its lease keeps it from spinning
        finally:
            self._deliveries.pop(lease.lane, None)
            self._tasks.pop(lease.lane, None)
            self._woken.set()

    async def _deliver(self, lease: Lease, claimed_at: float) -> Result:
        try:
            load = await self._source.load(lease)
            if load is None:
                return Result(End.HALTED)
            route = await self._routes.of(lease)
        except DatabaseUnreachable:
            raise
        except OperatorError as error:
            return Result(End.REFUSED, error.message)
        delivery = Delivery(self._runtime, lease, route, load, self._pace, claimed_at=claimed_at)
        self._deliveries[lease.lane] = delivery
        if self._is_halted:
            delivery.halt()
        return await delivery.run()

    async def _give_back(self, lease: Lease) -> None:
        with suppress(*DATABASE_TROUBLE):  # it becomes free when its lease is over
            await self._source.give_back(lease)


def _ids(lease: Lease) -> dict[str, int]:
    return {"campaign_id": lease.campaign_id, "batch": lease.number, "fence": lease.fence}
