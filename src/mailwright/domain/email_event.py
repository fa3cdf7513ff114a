"""What logs tell of a mail, in the order it lives."""

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
    AUTO_REPLIED = "auto_replied"  # a machine answered: out of office, or a ticket number
