"""One connection to a mail server as commands out and replies in."""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import Mapping

from mailwright.wire.smtp_reply import (
    ConnectionDropped,
    MalformedReply,
    Phase,
    Reply,
    ReplyParser,
)
from mailwright.wire.waiting_protocol import WaitingProtocol

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


class SmtpChannel(WaitingProtocol):
    """Commands to a server, replies from it. `timeout_seconds` caps every phase's time-out."""

    def __init__(self, timeout_seconds: float | None = None) -> None:
        super().__init__()
        self._cap = float("inf") if timeout_seconds is None else timeout_seconds
        self._parser = ReplyParser()
        self._replies: deque[Reply] = deque()

    async def connect(self, host: str, port: int, tls: ssl.SSLContext | None) -> None:
        """Open the connection, with TLS from the first byte when a context is given."""
        async with asyncio.timeout(min(TIMEOUT_SECONDS[Phase.CONNECT], self._cap)):
            await self._loop.create_connection(
                lambda: self, host, port, ssl=tls, server_hostname=host if tls else None
            )

    async def start_tls(self, context: ssl.SSLContext, host: str) -> None:
        """Encrypt from here on."""
        transport = await self._loop.start_tls(
            self.wire,
            self,
            context,
            server_hostname=host,
            ssl_handshake_timeout=min(TIMEOUT_SECONDS[Phase.TLS], self._cap),
        )
        if transport is None:  # the peer left in mid-handshake
            raise ConnectionResetError("connection lost during the TLS handshake")
        self._transport = transport

    @property
    def tls_version(self) -> str | None:
        """The TLS version in use, `TLSv1.3`, or None for plain text."""
        tls: ssl.SSLObject | None = self.wire.get_extra_info("ssl_object")
        return tls.version() if tls else None

    @property
    def is_quiet(self) -> bool:
        """True when everything the server said has been read: its next word answers ours."""
        return not self._replies and self._parser.is_between_replies

    @property
    def has_reply(self) -> bool:
        """True when a reply can be read without waiting."""
        return bool(self._replies)

    def data_received(self, data: bytes) -> None:
        """Parse replies; whoever does not speak SMTP is left."""
        try:
            self._replies.extend(self._parser.feed(data))
        except MalformedReply as error:
            self.abort(str(error))
        else:
            if self._replies:
                self.wake()

    async def reply(self, phase: Phase, *, after_final_dot: bool = False) -> Reply:
        """The server's next reply; ConnectionDropped when it hangs up, babbles or falls silent.

        A 421 ends every conversation (RFC 5321 section 3.8): the channel closes behind it.
        """
        if not self._replies:
            if self.lost is None:
                await self.wait(min(TIMEOUT_SECONDS[phase], self._cap))
            if not self._replies:
                raise ConnectionDropped(
                    f"The mail server broke off in phase {phase}: {self.lost}.",
                    phase=phase,
                    after_final_dot=after_final_dot,
                )
        reply = self._replies.popleft()
        if reply.code == 421:
            self.abort(f"it said {reply.code} {reply.text}")
        return reply

    async def flow(self) -> None:
        """Wait until the socket takes more of a body."""
        await self.drain(min(DATA_BLOCK_TIMEOUT_SECONDS, self._cap))
