"""One connection to a mail server as commands out and replies in.

A Protocol instead of asyncio's streams: replies are parsed where the bytes arrive and one future
wakes the caller, which costs about half of a StreamReader's time. Time-outs cost nothing while all
goes well: one timer per connection looks at a deadline that each wait moves.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import Mapping
from typing import cast

from mailwright.wire.smtp_reply import (
    ConnectionDropped,
    MalformedReply,
    Phase,
    Reply,
    ReplyParser,
)

# Seconds to wait for the reply of each phase: RFC 5321 section 4.5.3.2 for greeting (5 min), MAIL
# (5 min), RCPT (5 min), DATA (2 min) and the final dot (10 min: giving up early makes duplicates).
# The others are ours; section 4.5.3.2 is silent on them.
TIMEOUT_SECONDS: Mapping[Phase, float] = {
    Phase.CONNECT: 30,
    Phase.GREETING: 300,
    Phase.EHLO: 300,
    Phase.TLS: 60,
    Phase.AUTH: 300,
    Phase.MAIL: 300,
    Phase.RCPT: 300,
    Phase.DATA: 120,
    Phase.END_OF_DATA: 600,
    Phase.QUIT: 5,
}
# Section 4.5.3.2.5: a TCP send of part of the body may take 3 minutes.
DATA_BLOCK_TIMEOUT_SECONDS = 180


class SmtpChannel(asyncio.Protocol):
    """Bytes to a server, replies from it. One caller at a time."""

    def __init__(self, timeout_seconds: float | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        self._cap = float("inf") if timeout_seconds is None else timeout_seconds
        self._transport: asyncio.Transport | None = None
        self._parser = ReplyParser()
        self._replies: deque[Reply] = deque()
        self._waiter: asyncio.Future[None] | None = None  # for a reply
        self._writable: asyncio.Future[None] | None = None  # set while the socket is full
        self._lost: str | None = None  # why nothing can come any more
        self._deadline = 0.0
        self._timer: asyncio.TimerHandle | None = None

    async def connect(self, host: str, port: int, tls: ssl.SSLContext | None) -> None:
        """Open the connection, with TLS from the first byte when a context is given."""
        async with asyncio.timeout(min(TIMEOUT_SECONDS[Phase.CONNECT], self._cap)):
            await self._loop.create_connection(
                lambda: self, host, port, ssl=tls, server_hostname=host if tls else None
            )

    @property
    def is_open(self) -> bool:
        """True while commands can be sent."""
        return self._lost is None

    @property
    def is_quiet(self) -> bool:
        """True when everything the server said has been read: its next word answers ours."""
        return not self._replies and self._parser.is_between_replies

    @property
    def has_reply(self) -> bool:
        """True when a reply can be read without waiting."""
        return bool(self._replies)

    @property
    def tls_version(self) -> str | None:
        """The TLS version in use, `TLSv1.3`, or None for plain text."""
        tls: ssl.SSLObject | None = self._wire.get_extra_info("ssl_object")
        return tls.version() if tls else None

    @property
    def _wire(self) -> asyncio.Transport:
        assert self._transport is not None, "connect() comes first"
        return self._transport

    def send(self, data: bytes) -> None:
        """Write, without waiting."""
        self._wire.write(data)

    async def drain(self) -> None:
        """Wait until the socket takes more; a server that takes nothing for too long is left."""
        if self._writable is None or self._lost is not None:
            return
        try:
            async with asyncio.timeout(min(DATA_BLOCK_TIMEOUT_SECONDS, self._cap)):
                await self._writable
        except TimeoutError:
            self.abort("it took no data within the time-out")
        except asyncio.CancelledError:
            self.abort("the attempt was canceled")
            raise

    async def reply(self, phase: Phase, *, after_final_dot: bool = False) -> Reply:
        """The server's next reply; ConnectionDropped when it hangs up, babbles or falls silent.

        A 421 ends every conversation (RFC 5321 section 3.8): the channel closes behind it.
        """
        if not self._replies:
            if self._lost is None:
                await self._wait(min(TIMEOUT_SECONDS[phase], self._cap))
            if not self._replies:
                raise ConnectionDropped(
                    f"The mail server broke off in phase {phase}: {self._lost}.",
                    phase=phase,
                    after_final_dot=after_final_dot,
                )
        reply = self._replies.popleft()
        if reply.code == 421:
            self.abort(f"it said {reply.code} {reply.text}")
        return reply

    async def start_tls(self, context: ssl.SSLContext, host: str) -> None:
        """Encrypt from here on."""
        transport = await self._loop.start_tls(
            self._wire,
            self,
            context,
            server_hostname=host,
            ssl_handshake_timeout=min(TIMEOUT_SECONDS[Phase.TLS], self._cap),
        )
        if transport is None:  # the peer left in mid-handshake
            raise ConnectionResetError("connection lost during the TLS handshake")
        self._transport = transport

    def abort(self, reason: str = "we hung up") -> None:
        """Close at once; a message in flight is certainly not completed by us."""
        self._end(reason)
        if self._transport is not None:
            self._transport.abort()

    # --- what the event loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        try:
            self._replies.extend(self._parser.feed(data))
        except MalformedReply as error:
            self.abort(str(error))
        else:
            self._wake(self._waiter if self._replies else None)

    def eof_received(self) -> bool:
        self._end("it closed the connection")
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(str(exc) if exc else "it closed the connection")

    def pause_writing(self) -> None:
        self._writable = self._loop.create_future()

    def resume_writing(self) -> None:
        self._wake(self._writable)
        self._writable = None

    # --- waiting

    async def _wait(self, seconds: float) -> None:
        self._deadline = self._loop.time() + seconds
        if self._timer is None or self._timer.when() > self._deadline:
            self._arm(self._deadline)
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        except asyncio.CancelledError:
            self.abort("the attempt was canceled")
            raise
        finally:
            self._waiter = None

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
            self.abort("no reply within the time-out")

    def _end(self, reason: str) -> None:
        if self._lost is None:
            self._lost = reason
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._wake(self._waiter)
        self._wake(self._writable)

    def _wake(self, waiter: asyncio.Future[None] | None) -> None:
        if waiter is not None and not waiter.done():
            waiter.set_result(None)
