"""A connection whose one user waits for bytes, for room to write, or for the end.

A Protocol instead of asyncio's streams: what arrives is taken in where it arrives and one future
wakes the user. Time-outs cost nothing while all goes well: there is one timer per connection,
looking at a deadline that each wait moves.
"""

from __future__ import annotations

import asyncio
from typing import cast


class WaitingProtocol(asyncio.Protocol):
    """Bytes in and out with deadlines. Subclasses take bytes in by `data_received`."""

    def __init__(self) -> None:
        self.lost: str | None = None  # why nothing can come any more
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._waiter: asyncio.Future[None] | None = None  # its user waits for bytes
        self._writable: asyncio.Future[None] | None = None  # set while the socket is full
        self._deadline = 0.0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def is_open(self) -> bool:
        """True until either side has hung up."""
        return self.lost is None

    @property
    def wire(self) -> asyncio.Transport:
        """The transport underneath."""
        assert self._transport is not None, "not connected yet"
        return self._transport

    def send(self, data: bytes) -> None:
        """Write, without waiting."""
        self.wire.write(data)

    async def drain(self, seconds: float) -> None:
        """Wait until the socket takes more; a peer that takes nothing for so long is left."""
        if self._writable is None or self.lost is not None:
            return
        try:
            async with asyncio.timeout(seconds):
                await self._writable
        except TimeoutError:
            self.abort("it took no data within the time-out")
        except asyncio.CancelledError:
            self.abort("canceled")
            raise

    async def wait(self, seconds: float) -> None:
        """Wait until something arrived or the connection ended; silence ends it too."""
        self._deadline = self._loop.time() + seconds
        if self._timer is None or self._timer.when() > self._deadline:
            self._arm(self._deadline)
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        except asyncio.CancelledError:
            self.abort("canceled")
            raise
        finally:
            self._waiter = None

    def wake(self) -> None:
        """End the present wait."""
        _resolve(self._waiter)

    def timed_out(self) -> None:
        """What to do about a peer that was silent past the deadline."""
        self.abort("nothing came within the time-out")

    def abort(self, reason: str) -> None:
        """Close at once, dropping what is not written yet."""
        self._end(reason)
        if self._transport is not None:
            self._transport.abort()

    # --- what the event loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def eof_received(self) -> bool:
        self._end("it closed the connection")
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(str(exc) if exc else "it closed the connection")

    def pause_writing(self) -> None:
        self._writable = self._loop.create_future()

    def resume_writing(self) -> None:
        _resolve(self._writable)
        self._writable = None

    def _arm(self, when: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(when, self._look_at_deadline)

    def _look_at_deadline(self) -> None:
        self._timer = None
        if self._waiter is None:
            return
        if self._loop.time() < self._deadline:
            self._arm(self._deadline)
        else:
            self.timed_out()

    def _end(self, reason: str) -> None:
        if self.lost is None:
            self.lost = reason
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        _resolve(self._waiter)
        _resolve(self._writable)


def _resolve(waiter: asyncio.Future[None] | None) -> None:
    if waiter is not None and not waiter.done():
        waiter.set_result(None)
