"""A single mail as its sender sees it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from mailwright.domain.email_status import EmailStatus, status_of
from mailwright.domain.email_stream import Stream
from mailwright.domain.keys import Keys
from mailwright.domain.tokens import Tokens
from mailwright.services.runtime import Runtime
from mailwright.store.rows import Row


@dataclass(frozen=True, slots=True)
class EmailRow:
    """A mail in a list.

    `status`: where it stands, in one word; `state`: the ledger's own. `reason` says why it was
    skipped, refused or given up, `reply` holds the server's last words. `subject` is as submitted,
    with its merge tags. `sandbox`: it went to the built-in inbox. `message_id`: of its header.
    """

    uuid: UUID
    message_id: str
    status: EmailStatus
    state: str
    stream: Stream
    to: str
    to_name: str | None
    from_email: str
    from_name: str | None
    subject: str
    tags: Sequence[str]
    reason: str | None
    reply: str | None
    attempts: int
    sandbox: bool
    created_at: datetime
    scheduled_at: datetime | None
    sent_at: datetime | None
    bounced_at: datetime | None
    opened_at: datetime | None
    clicked_at: datetime | None
    complained_at: datetime | None
    unsubscribed_at: datetime | None


@dataclass(frozen=True, slots=True)
class EmailView(EmailRow):
    """A mail in full. `next_attempt_at`: null while it is in hand.

    `possibly_repeated`: a worker died, or a connection broke, at the moment of handing over, so it
    may have arrived twice.
    """

    reply_to: str | None
    metadata: Mapping[str, str]
    data: Mapping[str, Any]
    headers: Sequence[Sequence[str]]
    attachment_count: int
    encoding: str
    track_opens: bool
    track_clicks: bool
    track_text_clicks: bool
    at_most_once: bool
    expires_at: datetime | None
    next_attempt_at: datetime | None
    possibly_repeated: bool
    sender_uuid: UUID | None
    project_uuid: UUID | None
    list_uuid: UUID | None
    contact_uuid: UUID | None
    template_version_uuid: UUID | None


def row_view(runtime: Runtime, row: Row) -> EmailRow:
    """From a row of `store.emails.page`."""
    return EmailRow(**_common(runtime, row))


def full_view(runtime: Runtime, row: Row) -> EmailView:
    """From a row of `store.emails.get`."""
    return EmailView(
        **_common(runtime, row),
        **{name: row[name] for name in _IN_FULL},
    )


_SAME = (
    "uuid",
    "state",
    "to_name",
    "from_email",
    "from_name",
    "subject",
    "tags",
    "reason",
    "reply",
    "attempts",
    "created_at",
    "scheduled_at",
    "sent_at",
    "bounced_at",
    "opened_at",
    "clicked_at",
    "complained_at",
    "unsubscribed_at",
)
_IN_FULL = (
    "reply_to",
    "metadata",
    "data",
    "headers",
    "attachment_count",
    "encoding",
    "track_opens",
    "track_clicks",
    "track_text_clicks",
    "at_most_once",
    "expires_at",
    "next_attempt_at",
    "possibly_repeated",
    "sender_uuid",
    "project_uuid",
    "list_uuid",
    "contact_uuid",
    "template_version_uuid",
)


def _common(runtime: Runtime, row: Row) -> dict[str, Any]:
    domain = row["from_email"].rpartition("@")[2].encode("idna").decode()
    return {name: row[name] for name in _SAME} | {
        "message_id": _tokens(runtime.keys).message_id(row["tenant_id"], row["message_id"], domain),
        "status": status_of(row, runtime.now()),
        "stream": Stream(row["stream"]),
        "to": row["email"],
        "sandbox": row["lane"] == 0,
    }


@lru_cache(maxsize=4)
def _tokens(keys: Keys) -> Tokens:
    """Made once: deriving its ciphers costs more than a view."""
    return Tokens(keys)
