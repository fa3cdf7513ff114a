"""A worker: claims batches and sends them, several transports at a time, one batch each."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
import time
from contextlib import suppress

import structlog

from mailwright.delivery import finish, outages, retries
from mailwright.delivery.batch import Delivery, End, Result
from mailwright.delivery.mailing import Mailings
from mailwright.delivery.pace import PACE, Pace
from mailwright.delivery.route import Route
from mailwright.delivery.transitions import move
from mailwright.domain.campaign_lifecycle import CampaignEvent
from mailwright.errors import DatabaseUnreachable, NotReady, OperatorError
from mailwright.services import transports
from mailwright.services.runtime import Runtime
from mailwright.store import batches, job_queue
from mailwright.store.batches import Lease
from mailwright.store.database import DATABASE_TROUBLE
from mailwright.wire.smtp_url import Transport

log = structlog.get_logger()


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
        self._mailings = Mailings(runtime)
        self._routes: dict[str, tuple[Transport, Route]] = {}  # by lane
        self._deliveries: dict[str, Delivery] = {}  # by lane
        self._lanes: dict[str, asyncio.Task[None]] = {}
        self._woken = asyncio.Event()
        self._is_halted = False
        self._last_campaign_id = 0

    def halt(self) -> None:
        """Claims nothing more; the mails in hand are finished."""
        self._is_halted = True
        self._woken.set()
        for delivery in self._deliveries.values():
            delivery.halt()

    async def run(self) -> None:
        """Claims and sends until `halt()`."""
        around = [
            asyncio.create_task(self._listen()),
            asyncio.create_task(retries.run(self._runtime, woken=self._woken, pace=self._pace)),
        ]
        try:
            while not self._is_halted:
                self._woken.clear()
                if not await self._start_one():
                    await self._rest()
            await self._drain()
        finally:
            for task in (*around, *self._lanes.values()):
                task.cancel()
            await asyncio.gather(*around, *self._lanes.values(), return_exceptions=True)
            for _, route in self._routes.values():
                await route.close()

    async def _start_one(self) -> bool:
        """Whether there was a batch to claim and a lane for it."""
        if len(self._lanes) >= self._pace.lanes:
            self._end_long_turns()
            return False
        claimed_at = time.monotonic()
        try:
            async with self._runtime.database.raw() as connection:
                lease = await batches.claim(
                    connection,
                    worker=self.name,
                    lease_seconds=self._pace.lease_seconds,
                    busy_lanes=list(self._lanes),
                    after_campaign_id=self._last_campaign_id,
                )
        except DATABASE_TROUBLE as error:
            log.warning("claim_failed", error=str(error))
            return False
        if lease is None:
            return False
        self._last_campaign_id = lease.campaign_id
        self._lanes[lease.lane] = asyncio.create_task(self._serve(lease, claimed_at))
        return True

    async def _rest(self) -> None:
        """Until somebody wakes us; a little at most, for nobody may."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._pace.poll_seconds):
                await self._woken.wait()

    async def _drain(self) -> None:
        """Waits for the mails in hand, and for a slow server not for ever."""
        if self._lanes:
            await asyncio.wait(self._lanes.values(), timeout=self._pace.drain_seconds)

    def _end_long_turns(self) -> None:
        """With every lane taken, those that had theirs for long give way."""
        for delivery in self._deliveries.values():
            if delivery.seconds > self._pace.turn_seconds:
                delivery.halt()

    # --- one lane

    async def _serve(self, lease: Lease, claimed_at: float) -> None:
        try:
            await self._settle(lease, await self._deliver(lease, claimed_at))
        except DATABASE_TROUBLE as error:
            log.warning("batch_left", error=str(error), **_ids(lease))  # until its lease is over
        except asyncio.CancelledError:
            await self._give_back(lease)
            raise
        except Exception:
            log.exception("batch_failed", **_ids(lease))  # its lease keeps it from spinning
        finally:
            self._deliveries.pop(lease.lane, None)
            self._lanes.pop(lease.lane, None)
            self._woken.set()

    async def _deliver(self, lease: Lease, claimed_at: float) -> Result:
        if lease.in_flight:
            async with self._runtime.database.raw() as connection:
                if not await batches.take_over(connection, lease):
                    return Result(End.LOST)
        try:
            mailing = await self._mailings.of(lease)
            route = await self._route(lease)
        except DatabaseUnreachable:
            raise
        except NotReady as error:
            await move(
                self._runtime,
                lease.tenant_id,
                lease.campaign_id,
                CampaignEvent.FAIL,
                reason=error.message,
            )
            return Result(End.HALTED)
        except OperatorError as error:
            return Result(End.REFUSED, error.message)
        if mailing is None:
            return Result(End.HALTED)
        delivery = Delivery(self._runtime, lease, route, mailing, self._pace, claimed_at=claimed_at)
        self._deliveries[lease.lane] = delivery
        if self._is_halted:
            delivery.halt()
        return await delivery.run()

    async def _settle(self, lease: Lease, result: Result) -> None:
        """What follows from how a batch ended."""
        if result.is_heard:
            await outages.note_success(self._runtime, lease)
        if result.end is End.DONE:
            async with self._runtime.database.raw() as connection:
                is_closed = await batches.close(connection, lease)
            if is_closed:
                await finish.finish_if_drained(self._runtime, lease.tenant_id, lease.campaign_id)
                return
        if result.refusal is not None:
            await outages.note_refusal(self._runtime, lease, result.refusal)
        await self._give_back(lease)

    async def _give_back(self, lease: Lease) -> None:
        with suppress(*DATABASE_TROUBLE):  # it becomes free when its lease is over
            async with self._runtime.database.raw() as connection:
                await batches.give_back(connection, lease)

    async def _route(self, lease: Lease) -> Route:
        """The lane's connections; new ones when its transport was changed."""
        async with self._runtime.database.reading() as connection:
            found = await transports.resolve(
                self._runtime, connection, lease.tenant_id, lease.project_id, sandbox=lease.sandbox
            )
        known = self._routes.get(lease.lane)
        if known is not None and known[0] == found.transport:
            return known[1]
        if known is not None:
            await known[1].close()
        route = Route(found.transport, transports.helo_name(self._runtime.settings))
        self._routes[lease.lane] = found.transport, route
        return route

    # --- being woken

    async def _listen(self) -> None:
        """Is woken by `job_queue.wake_workers`, through a connection of its own."""
        while True:
            with suppress(*DATABASE_TROUBLE):
                async with job_queue.listening(self._runtime.database, self._woken) as is_lost:
                    self._woken.set()  # for what happened before we listened
                    await is_lost.wait()
            await asyncio.sleep(self._pace.poll_seconds)


def _ids(lease: Lease) -> dict[str, int]:
    return {"campaign_id": lease.campaign_id, "batch": lease.number, "fence": lease.fence}
