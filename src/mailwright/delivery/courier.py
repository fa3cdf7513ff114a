"""One connection's work: take a message, offer it, hand it over, note what became of it."""

from __future__ import annotations

import random

from mailwright.delivery.load import Due, Letter, Load
from mailwright.delivery.recorder import Recorder
from mailwright.delivery.route import Route
from mailwright.domain.message_lifecycle import MessageState
from mailwright.domain.smtp_verdict import Phase, unknown_outcome
from mailwright.errors import InvalidInput, MailwrightError, TransportRefused
from mailwright.store.messages import Outcome
from mailwright.store.single_mails import EXPIRED
from mailwright.wire.smtp_client import SmtpConnection
from mailwright.wire.smtp_reply import Accepted, ConnectionDropped
from mailwright.wire.smtp_reply import Outcome as Answer

OUTCOME_UNKNOWN = "outcome_unknown"
REPLY_LENGTH_MAX = 1_000  # characters of the server's words that a row keeps

#: A server that hangs up here, on a fresh connection, does not want us; later it is the message.
_ABOUT_THE_ROUTE = frozenset(
    {Phase.CONNECT, Phase.GREETING, Phase.EHLO, Phase.TLS, Phase.AUTH, Phase.MAIL}
)


class Courier:
    """Sends the messages of one batch, one after another, over one connection at a time."""

    def __init__(self, route: Route, load: Load, recorder: Recorder) -> None:
        self._route = route
        self._load = load
        self._recorder = recorder
        self._connection: SmtpConnection | None = None
        self.has_been_heard = False  # a server took a sender of ours: the route works

    async def send(self, due: Due) -> None:
        """The message has an outcome and it is noted.

        Raises TransportRefused when the route would not take it: then it was not tried. Raises
        LeaseLost before a final dot that is not ours to give.
        """
        if due.expires_within(0):
            self._recorder.note(_expired(due))
            return
        try:
            letter = await self._load.letter(due)
        except MailwrightError as error:  # one contact's data; the next one is fine
            self._recorder.note(_not_sendable(due, error.message))
            return
        self._recorder.note(await self._deliver(due, letter))

    async def leave(self) -> None:
        """Gives the connection back to the route, or drops it in mid-envelope."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        if connection.is_usable:
            self._route.take_back(connection)
        else:
            await self._route.drop(connection)

    async def hang_up(self) -> None:
        """Drops the connection at once, whatever it is doing."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await self._route.drop(connection)

    async def _deliver(self, due: Due, letter: Letter) -> Outcome:
        """What became of it. A used connection may have died of old age: then once more."""
        while True:
            connection, is_fresh = await self._open()
            try:
                answer = await self._hand_over(connection, due, letter)
            except ConnectionDropped as dropped:
                await self.hang_up()
                if dropped.after_final_dot:
                    return self._unknown(due)
                self._recorder.withdraw(due.message_id)
                if not is_fresh:
                    continue
                if dropped.phase in _ABOUT_THE_ROUTE:
                    raise TransportRefused(dropped.message) from dropped
                return self._deferred(due, "connection-dropped", dropped.message)
            except InvalidInput as error:  # an address or a body that may not go on the wire
                self._recorder.withdraw(due.message_id)
                await self.leave()
                return _not_sendable(due, error.message)
            return self._outcome(due, answer)

    async def _hand_over(self, connection: SmtpConnection, due: Due, letter: Letter) -> Answer:
        answer = await connection.begin(
            letter.envelope_sender,
            letter.recipient,
            len(letter.raw),
            eight_bit=not letter.raw.isascii(),
        )
        self.has_been_heard = True
        if not isinstance(answer, Accepted):
            return answer
        await self._recorder.allow(due.message_id)
        return await connection.finish(letter.raw)

    async def _open(self) -> tuple[SmtpConnection, bool]:
        """The connection, and whether it has carried nothing yet."""
        if self._connection is None or not self._connection.is_usable:
            await self.leave()
            self._connection = await self._route.connection()
        return self._connection, self._connection.delivered_count == 0

    def _outcome(self, due: Due, answer: Answer) -> Outcome:
        reply = str(answer.reply)[:REPLY_LENGTH_MAX]
        if isinstance(answer, Accepted):
            return Outcome(due.message_id, due.attempts, MessageState.SENT, reply=reply)
        verdict = answer.verdict()
        if verdict.message_state == "deferred":
            return self._deferred(due, verdict.rule, reply)
        return Outcome(
            due.message_id,
            due.attempts,
            MessageState(verdict.message_state),
            reason=verdict.rule,
            reply=reply,
            suppress=due.email_key if verdict.suppress else None,
        )

    def _deferred(
        self, due: Due, reason: str, reply: str | None, *, possibly_repeated: bool = False
    ) -> Outcome:
        """Tried again by the ladder; given up at its end, or when it would come too late."""
        wait = self._load.ladder.wait_after(due.attempts + 1, random.random())  # noqa: S311  # jitter
        if wait is not None and due.expires_within(wait.total_seconds()):
            return _expired(due, reply)
        return Outcome(
            due.message_id,
            due.attempts,
            MessageState.FAILED if wait is None else MessageState.DEFERRED,
            reason="retries-exhausted" if wait is None else reason,
            reply=reply,
            retry_seconds=None if wait is None else wait.total_seconds(),
            possibly_repeated=possibly_repeated and not due.possibly_repeated,
        )

    def _unknown(self, due: Due) -> Outcome:
        """The connection broke after the final dot: it may have arrived, and goes out again.

        But not what must not come twice.
        """
        if due.at_most_once:
            failed = MessageState.FAILED
            return Outcome(due.message_id, due.attempts, failed, reason=OUTCOME_UNKNOWN)
        return self._deferred(due, unknown_outcome().rule, None, possibly_repeated=True)


def _expired(due: Due, reply: str | None = None) -> Outcome:
    """Too late; `reply`: of the last try, where this was one."""
    return Outcome(
        due.message_id,
        due.attempts,
        MessageState.FAILED,
        reason=EXPIRED,
        reply=reply,
        was_tried=reply is not None,
    )


def _not_sendable(due: Due, why: str) -> Outcome:
    """This contact's data cannot stand in a mail or on the wire; `reply` says why."""
    return Outcome(
        due.message_id, due.attempts, MessageState.FAILED, reason="not-sendable", reply=why
    )
