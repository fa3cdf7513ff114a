"""One leased batch, from its rows to their outcomes."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum

import structlog
from sqlalchemy.exc import DBAPIError

from mailwright.delivery.courier import Courier
from mailwright.delivery.load import Due, Load
from mailwright.delivery.pace import Pace
from mailwright.delivery.recorder import LeaseLost, Recorder
from mailwright.delivery.route import Route
from mailwright.domain.message_lifecycle import MessageState
from mailwright.errors import TransportRefused
from mailwright.services import soft_bounces
from mailwright.services.runtime import Runtime
from mailwright.store import batches
from mailwright.store.batches import Lease
from mailwright.store.database import DATABASE_TROUBLE
from mailwright.store.database import driver_connection as raw
from mailwright.store.messages import Outcome
from mailwright.store.single_mails import EXPIRED

log = structlog.get_logger()


class End(StrEnum):
    """How work on a batch ended."""

    DONE = "done"  # every row has its outcome
    HALTED = "halted"  # paused, canceled, told to stop, or its turn was over
    REFUSED = "refused"  # the transport would not have us
    LOST = "lost"  # the lease is somebody else's


@dataclass(frozen=True, slots=True)
class Result:
    """How it ended and, when the transport refused us, in which words."""

    end: End
    refusal: str | None = None
    is_heard: bool = False  # the transport works


class Delivery:
    """Sends what waits in one batch. `run()` once."""

    def __init__(
        self,
        runtime: Runtime,
        lease: Lease,
        route: Route,
        load: Load,
        pace: Pace,
        *,
        claimed_at: float,
    ) -> None:
        """`claimed_at`: `time.monotonic()` before the claim."""
        self._runtime = runtime
        self._database = runtime.database
        self._lease = lease
        self._route = route
        self._load = load
        self._pace = pace
        self._at_work: set[int] = set()  # numbers of the couriers
        self._recorder = Recorder(
            runtime.database,
            lease,
            pace.lease_seconds,
            claimed_at=claimed_at,
            couriers=lambda: len(self._at_work),
        )
        self._queue: deque[Due] = deque()
        self._couriers_most = route.connections
        self._is_over = asyncio.Event()
        self._began_at = time.monotonic()
        self._is_halted = False
        self._refusal: str | None = None
        self._is_heard = False

    def halt(self) -> None:
        """The mails in hand are finished, no other is begun."""
        self._is_halted = True

    @property
    def seconds(self) -> float:
        """How long it has been at work."""
        return time.monotonic() - self._began_at

    async def run(self) -> Result:
        """Sends until every row has its outcome, or `halt()`, or the transport or lease is gone."""
        try:
            await self._fill()
            with self._route.in_use(len(self._queue), urgent=self._load.is_urgent):
                try:
                    await self._send()
                finally:
                    await self._recorder.flush()
            await self._judge()
        except LeaseLost:
            log.warning("lease_lost", **self._ids)
            return Result(End.LOST)
        end = End.REFUSED if self._refusal else End.HALTED if self._queue else End.DONE
        return Result(end, self._refusal, self._is_heard)

    async def _fill(self) -> None:
        """Queues the rows that still wait; who may not be mailed any more is skipped."""
        async with self._database.reading() as connection:
            found = await self._load.due(connection, self._lease)
        for due in found:
            if due.skip_reason is None:
                self._queue.append(due)
            else:
                self._skip(due, due.skip_reason)

    async def _judge(self) -> None:
        """Leaves addresses alone to which nothing gets through."""
        try:
            await soft_bounces.judge(self._runtime, self._lease.tenant_id, self._recorder.failed)
        except (*DATABASE_TROUBLE, DBAPIError) as error:  # the next failure is another occasion
            log.warning("soft_bounces_not_judged", error=str(error), **self._ids)

    async def _send(self) -> None:
        async with _one_error(), asyncio.TaskGroup() as tasks:
            tasks.create_task(self._recorder.run())
            watch = tasks.create_task(self._watch(tasks))
            self._hire(tasks)
            await self._is_over.wait()
            watch.cancel()
            self._recorder.close()

    # --- couriers

    def _hire(self, tasks: asyncio.TaskGroup) -> None:
        """As many couriers as there may be connections and there are messages."""
        wanted = min(self._couriers_most, self._connections, len(self._queue))
        for number in range(0 if self._is_halted else wanted):
            if number not in self._at_work:
                self._at_work.add(number)
                tasks.create_task(self._work(number))
        self._look_whether_over()

    async def _work(self, number: int) -> None:
        courier = Courier(self._route, self._load, self._recorder)
        try:
            while (due := await self._next(number)) is not None:
                try:
                    await courier.send(due)
                except TransportRefused as refusal:
                    self._queue.appendleft(due)
                    self._on_refusal(refusal)
                    return
            await courier.leave()
        finally:
            await courier.hang_up()
            self._is_heard |= courier.has_been_heard
            self._at_work.discard(number)
            self._look_whether_over()

    async def _next(self, number: int) -> Due | None:
        """The message whose turn it is, as soon as the rate allows; None: nothing more to do."""
        while not self._is_halted and self._queue and number < self._connections:
            wait = self._route.permit(urgent=self._load.is_urgent)
            if not wait:
                return self._queue.popleft()
            await asyncio.sleep(min(wait, self._pace.look_seconds))
        return None

    @property
    def _connections(self) -> int:
        return self._route.connections_for(urgent=self._load.is_urgent)

    def _on_refusal(self, refusal: TransportRefused) -> None:
        """One connection too many is no outage: the others go on. The last one halts the batch."""
        self._couriers_most = len(self._at_work) - 1
        if self._couriers_most == 0:
            self._refusal = refusal.message
            self._is_halted = True

    def _look_whether_over(self) -> None:
        if not self._at_work and (self._is_halted or not self._queue):
            self._is_over.set()

    # --- looking around

    async def _watch(self, tasks: asyncio.TaskGroup) -> None:
        """Twice a second: may we go on, is anybody to be left out, how many workers share."""
        while True:
            await asyncio.sleep(self._pace.look_seconds)
            self._recorder.renew()
            try:
                await self._look()
            except (*DATABASE_TROUBLE, DBAPIError) as error:  # the recorder knows when to give up
                log.warning("look_failed", error=str(error), **self._ids)
                continue
            self._hire(tasks)

    async def _look(self) -> None:
        lease = self._lease
        async with self._database.reading() as connection:
            gone = await self._load.gone(connection, lease, list(self._queue))
            if gone is None:
                self.halt()
                return
            self._route.share_with(await batches.sharers(await raw(connection), lease))
        if gone:
            self._leave_out(gone)

    def _leave_out(self, reasons: Mapping[int, str]) -> None:
        """Skips those in the queue who unsubscribed, or were suppressed, a moment ago."""
        waiting, self._queue = self._queue, deque[Due]()
        for due in waiting:
            if due.message_id in reasons:
                self._skip(due, reasons[due.message_id])
            else:
                self._queue.append(due)

    def _skip(self, due: Due, reason: str) -> None:
        state = MessageState.FAILED if reason == EXPIRED else MessageState.SKIPPED
        self._recorder.note(
            Outcome(due.message_id, due.attempts, state, reason=reason, was_tried=False)
        )

    @property
    def _ids(self) -> dict[str, int]:
        lease = self._lease
        return {"campaign_id": lease.campaign_id, "batch": lease.number, "fence": lease.fence}


@asynccontextmanager
async def _one_error() -> AsyncGenerator[None]:
    """Out of a task group that failed, the error that made it fail: LeaseLost before others."""
    try:
        yield
    except BaseExceptionGroup as group:
        lost, others = group.split(LeaseLost)
        raise (lost or others or group).exceptions[0] from None
