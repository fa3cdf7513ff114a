"""A real SMTP server for the built-in inbox: strict, fast, and honest about what it stored.

Only CRLF.CRLF ends a message, a CR or LF anywhere else is refused, and the 250 after the final dot
is said when the handler has returned: accepted means stored.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

from mailwright.wire.smtp_dialogue import (
    CapturedMail,
    Dialogue,
    Handler,
    HangUp,
    ListenerLimits,
    SessionFacts,
)
from mailwright.wire.smtp_lines import SmtpLines
from mailwright.wire.smtp_reply import Reply
from mailwright.wire.smtp_session import SmtpSession

__all__ = [
    "CapturedMail",
    "Dialogue",
    "Handler",
    "HangUp",
    "ListenerLimits",
    "SessionFacts",
    "SmtpListener",
]

DRAIN_SECONDS = 5.0
_TOO_MANY_CONNECTIONS = Reply.of(421, "4.7.0 Too many connections").encode()


class SmtpListener:
    """Takes mail and gives each to `handler`, whose return means that it is stored.

    `dialogue` may be a subclass of Dialogue that answers otherwise.
    """

    def __init__(
        self,
        handler: Handler,
        *,
        limits: ListenerLimits | None = None,
        dialogue: Callable[[Handler], Dialogue] = Dialogue,
    ) -> None:
        self._limits = limits or ListenerLimits()
        self._dialogue = dialogue(handler)
        self._server: asyncio.Server | None = None
        self._sessions: dict[asyncio.Task[None], SmtpLines] = {}

    async def start(self, where: socket.socket | tuple[str, int]) -> None:
        """Listen on a bound socket, which it then owns, or on (host, port); port 0 means any."""
        loop = asyncio.get_running_loop()
        if isinstance(where, socket.socket):
            self._server = await loop.create_server(self._protocol, sock=where)
        else:
            self._server = await loop.create_server(self._protocol, *where)

    @property
    def address(self) -> tuple[str, int]:
        """Host and port it listens on."""
        assert self._server is not None, "start() comes first"
        host, port, *_ = self._server.sockets[0].getsockname()
        return host, port

    async def stop(self, drain_seconds: float = DRAIN_SECONDS) -> None:
        """Take no new connections, let mails in progress end, then close everything."""
        if self._server is None:
            return
        self._server.close()
        for lines in self._sessions.values():
            lines.interrupt()
        if self._sessions:
            await asyncio.wait(self._sessions, timeout=drain_seconds)
        late = dict(self._sessions)
        for task, lines in late.items():
            lines.abort("the listener stopped")
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        await self._server.wait_closed()
        self._server = None

    def _protocol(self) -> SmtpLines:
        return SmtpLines(self._on_connect, self._limits.idle_seconds)

    def _on_connect(self, lines: SmtpLines) -> None:
        if len(self._sessions) >= self._limits.connections:
            lines.send(_TOO_MANY_CONNECTIONS)
            lines.hang_up()
            return
        session = SmtpSession(lines, self._dialogue, self._limits)
        task = asyncio.get_running_loop().create_task(session.run())
        self._sessions[task] = lines
        task.add_done_callback(self._sessions.pop)
