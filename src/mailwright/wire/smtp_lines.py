"""Command lines and message data out of a byte stream, with CRLF as the only end of anything."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from mailwright.wire.waiting_protocol import WaitingProtocol

CRLF = b"\r\n"
END_OF_DATA = b"\r\n.\r\n"
# With more than this unread, the peer has to wait until we have caught up.
MOST_UNREAD_OCTETS = 256 * 1024


class PeerLeft(Exception):
    """The connection ended, or its idle time did."""


class Interrupted(Exception):
    """The listener is stopping and this connection was waiting for a command."""


class LineTooLong(Exception):
    """A line ran past its limit; what follows cannot be trusted to be a command."""


class SmtpLines(WaitingProtocol):
    """The receiving end of one connection. `on_connect` starts its session."""

    def __init__(self, on_connect: Callable[[SmtpLines], None], idle_seconds: float) -> None:
        super().__init__()
        self._on_connect = on_connect
        self._idle_seconds = idle_seconds
        self._unread = bytearray()
        self._is_interrupted = False
        self.was_idle = False  # the peer was silent for too long

    @property
    def peer(self) -> str:
        """The address of the other side."""
        name = self.wire.get_extra_info("peername")
        return str(name[0]) if name else ""

    @property
    def has_input(self) -> bool:
        """True when the peer has said more than was read."""
        return bool(self._unread)

    @property
    def has_line(self) -> bool:
        """True when the next command can be read without waiting."""
        return CRLF in self._unread

    async def line(self, limit_octets: int) -> bytes:
        """The next line without its CRLF; LineTooLong above the limit, CRLF included."""
        unread = self._unread
        scanned = 0
        while (end := unread.find(CRLF, scanned)) < 0:
            if len(unread) >= limit_octets:
                raise LineTooLong
            scanned = max(0, len(unread) - 1)
            if self._is_interrupted:
                raise Interrupted
            await self._more()
        if end + 2 > limit_octets:
            raise LineTooLong
        line = bytes(unread[:end])
        del unread[: end + 2]
        return line

    async def data(self, limit_octets: int) -> bytes | None:
        """Everything up to the final dot, still stuffed; None when it was above the limit.

        A message that is too large is read to its end all the same, to find the next command.
        """
        unread = self._unread
        # The CRLF of the DATA line counts as the first half of the end of an empty message.
        unread[:0] = CRLF
        scanned, is_too_large = 0, False
        while (end := unread.find(END_OF_DATA, scanned)) < 0:
            scanned = max(0, len(unread) - len(END_OF_DATA) + 1)
            if scanned > limit_octets:
                is_too_large = True
                del unread[:scanned]
                scanned = 0
            await self._more()
        data = bytes(memoryview(unread)[2 : end + 2])
        del unread[: end + len(END_OF_DATA)]
        return None if is_too_large or len(data) > limit_octets else data

    async def flush(self) -> None:
        """Wait until the peer has taken what was sent."""
        await self.drain(self._idle_seconds)

    def hang_up(self) -> None:
        """Hang up after everything sent has left."""
        self.wire.close()
        self._end("we closed the connection")

    def interrupt(self) -> None:
        """Let the wait for the next command end, now or when it comes."""
        self._is_interrupted = True
        self.wake()

    async def _more(self) -> None:
        if self.lost is not None:
            raise PeerLeft(self.lost)
        self.wire.resume_reading()
        await self.wait(self._idle_seconds)

    def timed_out(self) -> None:
        """Leave a peer that says nothing, with a word."""
        self.was_idle = True
        self._end("it was idle for too long")

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._on_connect(self)

    def data_received(self, data: bytes) -> None:
        self._unread += data
        if self._waiter is not None:
            self.wake()
        elif len(self._unread) > MOST_UNREAD_OCTETS:
            self.wire.pause_reading()
