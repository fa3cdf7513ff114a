"""What the SMTP listener answers: one method per phase, to be overridden by whoever is choosier.

The session keeps the protocol (order of commands, limits, newlines); a `Dialogue` decides. Each
method returns the Reply to give; a negative one refuses. Raising HangUp closes the connection
without a word. One dialogue serves all connections of a listener.
"""

# ruff: noqa: ARG002  (the base says yes without looking; its overriders look)

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from mailwright.wire.smtp_reply import Reply


class HangUp(Exception):
    """Close the connection; say `reply` first if there is one."""

    def __init__(self, reply: Reply | None = None) -> None:
        super().__init__(str(reply) if reply else "hang up")
        self.reply = reply


@dataclass(frozen=True, slots=True)
class ListenerLimits:
    """What one listener takes. The figures of RFC 5321 section 4.5.3.1 are minima."""

    message_octets: int = 26_214_400  # 25 MiB, what large providers take
    recipients: int = 100  # section 4.5.3.1.8
    command_octets: int = 1_000  # 512 there, and room for the parameters of extensions
    auth_octets: int = 12_288  # RFC 4954 section 4
    text_line_octets: int = 1_000  # section 4.5.3.1.6
    bad_commands: int = 20  # then the peer is not a mail client
    connections: int = 500
    idle_seconds: float = 300.0  # section 4.5.3.2.7


@dataclass(slots=True)
class SessionFacts:
    """What is known of one connection so far."""

    peer: str  # its address
    helo: str = ""
    username: str | None = None
    sender: str | None = None  # None: no MAIL yet; "" is the null path
    recipients: list[str] = field(default_factory=list[str])


@dataclass(frozen=True, slots=True)
class CapturedMail:
    """One mail as it came in: the envelope, and the bytes before the final dot, unstuffed."""

    envelope_sender: str
    recipients: tuple[str, ...]
    raw: bytes
    peer: str
    helo: str
    username: str | None


Handler = Callable[[CapturedMail], Awaitable[None]]

_READY = Reply.of(220, "Mailwright ESMTP")
_HELLO = Reply.of(250, "Mailwright")
_AUTHENTICATED = Reply.of(235, "2.7.0 Welcome")
_SENDER_OK = Reply.of(250, "2.1.0 Sender ok")
_RECIPIENT_OK = Reply.of(250, "2.1.5 Recipient ok")
_GO_AHEAD = Reply.of(354, "End with <CR><LF>.<CR><LF>")
_STORED = Reply.of(250, "2.0.0 Stored")


class Dialogue:
    """Says yes to everything and gives each mail to `handler` before saying so."""

    def __init__(self, handler: Handler) -> None:
        self.handler = handler

    def extensions(self, limits: ListenerLimits) -> tuple[str, ...]:
        """The lines of the EHLO reply after the first."""
        size = f"SIZE {limits.message_octets}"
        return (size, "8BITMIME", "PIPELINING", "ENHANCEDSTATUSCODES", "AUTH PLAIN LOGIN")

    async def greeting(self, session: SessionFacts) -> Reply:
        """The first word; a negative one closes."""
        return _READY

    async def hello(self, session: SessionFacts) -> Reply:
        """The answer to EHLO and HELO; the extensions are added by the session."""
        return _HELLO

    async def authenticate(self, session: SessionFacts, username: str, password: str) -> Reply:
        """The answer to credentials: any will do, so that every client can be pointed here."""
        return _AUTHENTICATED

    async def mail(self, session: SessionFacts, sender: str) -> Reply:
        """The answer to MAIL."""
        return _SENDER_OK

    async def rcpt(self, session: SessionFacts, recipient: str) -> Reply:
        """The answer to RCPT."""
        return _RECIPIENT_OK

    async def data(self, session: SessionFacts) -> Reply:
        """The answer to DATA, 354 for yes."""
        return _GO_AHEAD

    async def end_of_data(self, session: SessionFacts, mail: CapturedMail) -> Reply:
        """The answer to the final dot. A yes means: stored."""
        await self.handler(mail)
        return _STORED
