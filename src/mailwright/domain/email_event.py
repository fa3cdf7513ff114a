"""What the log of single mails tells, in the order a mail lives."""

from __future__ import annotations

from enum import StrEnum


class EventKind(StrEnum):
    """The words are stored in `events.kind`; outcomes have the words of `MessageState`."""

    SUBMITTED = "submitted"  # accepted from whoever asked for it, and written down
    QUEUED = "queued"  # its time has come: it waits for a worker
    SENT = "sent"  # the next server accepted it (SMTP 250)
    BOUNCED = "bounced"
    FAILED = "failed"
    SKIPPED = "skipped"
    CANCELED = "canceled"
    OPENED = "opened"
    CLICKED = "clicked"
    COMPLAINED = "complained"
    UNSUBSCRIBED = "unsubscribed"
    RESUBSCRIBED = "resubscribed"
