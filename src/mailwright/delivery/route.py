"""One transport in use by one worker: its open connections and its share of the limits.

Connections and rate are promises about the transport, whoever sends: a worker takes its part of
both and looks twice a second how many workers share (store/batches.py, `sharers`). So around a
change of their number the limit may be passed for that half second, never longer.

Single mails are urgent: while some are under way, campaigns on the same transport leave them up to
half of its connections, from one mail to the next, and the next turn of a limited rate.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress

from mailwright.domain.throttle import Throttle
from mailwright.wire.smtp_client import SmtpConnection
from mailwright.wire.smtp_url import Transport

GOODBYE_SECONDS = 1.0
PATIENCE_SECONDS = 1.0  # for a connection that another mail still uses
TURN_SECONDS = 0.1  # how late an urgent mail may come back for a turn that was kept for it


class Route:
    """Opens connections and takes them back. `close()` it when nobody sends any more."""

    def __init__(self, transport: Transport, helo: str) -> None:
        self.connections = transport.connections
        self._transport = transport
        self._helo = helo
        self._idle: list[SmtpConnection] = []
        self._taken = 0  # connections that couriers hold
        self._left = asyncio.Event()
        self._sharers = 0
        self._urgent = 0  # connections that campaigns leave to single mails just now
        self._bulk = 0  # batches of campaigns under way
        self._urgent_turn_until = 0.0
        self._throttle: Throttle | None = None
        self.share_with(1)

    def share_with(self, sharers: int) -> None:
        """Takes one part in `sharers` of connections (one at least) and rate."""
        if sharers == self._sharers:
            return
        self._sharers = sharers
        self.connections = max(1, self._transport.connections // sharers)
        if self._transport.rate is not None:
            self._throttle = Throttle.per_second(self._transport.rate / sharers)

    def connections_for(self, *, urgent: bool) -> int:
        """How many the mails of one kind may use; those of a campaign none, where there is one."""
        if urgent:
            return self.connections if not self._bulk else max(1, self.connections // 2)
        return max(0, self.connections - self._urgent)

    @contextmanager
    def in_use(self, mails: int, *, urgent: bool) -> Generator[None]:
        """While that many mails are under way, those of the other kind take account of them."""
        mine = min(mails, self.connections_for(urgent=True)) if urgent else 0
        self._urgent += mine
        self._bulk += not urgent
        try:
            yield
        finally:
            self._urgent -= mine
            self._bulk -= not urgent

    def permit(self, *, urgent: bool = False) -> float:
        """0.0: one mail may leave now; else the seconds until it is worth asking again."""
        if self._throttle is None:
            return 0.0
        now = time.monotonic()
        if not urgent and now < self._urgent_turn_until:
            return self._urgent_turn_until - now
        wait = self._throttle.take(now)
        self._urgent_turn_until = now + wait + TURN_SECONDS if urgent and wait else 0.0
        return wait

    async def connection(self) -> SmtpConnection:
        """One that is open already, or a new one. Raises TransportRefused.

        Where all there may be are in use, first waits a little for one that is left.
        """
        if self._taken >= self.connections:
            await self._wait_for_one()
        self._taken += 1
        try:
            while self._idle:
                connection = self._idle.pop()
                if connection.is_usable:
                    return connection
                await connection.quit()
            return await SmtpConnection.open(self._transport, helo=self._helo)
        except BaseException:
            self._has_left()
            raise

    def take_back(self, connection: SmtpConnection) -> None:
        """The next batch goes on with it."""
        self._idle.append(connection)
        self._has_left()

    async def drop(self, connection: SmtpConnection) -> None:
        """Closes it at once, whatever it is doing."""
        self._has_left()
        await connection.quit()

    async def _wait_for_one(self) -> None:
        self._left.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self._left.wait()

    def _has_left(self) -> None:
        self._taken -= 1
        self._left.set()

    async def close(self) -> None:
        """Says goodbye on every idle connection, and does not wait long for an answer."""
        idle, self._idle = self._idle, []
        with suppress(TimeoutError):
            async with asyncio.timeout(GOODBYE_SECONDS):
                await asyncio.gather(*(connection.quit() for connection in idle))
