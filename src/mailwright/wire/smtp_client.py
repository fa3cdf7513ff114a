"""The SMTP client: one connection that is reused for many mails.

A mail goes in two steps, so that its sender can commit in between: `begin` asks whether the server
wants it, `finish` hands over body and final dot. What the server answers about the message is a
value; trouble with the route raises TransportRefused; a broken connection raises ConnectionDropped,
which knows whether the final dot had left.

The next envelope could ride in the same packet as the final dot. RFC 2920 allows it, but servers
that guard against smuggling take it for an attack, and the engine wants to commit first anyway.
"""

from __future__ import annotations

import ssl
from functools import lru_cache
from typing import Self

from mailwright.errors import InvalidInput
from mailwright.wire.smtp_channel import SmtpChannel
from mailwright.wire.smtp_envelope import (
    FINAL_DOT,
    Answer,
    Envelope,
    offer_at_once,
    offer_in_turn,
    says_yes,
)
from mailwright.wire.smtp_handshake import Extensions, refusal, shake_hands
from mailwright.wire.smtp_reply import (
    Accepted,
    ConnectionDropped,
    Outcome,
    Phase,
    Reply,
    outcome_of,
)
from mailwright.wire.smtp_text import check_body, dot_stuffed
from mailwright.wire.smtp_url import Transport

# A relay keeps a connection as long as it likes; opening a new one now and then lets load balancers
# and certificate changes take effect.
MOST_MESSAGES = 1_000
# A body is written in pieces of this size and its dot with the last one, so that a server which
# hangs up in the middle of a large mail is known not to have it.
PIECE_OCTETS = 256 * 1024


class SmtpConnection:
    """An open, greeted, encrypted and signed-in connection. One mail at a time."""

    def __init__(self, channel: SmtpChannel, extensions: Extensions, most_messages: int) -> None:
        self.extensions = extensions
        self.tls_version = channel.tls_version  # None: plain text, for the record
        self.delivered_count = 0
        announced = extensions.get("SIZE", "")
        self.size_limit = int(announced) if announced.isdigit() and announced != "0" else None
        self._channel = channel
        self._offer = offer_at_once if "PIPELINING" in extensions else offer_in_turn
        self._most_messages = most_messages
        self._is_begun = False  # begin() said yes, finish() is due
        self._is_8bit = False  # and its body was declared 8-bit
        self._needs_reset = False  # the last envelope was refused and is open at the server

    @classmethod
    async def open(
        cls,
        transport: Transport,
        *,
        helo: str,
        timeout_seconds: float | None = None,
        ssl_context: ssl.SSLContext | None = None,
        most_messages: int = MOST_MESSAGES,
    ) -> Self:
        """A connection ready for mail; TransportRefused, with the phase, when there is none.

        `timeout_seconds` caps every phase's own time-out (`TIMEOUT_SECONDS`); `ssl_context` takes
        the place of the system's certificate store.
        """
        tls = None
        if transport.tls != "none":
            tls = ssl_context or tls_context(verify=transport.verify)
        channel = SmtpChannel(timeout_seconds)
        try:
            extensions = await shake_hands(channel, transport, helo, tls)
        except BaseException:
            channel.abort("the handshake failed")
            raise
        return cls(channel, extensions, most_messages)

    @property
    def is_usable(self) -> bool:
        """True when another mail can begin here. A server that hung up meanwhile shows as False."""
        return (
            self._channel.is_open
            and self._channel.is_quiet  # a word out of turn is a 421 on its way
            and not self._is_begun
            and self.delivered_count < self._most_messages
        )

    async def deliver(self, envelope_sender: str, recipient: str, body: bytes) -> Outcome:
        """One whole mail: `begin` and, when it is wanted, `finish`. 8BITMIME as the body needs."""
        check_body(body)
        eight_bit = not body.isascii()
        outcome = await self.begin(envelope_sender, recipient, len(body), eight_bit=eight_bit)
        return await self._hand_over(body) if isinstance(outcome, Accepted) else outcome

    async def begin(
        self, envelope_sender: str, recipient: str, size: int, *, eight_bit: bool = False
    ) -> Outcome:
        """Ask whether the server wants a mail of `size` octets; after Accepted, `finish` is due.

        InvalidInput, with nothing written, for an address that could break the dialogue and for an
        8-bit body where 8BITMIME is missing. TransportRefused when MAIL is refused for reasons that
        are not the message's.
        """
        assert not self._is_begun, "finish() the last mail first"
        envelope = Envelope.of(
            envelope_sender, recipient, size, self.extensions, eight_bit=eight_bit
        )
        if self.size_limit is not None and size > self.size_limit:  # RFC 1870 section 5
            told = f"5.3.4 Not sent: {size} octets, the server announces at most {self.size_limit}"
            return outcome_of(Reply.of(552, told), Phase.MAIL)
        answer = await self._offer(self._channel, envelope, reset=self._needs_reset)
        self._is_begun = says_yes(answer)
        self._is_8bit = eight_bit
        self._needs_reset = not self._is_begun
        return Accepted(answer[1]) if self._is_begun else self._refused(answer)

    async def finish(self, body: bytes) -> Outcome:
        """Hand over the body (CRLF lines, not stuffed) of the mail just begun.

        InvalidInput before a byte is written when the body may not be sent; the connection is then
        closed, the only way out of DATA that sends nothing.
        """
        assert self._is_begun, "begin() comes first"
        try:
            check_body(body)
            if not (self._is_8bit or body.isascii()):
                raise InvalidInput.field("body", "The body is 8-bit and was not declared so.")
        except InvalidInput:
            self._channel.abort("the body cannot be sent")
            raise
        return await self._hand_over(body)

    async def quit(self) -> None:
        """Say goodbye and close. Never fails: nothing depends on it.

        Between `begin` and `finish` it just hangs up, and the mail begun is certainly not sent.
        """
        try:
            if self._channel.is_open and not self._is_begun:
                self._channel.send(b"QUIT\r\n")
                await self._channel.reply(Phase.QUIT)
        except ConnectionDropped:
            pass
        finally:
            self._channel.abort("we hung up")

    def _refused(self, answer: Answer) -> Outcome:
        phase, reply = answer
        outcome = outcome_of(reply, phase)
        if isinstance(outcome, Accepted):  # a 2xx to DATA
            self._channel.abort("its replies are out of step")
            raise _dropped(f"The mail server answered {phase} with {reply.code}.", phase)
        if phase is Phase.MAIL and reply.code == 421:
            # RFC 5321 section 3.8: it closes the connection. Between two mails that is its right
            # and says nothing about the next; on a fresh connection it does not want us.
            if self.delivered_count:
                raise _dropped(f"The mail server said goodbye: {reply.text}", phase)
            raise refusal(phase, "The mail server takes no mail now.", reply)
        if outcome.verdict().stops_route:
            raise refusal(phase, "The mail server does not accept our sender.", reply)
        return outcome

    async def _hand_over(self, body: bytes) -> Outcome:
        self._is_begun = False
        reply = await self._write(dot_stuffed(body))
        if reply is None:
            reply = await self._channel.reply(Phase.END_OF_DATA, after_final_dot=True)
        self.delivered_count += reply.is_positive
        return outcome_of(reply, Phase.END_OF_DATA)

    async def _write(self, stuffed: bytes) -> Reply | None:
        """Write body and final dot; a reply when the server said no before the dot left."""
        start = 0
        while len(stuffed) - start > PIECE_OCTETS and not self._is_interrupted:
            self._channel.send(stuffed[start : start + PIECE_OCTETS])
            await self._channel.flow()
            start += PIECE_OCTETS
        if self._is_interrupted:
            return await self._early_no()
        self._channel.send((stuffed[start:] if start else stuffed) + FINAL_DOT)
        return None

    @property
    def _is_interrupted(self) -> bool:
        return self._channel.has_reply or not self._channel.is_open

    async def _early_no(self) -> Reply:
        reply = await self._channel.reply(Phase.DATA)  # ConnectionDropped when it just hung up
        self._channel.abort("it answered before the final dot")
        if reply.code < 400:
            raise _dropped("The mail server accepted before the end.", Phase.DATA)
        return reply


def _dropped(sentence: str, phase: Phase) -> ConnectionDropped:
    return ConnectionDropped(sentence, phase=phase, after_final_dot=False)


@lru_cache(maxsize=2)  # reading the system's certificates takes tens of milliseconds
def tls_context(*, verify: bool) -> ssl.SSLContext:
    """How we encrypt; with `verify` only towards who can prove to be the host."""
    context = ssl.create_default_context()
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
