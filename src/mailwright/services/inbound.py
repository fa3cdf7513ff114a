"""Mail that came back: bounces of mail that had been accepted, complaints, automatic answers.

Nobody's word is taken for anything. Which mail it is about says a token that only we can have made
(the envelope sender of each mail, RFC 3464's report is sent to; or the unsubscribe link in the
headers that a complaint returns), and a bounce must also name that mail's recipient or return its
Message-ID: whoever forges bounces changes nothing. Taking the same mail twice counts once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.delivery_report import COMPLAINTS, FailureReport, read_failure
from mailwright.domain.email_address import email_key_of
from mailwright.domain.email_event import EventKind
from mailwright.domain.message_lifecycle import MessageEvent, MessageState, advance
from mailwright.domain.tokens import MessageRef, Tokens, Unsubscribe
from mailwright.domain.webhook_event import EventType
from mailwright.errors import Conflict
from mailwright.mail.dsn import Dsn, DsnRecipient
from mailwright.mail.returned import ReturnedMail, read_returned
from mailwright.services import soft_bounces, suppressions, unsubscribes, webhook_events
from mailwright.services.caller import Caller
from mailwright.services.runtime import Runtime
from mailwright.services.webhook_events import Fact
from mailwright.store import event_log
from mailwright.store import inbound as store
from mailwright.store.rows import Row

LARGE_BYTES = 200_000  # read in a thread: it would hold other calls up
REPLY_CHARACTERS_MAX = 1_000


class Kind(StrEnum):
    """What a mail was taken for."""

    BOUNCE = "bounce"
    COMPLAINT = "complaint"
    AUTO_REPLY = "auto_reply"
    DELIVERY_REPORT = "delivery_report"  # delayed, delivered or passed on: nothing failed
    UNKNOWN = "unknown"


class Outcome(StrEnum):
    """What was done."""

    RECORDED = "recorded"
    ALREADY_RECORDED = "already_recorded"
    NOT_SENT = "not_sent"  # the message was skipped or canceled: it cannot have bounced
    INCONSISTENT = "inconsistent"  # a token of ours, with a report about somebody else's mail
    NO_MESSAGE = "no_message"  # no token that verifies, or the message is gone
    TEST_MAIL = "test_mail"  # of a test there is nothing to record
    IGNORED = "ignored"  # nothing in it to record


@dataclass(frozen=True, slots=True)
class InboundMessage:
    """The mail of ours it is about, as it is now. `message_id`: the ledger's number.

    `campaign_uuid` of a campaign's mail, `email_uuid` of a single one.
    """

    message_id: int
    email: str
    state: str
    campaign_uuid: UUID | None
    email_uuid: UUID | None


@dataclass(frozen=True, slots=True)
class BounceView:
    """A failure as it was understood. `hard`: the address does not work; `status`: RFC 3463."""

    hard: bool
    status: str | None
    reason: str
    reply: str | None
    suppressed: bool


@dataclass(frozen=True, slots=True)
class InboundView:
    """What a mail was taken for and what was done."""

    kind: Kind
    outcome: Outcome
    message: InboundMessage | None = None
    bounce: BounceView | None = None


async def take_inbound(
    runtime: Runtime, caller: Caller, raw: bytes, *, recipient: str | None = None
) -> InboundView:
    """Reads a returned mail of the caller's tenant and records it. Never fails for what it says.

    `recipient`: the envelope's, where the mail server knows it.
    """
    caller.require("events:write")
    recipients = [recipient] if recipient else []
    return await _take(runtime, raw, recipients, tenant_id=caller.tenant_id)


async def take_returned(runtime: Runtime, raw: bytes, recipients: Sequence[str]) -> InboundView:
    """The same for the installation's own doors: whose mail it was says the token."""
    return await _take(runtime, raw, recipients, tenant_id=None)


def is_return_path(runtime: Runtime, address: str) -> bool:
    """Whether `address` is the envelope sender of a mail of ours."""
    return _of_addresses(Tokens(runtime.keys), [address]) is not None


async def _take(
    runtime: Runtime, raw: bytes, recipients: Sequence[str], *, tenant_id: int | None
) -> InboundView:
    large = len(raw) > LARGE_BYTES
    mail = await asyncio.to_thread(read_returned, raw) if large else read_returned(raw)
    kind = _kind(mail)
    if kind is Kind.UNKNOWN:
        return InboundView(kind, Outcome.IGNORED)
    tokens = Tokens(runtime.keys)
    ref = _ref(tokens, mail, recipients)
    if ref is None or tenant_id not in {None, ref.tenant_id}:
        return InboundView(kind, Outcome.NO_MESSAGE)
    if ref.message_id == 0:
        return InboundView(kind, Outcome.TEST_MAIL)
    return await _Case(runtime, mail, ref, _confirmed(tokens, mail)).record(kind)


def _kind(mail: ReturnedMail) -> Kind:
    if mail.feedback is not None:
        return Kind.COMPLAINT if mail.feedback.kind in COMPLAINTS else Kind.UNKNOWN
    if mail.dsn is not None:
        failed = any(recipient.action == "failed" for recipient in mail.dsn.recipients)
        return Kind.BOUNCE if failed else Kind.DELIVERY_REPORT
    return Kind.AUTO_REPLY if mail.is_automatic else Kind.UNKNOWN


def _ref(tokens: Tokens, mail: ReturnedMail, recipients: Sequence[str]) -> MessageRef | None:
    """The row that a token names: for a complaint one in the mail it returns, for the rest the
    address it was sent to, or the envelope sender it quotes."""
    if mail.feedback is None:
        return _of_addresses(tokens, [*recipients, *mail.recipients, *mail.senders])
    left = (tokens.read_unsubscribe(token) for token in mail.unsubscribe_tokens)
    return _of_addresses(tokens, mail.senders) or next((u.message for u in left if u), None)


def _of_addresses(tokens: Tokens, addresses: Iterable[str]) -> MessageRef | None:
    read = (tokens.read_return_path(address.rpartition("@")[0]) for address in addresses)
    return next((ref for ref in read if ref), None)


def _confirmed(tokens: Tokens, mail: ReturnedMail) -> MessageRef | None:
    """The row whose Message-ID stands in what came back."""
    return tokens.read_message_id(mail.message_id) if mail.message_id else None


class _Case:
    """One mail about one row of the ledger."""

    def __init__(
        self, runtime: Runtime, mail: ReturnedMail, ref: MessageRef, confirmed: MessageRef | None
    ) -> None:
        self._runtime = runtime
        self._mail = mail
        self._tenant_id = ref.tenant_id
        self._message_id = ref.message_id
        self._ref = ref
        self._confirmed = confirmed
        self._now = runtime.now()

    async def record(self, kind: Kind) -> InboundView:
        deeds = {
            Kind.BOUNCE: self._bounce,
            Kind.COMPLAINT: self._complaint,
            Kind.AUTO_REPLY: self._auto_reply,
            Kind.DELIVERY_REPORT: self._nothing_failed,
        }
        async with self._runtime.database.transaction() as connection:
            row = await store.message(connection, self._tenant_id, self._message_id)
            if row is None:
                return InboundView(kind, Outcome.NO_MESSAGE)
            outcome, bounce = await deeds[kind](connection, row)
            row = await store.message(connection, self._tenant_id, self._message_id)
            assert row is not None  # it is locked, or was there in the same transaction
            return InboundView(kind, outcome, _message(row), bounce)

    # --- bounces

    async def _bounce(
        self, connection: AsyncConnection, row: Row
    ) -> tuple[Outcome, BounceView | None]:
        dsn = self._mail.dsn
        assert dsn is not None  # or it were no bounce
        recipient = self._recipient(dsn, row)
        if recipient is None:
            return Outcome.INCONSISTENT, None
        failure = read_failure(recipient.status, recipient.diagnostic)
        outcome = await self._bounce_row(connection, row, failure, recipient)
        if outcome is not Outcome.RECORDED:
            return outcome, _bounce_view(failure, recipient, suppressed=False)
        suppressed = failure.verdict.suppress and await self._suppress(
            connection,
            row,
            "bounce",
            {
                "reply": recipient.diagnostic,
                "status": failure.status,
                "reported_by": dsn.reporting_mta,
            },
        )
        if not failure.verdict.suppress:
            judged = await soft_bounces.judge_within(connection, self._tenant_id, [row["id"]])
            suppressed = judged > 0
        await self._tell_of_bounce(connection, row, failure, recipient, dsn.reporting_mta)
        return outcome, _bounce_view(failure, recipient, suppressed=suppressed)

    def _recipient(self, dsn: Dsn, row: Row) -> DsnRecipient | None:
        """The failure that is about our mail: it names whom we mailed, or returns our Message-ID.

        With the Message-ID the address may be another: people forward their mail.
        """
        failed = [recipient for recipient in dsn.recipients if recipient.action == "failed"]
        if self._confirmed is not None and self._confirmed != self._ref:
            return None
        ours = email_key_of(row["email"])
        for recipient in failed:
            named = (recipient.original, recipient.final)
            if any(address and email_key_of(address) == ours for address in named):
                return recipient
        return failed[0] if self._confirmed is not None else None

    async def _bounce_row(
        self,
        connection: AsyncConnection,
        row: Row,
        failure: FailureReport,
        recipient: DsnRecipient,
    ) -> Outcome:
        """The row is bounced and counted once, whatever it was before."""
        if row["state"] != MessageState.SENT and row["campaign_id"] is not None:
            await store.lock_batch(connection, self._tenant_id, row)
        locked = await store.message(connection, self._tenant_id, self._message_id, lock=True)
        if locked is None:
            return Outcome.NO_MESSAGE
        state = MessageState(locked["state"])
        if state is MessageState.BOUNCED:
            return Outcome.ALREADY_RECORDED
        try:
            advance(state, MessageEvent.BOUNCE)
        except Conflict:
            return Outcome.NOT_SENT
        await store.bounce(
            connection,
            self._tenant_id,
            locked,
            reason=failure.verdict.rule,
            reply=_reply(recipient),
            at=self._now,
        )
        if locked["campaign_id"] is not None:
            if state is MessageState.SENT:
                await self._count(connection, locked, store.BOUNCED_LATER)
            else:
                await store.recount(connection, self._tenant_id, locked)
        return Outcome.RECORDED

    async def _tell_of_bounce(
        self,
        connection: AsyncConnection,
        row: Row,
        failure: FailureReport,
        recipient: DsnRecipient,
        reporting_mta: str | None,
    ) -> None:
        data: dict[str, object] = {
            "reason": failure.verdict.rule,
            "reply": _reply(recipient),
            "status": failure.status,
            "hard": failure.is_hard,
            "late": True,
        }
        told = {**data, "reported_by": reporting_mta}
        await self._log(connection, row, EventKind.BOUNCED, told)
        await self._emit(connection, row, EventType.EMAIL_BOUNCED, data)

    # --- complaints

    async def _complaint(
        self, connection: AsyncConnection, row: Row
    ) -> tuple[Outcome, BounceView | None]:
        feedback = self._mail.feedback
        assert feedback is not None  # or it were no complaint
        if row["contact_id"] is not None:  # the contact before the row, as unsubscribing does
            link = Unsubscribe(self._ref, row["contact_id"], row["campaign_id"] or 0)
            await unsubscribes.leave(connection, self._runtime, link, source="complaint")
        locked = await store.message(connection, self._tenant_id, self._message_id, lock=True)
        if locked is None:
            return Outcome.NO_MESSAGE, None
        if locked["complained_at"] is not None:
            return Outcome.ALREADY_RECORDED, None
        data: dict[str, object] = {"feedback": feedback.kind, "reported_by": feedback.user_agent}
        await store.complain(connection, self._tenant_id, self._message_id, self._now)
        await self._suppress(connection, locked, "complaint", data)
        if locked["campaign_id"] is not None:
            await self._count(connection, locked, store.COMPLAINED)
        await self._log(connection, locked, EventKind.COMPLAINED, data)
        await self._emit(
            connection, locked, EventType.EMAIL_COMPLAINED, {"feedback": feedback.kind}
        )
        return Outcome.RECORDED, None

    # --- answers that say nothing about the address

    async def _auto_reply(
        self, connection: AsyncConnection, _row: Row
    ) -> tuple[Outcome, BounceView | None]:
        """Counted once for each mail, and nothing else."""
        kind = EventKind.AUTO_REPLIED
        row = await store.message(connection, self._tenant_id, self._message_id, lock=True)
        if row is None:
            return Outcome.NO_MESSAGE, None
        if await store.has_event(connection, self._tenant_id, self._message_id, kind):
            return Outcome.ALREADY_RECORDED, None
        await self._log(connection, row, kind, {})
        if row["campaign_id"] is not None:
            await self._count(connection, row, store.AUTO_REPLIES)
        return Outcome.RECORDED, None

    async def _nothing_failed(
        self, _connection: AsyncConnection, _row: Row
    ) -> tuple[Outcome, BounceView | None]:
        return Outcome.IGNORED, None

    # --- what bounces and complaints share

    async def _suppress(
        self, connection: AsyncConnection, row: Row, reason: str, evidence: dict[str, object]
    ) -> bool:
        """Whether the address is suppressed now that was not before."""
        made = await suppressions.suppress(
            connection,
            self._tenant_id,
            email_key_of(row["email"]),
            reason=reason,
            scope="all",
            source="returned mail",
            evidence={"message_id": row["id"], **evidence},
        )
        return made is not None

    async def _count(self, connection: AsyncConnection, row: Row, what: str) -> None:
        await store.count(connection, self._tenant_id, row["campaign_id"], what)

    async def _log(
        self, connection: AsyncConnection, row: Row, kind: EventKind, data: dict[str, object]
    ) -> None:
        await event_log.add(
            connection,
            self._tenant_id,
            at=self._now,
            kind=kind,
            message_id=row["id"],
            campaign_id=row["campaign_id"],
            contact_id=row["contact_id"],
            data=data,
        )

    async def _emit(
        self, connection: AsyncConnection, row: Row, word: EventType, data: dict[str, object]
    ) -> None:
        fact = Fact(
            self._tenant_id,
            word,
            self._now,
            message_id=row["id"],
            contact_id=row["contact_id"],
            campaign_id=row["campaign_id"],
            data={name: value for name, value in data.items() if value is not None},
        )
        await webhook_events.emit(connection, [fact])


def _message(row: Row) -> InboundMessage:
    return InboundMessage(
        row["id"], row["email"], row["state"], row["campaign_uuid"], row["email_uuid"]
    )


def _bounce_view(
    failure: FailureReport, recipient: DsnRecipient, *, suppressed: bool
) -> BounceView:
    return BounceView(
        hard=failure.is_hard,
        status=failure.status,
        reason=failure.verdict.rule,
        reply=_reply(recipient),
        suppressed=suppressed,
    )


def _reply(recipient: DsnRecipient) -> str | None:
    return recipient.diagnostic[:REPLY_CHARACTERS_MAX] if recipient.diagnostic else None
