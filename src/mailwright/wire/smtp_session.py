"""One conversation of the SMTP listener, from greeting to goodbye (RFC 5321)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import structlog

from mailwright.wire.smtp_commands import (
    BadCommand,
    Command,
    decode_base64,
    parse_mail,
    parse_plain,
    parse_rcpt,
)
from mailwright.wire.smtp_dialogue import (
    CapturedMail,
    Dialogue,
    HangUp,
    ListenerLimits,
    SessionFacts,
)
from mailwright.wire.smtp_lines import Interrupted, LineTooLong, PeerLeft, SmtpLines
from mailwright.wire.smtp_reply import Reply
from mailwright.wire.smtp_text import dot_unstuffed, has_overlong_line, has_stray_newline

log = structlog.get_logger()

_OK = Reply.of(250, "2.0.0 Ok")
_BYE = Reply.of(221, "2.0.0 Bye")
_STOPPING = Reply.of(421, "4.3.2 Mailwright is stopping")
_IDLE = Reply.of(421, "4.4.2 Nothing came for too long")
_TOO_MANY_ERRORS = Reply.of(421, "4.7.0 Too many errors")
_SPOKE_EARLY = Reply.of(554, "5.5.0 You spoke before the greeting")
_OUT_OF_STEP = Reply.of(554, "5.5.0 You did not wait for the reply")  # RFC 2920 section 3.1
_LINE_TOO_LONG = Reply.of(500, "5.5.2 The line is too long")
_STRAY_NEWLINE = Reply.of(554, "5.5.2 A CR or LF stands outside a CRLF")
_NUL = Reply.of(554, "5.6.0 The message holds a NUL")
_LONG_TEXT_LINE = Reply.of(554, "5.6.0 A line is longer than 998 characters")
_CANNOT_STORE = Reply.of(451, "4.3.0 The mail could not be stored; try again")
_CANNOT_VERIFY = Reply.of(252, "2.1.5 Send a mail and see")

# RFC 2920 section 3.1: whoever says one of these waits for the reply. Anything behind them was not
# written by a client that knows what the reply is.
_LAST_IN_GROUP = frozenset({"EHLO", "HELO", "AUTH", "DATA"})


class SmtpSession:
    """Reads commands, asks the dialogue, writes replies; several at once when they came so."""

    def __init__(self, lines: SmtpLines, dialogue: Dialogue, limits: ListenerLimits) -> None:
        self._lines = lines
        self._dialogue = dialogue
        self._limits = limits
        self._facts = SessionFacts(peer=lines.peer)
        self._unsent = bytearray()  # replies wait for each other while more commands are here
        self._errors = 0
        self._verbs: Mapping[str, Callable[[str], Awaitable[Reply]]] = {
            "EHLO": self._ehlo,
            "HELO": self._helo,
            "AUTH": self._auth,
            "MAIL": self._mail,
            "RCPT": self._rcpt,
            "DATA": self._data,
            "RSET": self._rset,
            "NOOP": self._noop,
            "VRFY": self._vrfy,
            "QUIT": self._quit,
        }

    async def run(self) -> None:
        """The whole conversation; returns when it is over, whoever ended it."""
        try:
            await self._greet()
            while True:
                await self._answer_next()
        except HangUp as end:
            await self._leave(end.reply)
        except PeerLeft:
            await self._leave(_IDLE if self._lines.was_idle else None)
        except Interrupted:
            await self._leave(_STOPPING)
        except LineTooLong:
            await self._leave(_LINE_TOO_LONG)
        except Exception:
            log.exception("smtp_session_failed")
            await self._leave(None)

    # --- turns

    async def _greet(self) -> None:
        for _ in range(2):  # lets the event loop read what arrived with the connection
            await asyncio.sleep(0)
        if self._lines.has_input:
            raise HangUp(_SPOKE_EARLY)
        greeting = await self._dialogue.greeting(self._facts)
        if not greeting.is_positive:
            raise HangUp(greeting)
        self._say(greeting)

    async def _answer_next(self) -> None:
        if not self._lines.has_line:
            await self._flush()
        line = await self._lines.line(self._limits.command_octets)
        try:
            reply = await self._carry_out(Command.parse(line))
        except BadCommand as error:
            reply = error.reply
            self._errors += 1
        self._say(reply)
        if reply.code == 421:
            raise HangUp
        if self._errors > self._limits.bad_commands:
            raise HangUp(_TOO_MANY_ERRORS)

    async def _carry_out(self, command: Command) -> Reply:
        verb = self._verbs.get(command.verb)
        if verb is None:
            raise BadCommand(500, "5.5.1 No such command")
        if command.verb in _LAST_IN_GROUP and self._lines.has_input:
            raise HangUp(_OUT_OF_STEP)
        return await verb(command.rest)

    def _say(self, reply: Reply) -> None:
        self._unsent += reply.encode()

    async def _flush(self) -> None:
        if self._unsent and self._lines.is_open:
            self._lines.send(bytes(self._unsent))
            self._unsent.clear()
            await self._lines.flush()

    async def _leave(self, last_word: Reply | None) -> None:
        if last_word is not None:
            self._say(last_word)
        if self._unsent and not self._lines.wire.is_closing():
            self._lines.send(bytes(self._unsent))
        self._lines.hang_up()

    # --- commands

    async def _ehlo(self, rest: str) -> Reply:
        reply = await self._helo(rest)
        if not reply.is_positive:
            return reply
        return Reply.of(reply.code, *reply.lines, *self._dialogue.extensions(self._limits))

    async def _helo(self, rest: str) -> Reply:
        if not rest.strip():
            raise BadCommand(501, "5.5.4 Say your name")
        self._forget_envelope()
        self._facts.helo = rest.strip()
        reply = await self._dialogue.hello(self._facts)
        if not reply.is_positive:
            self._facts.helo = ""
        return reply

    async def _auth(self, rest: str) -> Reply:
        if not self._facts.helo or self._facts.sender is not None or self._facts.username:
            raise BadCommand(503, "5.5.1 Not now")
        mechanism, _, initial = rest.partition(" ")
        match mechanism.upper():
            case "PLAIN":
                username, password = parse_plain(initial or await self._ask(""))
            case "LOGIN":
                username = decode_base64(initial or await self._ask("VXNlcm5hbWU6"))
                password = decode_base64(await self._ask("UGFzc3dvcmQ6"))
            case _:
                raise BadCommand(504, "5.5.4 Use PLAIN or LOGIN")
        reply = await self._dialogue.authenticate(self._facts, username, password)
        if reply.is_positive:
            self._facts.username = username
        return reply

    async def _ask(self, challenge: str) -> str:
        self._say(Reply.of(334, challenge))
        await self._flush()
        line = await self._lines.line(self._limits.auth_octets)
        return line.decode("ascii", "replace")

    async def _mail(self, rest: str) -> Reply:
        if not self._facts.helo:
            raise BadCommand(503, "5.5.1 Say EHLO first")
        if self._facts.sender is not None:
            raise BadCommand(503, "5.5.1 One mail at a time")
        sender = parse_mail(rest, self._limits.message_octets).address
        reply = await self._dialogue.mail(self._facts, sender)
        if reply.is_positive:
            self._facts.sender = sender
        return reply

    async def _rcpt(self, rest: str) -> Reply:
        if self._facts.sender is None:
            raise BadCommand(503, "5.5.1 Say MAIL first")
        recipient = parse_rcpt(rest).address
        if len(self._facts.recipients) >= self._limits.recipients:
            return Reply.of(452, f"4.5.3 At most {self._limits.recipients} recipients at a time")
        reply = await self._dialogue.rcpt(self._facts, recipient)
        if reply.is_positive:
            self._facts.recipients.append(recipient)
        return reply

    async def _data(self, rest: str) -> Reply:
        if rest:
            raise BadCommand(501, "5.5.4 DATA stands alone")
        if self._facts.sender is None:
            raise BadCommand(503, "5.5.1 Say MAIL first")
        if not self._facts.recipients:
            raise BadCommand(554, "5.5.1 No valid recipients")
        reply = await self._dialogue.data(self._facts)
        if reply.code != 354:
            return reply
        self._say(reply)
        await self._flush()
        data = await self._lines.data(self._limits.message_octets)
        try:
            return await self._take(data)
        finally:
            self._forget_envelope()

    async def _take(self, data: bytes | None) -> Reply:
        """Answer the final dot: a yes only after the handler has the mail."""
        if data is None:
            return Reply.of(552, f"5.3.4 A mail has at most {self._limits.message_octets} octets")
        if has_stray_newline(data):
            raise HangUp(_STRAY_NEWLINE)  # nothing that follows can be trusted
        raw = dot_unstuffed(data)
        if b"\0" in raw:
            return _NUL
        if has_overlong_line(raw, self._limits.text_line_octets):
            return _LONG_TEXT_LINE
        facts = self._facts
        mail = CapturedMail(
            envelope_sender=facts.sender or "",
            recipients=tuple(facts.recipients),
            raw=raw,
            peer=facts.peer,
            helo=facts.helo,
            username=facts.username,
        )
        try:
            return await self._dialogue.end_of_data(facts, mail)
        except HangUp:
            raise
        except Exception:
            log.exception("captured_mail_not_stored")
            return _CANNOT_STORE

    async def _rset(self, _: str) -> Reply:
        self._forget_envelope()
        return _OK

    async def _noop(self, _: str) -> Reply:
        return _OK

    async def _vrfy(self, _: str) -> Reply:
        return _CANNOT_VERIFY

    async def _quit(self, _: str) -> Reply:
        raise HangUp(_BYE)

    def _forget_envelope(self) -> None:
        self._facts.sender = None
        self._facts.recipients = []
