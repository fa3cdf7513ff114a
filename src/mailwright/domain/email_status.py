"""Where a single mail stands, in one word: the ledger's state, and what its reader did since.

Each status is a condition over the ledger row; the first that holds, from the top, is the word.
`store/emails.py` says the same in SQL, and a test compares.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from mailwright.domain.message_lifecycle import UNFINISHED, MessageState


class EmailStatus(StrEnum):
    """The word for a mail, as the native API says it."""

    COMPLAINED = "complained"  # reported as spam
    BOUNCED = "bounced"  # refused by a server, or returned
    CLICKED = "clicked"
    OPENED = "opened"
    DELIVERED = "delivered"  # the next server accepted it, and it did not come back
    SCHEDULED = "scheduled"  # its time has not come
    DEFERRED = "deferred"  # refused for now; tried again
    QUEUED = "queued"  # waits for a worker, or one has it in hand
    SKIPPED = "skipped"  # never tried; `reason` says why
    FAILED = "failed"  # given up, or our own fault; `reason` says
    CANCELED = "canceled"


#: What a state of the ledger means where nothing was heard from the reader.
OF_STATE: Mapping[MessageState, EmailStatus] = {
    MessageState.QUEUED: EmailStatus.QUEUED,
    MessageState.SENDING: EmailStatus.QUEUED,
    MessageState.SENT: EmailStatus.DELIVERED,
    MessageState.DEFERRED: EmailStatus.DEFERRED,
    MessageState.BOUNCED: EmailStatus.BOUNCED,
    MessageState.FAILED: EmailStatus.FAILED,
    MessageState.SKIPPED: EmailStatus.SKIPPED,
    MessageState.CANCELED: EmailStatus.CANCELED,
}

#: Statuses after which nothing more is tried.
OVER = frozenset(OF_STATE[state] for state in MessageState if state not in UNFINISHED) | {
    EmailStatus.COMPLAINED,
    EmailStatus.CLICKED,
    EmailStatus.OPENED,
}


def status_of(row: Mapping[str, Any], now: datetime) -> EmailStatus:
    """The word for a row of the ledger with the mail's `scheduled_at` beside it."""
    state = MessageState(row["state"])
    if row["complained_at"] is not None:
        return EmailStatus.COMPLAINED
    if state is MessageState.SENT:
        if row["clicked_at"] is not None:
            return EmailStatus.CLICKED
        if row["opened_at"] is not None:
            return EmailStatus.OPENED
    if state is MessageState.QUEUED and row["scheduled_at"] is not None:
        return EmailStatus.SCHEDULED if row["scheduled_at"] > now else EmailStatus.QUEUED
    return OF_STATE[state]
