"""Trying a transport out: connect, greet, encrypt, sign in, say goodbye. No mail is sent."""

from __future__ import annotations

from dataclasses import dataclass

from mailwright.errors import TransportRefused
from mailwright.wire.smtp_channel import SmtpChannel
from mailwright.wire.smtp_client import tls_context
from mailwright.wire.smtp_handshake import (
    Extensions,
    extensions_of,
    shake_hands,
    without_credentials,
)
from mailwright.wire.smtp_reply import ConnectionDropped, Phase, Reply
from mailwright.wire.smtp_url import Transport


@dataclass(frozen=True, slots=True)
class Step:
    """One answer of the server, as it stood on the wire."""

    phase: Phase
    reply: str


@dataclass(frozen=True, slots=True)
class Probe:
    """What a server said, step by step. `failure`: why it would not have us; None: it would.

    `phase`: where it ended; `tls_version`: None for plain text; `extensions`: of the last EHLO.
    """

    phase: Phase
    steps: tuple[Step, ...]
    tls_version: str | None
    extensions: Extensions
    failure: str | None


class _Listening(SmtpChannel):
    """A channel that remembers what it heard."""

    def __init__(self, transport: Transport, timeout_seconds: float) -> None:
        super().__init__(timeout_seconds)
        self.steps: list[Step] = []
        self.extensions: Extensions = {}
        self.tls_seen: str | None = None
        self._tried = transport

    async def reply(self, phase: Phase, *, after_final_dot: bool = False) -> Reply:
        heard = await super().reply(phase, after_final_dot=after_final_dot)
        found = without_credentials(heard, self._tried)
        self.steps.append(Step(phase, str(found)))
        self.tls_seen = self.tls_version
        if phase is Phase.EHLO and found.is_positive:
            self.extensions = extensions_of(found)
        return found


async def probe(transport: Transport, *, helo: str, timeout_seconds: float) -> Probe:
    """What the server says to us now; every way to fail is a Probe with its `failure`."""
    channel = _Listening(transport, timeout_seconds)
    tls = None if transport.tls == "none" else tls_context(verify=transport.verify)
    phase, failure = Phase.QUIT, None
    try:
        await shake_hands(channel, transport, helo, tls)
        channel.send(b"QUIT\r\n")
        await channel.reply(Phase.QUIT)
    except ConnectionDropped:  # it was ready for mail; how it says goodbye is its own affair
        pass
    except TransportRefused as error:
        phase, failure = Phase(error.details["phase"]), error.message
    finally:
        channel.abort("the test is over")
    return Probe(phase, tuple(channel.steps), channel.tls_seen, channel.extensions, failure)
