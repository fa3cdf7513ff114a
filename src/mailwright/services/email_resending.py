"""A single mail that did not arrive, sent once more: a new mail that says the same."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from mailwright.domain.email_status import EmailStatus
from mailwright.domain.email_stream import Stream
from mailwright.errors import Conflict, NotFound
from mailwright.mail.attachments import Attachment
from mailwright.services import emails
from mailwright.services.caller import Caller
from mailwright.services.email_acceptance import INBOX_LANE
from mailwright.services.email_views import EmailView, full_view
from mailwright.services.emails import NewEmail
from mailwright.services.runtime import Runtime
from mailwright.store import emails as store
from mailwright.store.rows import Row

#: How a mail ends that nobody got.
RESENDABLE = frozenset(
    {EmailStatus.BOUNCED, EmailStatus.CANCELED, EmailStatus.FAILED, EmailStatus.SKIPPED}
)

#: What the new mail has of the old one under the same name.
_KEPT = (
    "to_name",
    "subject",
    "preheader",
    "html",
    "encoding",
    "language",
    "fallbacks",
    "data",
    "from_name",
    "reply_to",
    "headers",
    "tags",
    "metadata",
    "track_opens",
    "track_clicks",
    "track_text_clicks",
    "at_most_once",
)


async def resend_email(runtime: Runtime, caller: Caller, email_uuid: UUID) -> EmailView:
    """The new mail, which leaves at once, whatever time or expiry the old one had.

    What kept it back may keep it back again: it is accepted like any mail, and who is suppressed
    by now is refused. Raises NotFound, Conflict EMAIL_NOT_RESENDABLE for a mail that arrived or may
    still arrive, and what `emails.submit` raises.
    """
    caller.require("emails:write")
    async with runtime.database.reading() as connection:
        row = await store.get(connection, caller.tenant_id, email_uuid)
        if row is None:
            raise NotFound("There is no such mail.")
        files = await store.attachments(connection, caller.tenant_id, row["message_id"])
    status = full_view(runtime, row).status
    if status not in RESENDABLE:
        raise Conflict(
            "Only a mail that bounced, failed, was skipped or canceled can be sent again.",
            code="EMAIL_NOT_RESENDABLE",
            details={"status": str(status)},
        )
    return await emails.submit(runtime, caller, _same(row, [_file(file) for file in files]))


def _same(row: Row, files: list[Attachment]) -> NewEmail:
    kept: dict[str, Any] = {name: row[name] for name in _KEPT}
    return NewEmail(
        **kept,
        to=row["email"],
        stream=Stream(row["stream"]),
        text=row["plain_text"] or None,
        sender=row["sender_id"],
        from_email=row["from_email"] if row["sender_id"] is None else None,
        project=row["project_id"],
        list=row["list_id"],
        attachments=files,
        sandbox=row["lane"] == INBOX_LANE,
    )


def _file(row: Row) -> Attachment:
    return Attachment(row["name"], row["content_type"], bytes(row["body"]), row["content_id"])
