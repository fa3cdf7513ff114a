"""What a returned mail was taken for, and what was done, as its sender sees it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from mailwright.domain.delivery_report import FailureReport
from mailwright.mail.dsn import DsnRecipient
from mailwright.store.rows import Row

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


def message_view(row: Row) -> InboundMessage:
    """From a row of `store.inbound.message`."""
    return InboundMessage(
        row["id"], row["email"], row["state"], row["campaign_uuid"], row["email_uuid"]
    )


def bounce_view(failure: FailureReport, recipient: DsnRecipient, *, suppressed: bool) -> BounceView:
    """A recipient's failure, as the rules of verdicts read it."""
    return BounceView(
        hard=failure.is_hard,
        status=failure.status,
        reason=failure.verdict.rule,
        reply=reply_of(recipient),
        suppressed=suppressed,
    )


def reply_of(recipient: DsnRecipient) -> str | None:
    """What the server said, as far as it is kept."""
    return recipient.diagnostic[:REPLY_CHARACTERS_MAX] if recipient.diagnostic else None
