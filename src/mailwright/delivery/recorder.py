"""Writes outcomes down, in groups, and says when the next final dot may be given.

The promise of the engine rests on one rule: a connection gives a final dot only after its previous
outcome, and the intention to send the next message, are committed. So whatever is killed at
whatever moment, the messages whose fate is unknown are exactly those in `batches.in_flight`, one
per connection at most.

One statement commits the outcomes of all connections that came while the last one ran, the new
`in_flight` and the renewed lease (store/messages.py, `record`). It changes nothing when the lease
is lost; then `LeaseLost` stops the batch.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress

from mailwright.domain.message_lifecycle import MessageState
from mailwright.store import messages
from mailwright.store.batches import Lease
from mailwright.store.database import DATABASE_TROUBLE, Connection, Database
from mailwright.store.messages import Outcome

_FAILURES = frozenset({MessageState.BOUNCED, MessageState.FAILED})
_GATHER_SECONDS = 0.003  # at most; what a handful of mails takes to be written and offered
_TRY_AGAIN_SECONDS = 0.2
_RENEW_SHARE = 0.25  # of the lease may pass before it is renewed though nothing happened


class LeaseLost(Exception):
    """The batch is, or may be, in another worker's hands: not one more final dot."""


class Recorder:
    """The only writer of one leased batch. `run()` it beside the connections that use it."""

    def __init__(
        self,
        database: Database,
        lease: Lease,
        lease_seconds: float,
        *,
        claimed_at: float,
        couriers: Callable[[], int],
    ) -> None:
        """`claimed_at`: `time.monotonic()` before the claim. `couriers`: how many are at work."""
        self._couriers = couriers
        self._database = database
        self._lease = lease
        self._lease_seconds = lease_seconds
        self._outcomes: list[Outcome] = []
        self.failed: list[int] = []  # mails that are over, though nothing condemned the address
        self._asked: list[tuple[int, asyncio.Future[None]]] = []
        self._in_flight: set[int] = set()
        self._committed_in_flight: set[int] = set()
        self._renewed_at = claimed_at
        self._something_to_do = asyncio.Event()
        self._group_is_large = asyncio.Event()
        self._is_closing = False

    def note(self, outcome: Outcome) -> None:
        """Will be committed with the next group, at the latest when the lease is renewed."""
        self._outcomes.append(outcome)
        if outcome.state in _FAILURES and outcome.suppress is None:
            self.failed.append(outcome.message_id)

    def withdraw(self, message_id: int) -> None:
        """The message was allowed to go and certainly did not: nothing about it is unknown."""
        self._in_flight.discard(message_id)

    async def allow(self, message_id: int) -> None:
        """Returns when everything noted so far, and that this message goes next, are committed.

        Raises LeaseLost, also when the commit came back so late that the lease may be over.
        """
        allowed = asyncio.get_running_loop().create_future()
        self._asked.append((message_id, allowed))
        self._something_to_do.set()
        if self._enough_asked():
            self._group_is_large.set()
        await allowed
        if self._lease_is_over():
            raise LeaseLost

    def renew(self) -> None:
        """Call it now and then: notes are committed, and the lease is kept though nobody sends."""
        idle = time.monotonic() - self._renewed_at
        if self._outcomes or idle > self._lease_seconds * _RENEW_SHARE:
            self._something_to_do.set()

    async def run(self) -> None:
        """Commits group after group until `close()`. Raises LeaseLost."""
        while not self._is_closing:
            try:
                async with self._database.raw() as connection:
                    await self._commit_groups(connection)
            except DATABASE_TROUBLE:
                await self._wait_or_give_up()

    def close(self) -> None:
        """Nobody asks any more: `run()` returns."""
        self._is_closing = True
        self._something_to_do.set()

    async def flush(self) -> None:
        """Commits what is left when `run()` is over. Raises LeaseLost."""
        while self._outcomes or self._in_flight != self._committed_in_flight:
            try:
                async with self._database.raw() as connection:
                    await self._commit(connection)
            except DATABASE_TROUBLE:
                await self._wait_or_give_up()

    async def _commit_groups(self, connection: Connection) -> None:
        while not self._is_closing:
            await self._something_to_do.wait()
            await self._gather()
            await self._commit(connection)

    async def _gather(self) -> None:
        """Waits a moment for others to join: a commit costs little more for eight than for one.

        For half of the couriers at most, so that the others have work while it runs.
        """
        self._group_is_large.clear()
        await asyncio.sleep(0)  # whoever is ready in this very moment
        if not self._enough_asked():
            with suppress(TimeoutError):
                async with asyncio.timeout(_GATHER_SECONDS):
                    await self._group_is_large.wait()

    def _enough_asked(self) -> bool:
        return len(self._asked) * 2 >= self._couriers()

    async def _wait_or_give_up(self) -> None:
        if self._lease_is_over():
            raise LeaseLost
        await asyncio.sleep(_TRY_AGAIN_SECONDS)
        self._something_to_do.set()

    async def _commit(self, connection: Connection) -> None:
        self._something_to_do.clear()
        outcomes, asked = self._outcomes, [ask for ask in self._asked if not ask[1].done()]
        self._outcomes, self._asked = [], []
        self._in_flight.difference_update(outcome.message_id for outcome in outcomes)
        self._in_flight.update(message_id for message_id, _ in asked)
        in_flight = set(self._in_flight)
        started = time.monotonic()
        try:
            holds = await messages.record(
                connection,
                self._lease,
                outcomes,
                in_flight=list(in_flight),
                lease_seconds=self._lease_seconds,
            )
        except BaseException:
            self._outcomes[:0], self._asked[:0] = outcomes, asked
            raise
        if not holds:
            raise LeaseLost
        self._renewed_at = started
        self._committed_in_flight = in_flight
        for _, allowed in asked:
            if not allowed.done():  # a canceled connection no longer waits
                allowed.set_result(None)

    def _lease_is_over(self) -> bool:
        """By our own clock, which ran on while we were stopped, from before the last renewal."""
        return time.monotonic() - self._renewed_at > self._lease_seconds
