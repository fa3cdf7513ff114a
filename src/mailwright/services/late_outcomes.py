"""What is heard of a mail after it was sent, written into the ledger: bounces, complaints, answers.

A bounce must name that mail's recipient or return its Message-ID, so whoever forges bounces changes
nothing. Taking the same report twice counts once.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.delivery_report import FailureReport, read_failure
from mailwright.domain.email_address import email_key_of
from mailwright.domain.email_event import EventKind
from mailwright.domain.message_lifecycle import MessageEvent, MessageState, advance
from mailwright.domain.tokens import MessageRef, Unsubscribe
from mailwright.domain.webhook_event import EventType
from mailwright.errors import Conflict
from mailwright.mail.dsn import Dsn, DsnRecipient
from mailwright.mail.returned import ReturnedMail
from mailwright.services import soft_bounces, suppressions, unsubscribes, webhook_events
from mailwright.services.inbound_views import (
    BounceView,
    InboundView,
    Kind,
    Outcome,
    bounce_view,
    message_view,
    reply_of,
)
from mailwright.services.runtime import Runtime
from mailwright.services.webhook_events import Fact
from mailwright.store import event_log
from mailwright.store import inbound as store
from mailwright.store.rows import Row


@dataclass(frozen=True, slots=True)
class Report:
    """A returned mail about a row of the ledger, which a token of ours names: `ref`.

    `confirmed`: the row whose Message-ID stands in what came back.
    """

    kind: Kind
    mail: ReturnedMail
    ref: MessageRef
    confirmed: MessageRef | None


async def record(runtime: Runtime, report: Report) -> InboundView:
    """What was done about it, in one transaction. Never fails for what it says."""
    return await _Case(runtime, report).record()


class _Case:
    """One report about one row of the ledger."""

    def __init__(self, runtime: Runtime, report: Report) -> None:
        self._runtime = runtime
        self._kind = report.kind
        self._mail = report.mail
        self._ref = report.ref
        self._confirmed = report.confirmed
        self._tenant_id = report.ref.tenant_id
        self._message_id = report.ref.message_id
        self._now = runtime.now()

    async def record(self) -> InboundView:
        kind = self._kind
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
            return InboundView(kind, outcome, message_view(row), bounce)

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
            return outcome, bounce_view(failure, recipient, suppressed=False)
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
            judged = await soft_bounces.judge_within(
                connection, self._tenant_id, [row["id"]], now=self._now
            )
            suppressed = judged > 0
        await self._tell_of_bounce(connection, row, failure, recipient, dsn.reporting_mta)
        return outcome, bounce_view(failure, recipient, suppressed=suppressed)

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
            reply=reply_of(recipient),
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
            "reply": reply_of(recipient),
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
            now=self._now,
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
