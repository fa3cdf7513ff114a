"""One transport in use by one worker: its open connections and its share of the limits.

Connections and rate are promises about the transport, whoever sends: a worker takes its part of
both and looks twice a second how many workers share (store/batches.py, `sharers`). So around a
change of their number the limit may be passed for that half second, never longer.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress

from mailwright.domain.throttle import Throttle
from mailwright.wire.smtp_client import SmtpConnection
from mailwright.wire.smtp_url import Transport

GOODBYE_SECONDS = 1.0


class Route:
    """Opens connections and takes them back. `close()` it when nobody sends any more."""

    def __init__(self, transport: Transport, helo: str) -> None:
        self.connections = transport.connections
        self._transport = transport
        self._helo = helo
        self._idle: list[SmtpConnection] = []
        self._sharers = 0
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

    def permit(self) -> float:
        """0.0: one mail may leave now; else the seconds until it is worth asking again."""
        return self._throttle.take(time.monotonic()) if self._throttle else 0.0

    async def connection(self) -> SmtpConnection:
        """One that is open already, or a new one. Raises TransportRefused."""
        while self._idle:
            connection = self._idle.pop()
            if connection.is_usable:
                return connection
            await connection.quit()
        return await SmtpConnection.open(self._transport, helo=self._helo)

    def take_back(self, connection: SmtpConnection) -> None:
        """The next batch goes on with it."""
        self._idle.append(connection)

    async def close(self) -> None:
        """Says goodbye on every idle connection, and does not wait long for an answer."""
        idle, self._idle = self._idle, []
        with suppress(TimeoutError):
            async with asyncio.timeout(GOODBYE_SECONDS):
                await asyncio.gather(*(connection.quit() for connection in idle))
