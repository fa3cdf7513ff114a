"""The tool `emails`: single mails."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from mailwright.domain.email_status import EmailStatus
from mailwright.domain.email_stream import Stream
from mailwright.mcp import previews
from mailwright.mcp.fields import MaybeMoment
from mailwright.mcp.operations import Operation, Tool
from mailwright.mcp.parameters import PER_PAGE
from mailwright.services import email_resending
from mailwright.services import emails as service
from mailwright.services.caller import Caller
from mailwright.services.cursors import Cursored
from mailwright.services.email_fields import check_email
from mailwright.services.emails import EmailRow, EmailView, NewEmail
from mailwright.services.runtime import Runtime

_READ = "emails:read"
_WRITE = "emails:write"


async def _list(
    runtime: Runtime,
    caller: Caller,
    *,
    to: str | None = None,
    tag: str | None = None,
    status: EmailStatus | None = None,
    cursor: str | None = None,
    per_page: int = PER_PAGE,
) -> Cursored[EmailRow]:
    wanted = service.email_filter(tag=tag, status=status, to=to)
    return await service.page_emails(runtime, caller, wanted, per_page=per_page, cursor=cursor)


#: What a mail names, in the service's words.
_NAMED = {"sender_uuid": "sender", "list_uuid": "list"}


def _new(caller: Caller, to: str, given: dict[str, Any]) -> NewEmail:
    fields = {_NAMED.get(name, name): value for name, value in given.items()}
    return NewEmail(to, sandbox=caller.sandbox, **fields)


async def _send(
    runtime: Runtime,
    caller: Caller,
    to: str,
    *,
    to_name: str | None = None,
    subject: str | None = None,
    html: str | None = None,
    text: str | None = None,
    template: str | None = None,
    template_version_uuid: UUID | None = None,
    locale: str | None = None,
    data: dict[str, Any] | None = None,
    sender_uuid: UUID | None = None,
    from_email: str | None = None,
    from_name: str | None = None,
    reply_to: str | None = None,
    stream: Stream = Stream.TRANSACTIONAL,
    list_uuid: UUID | None = None,
    tags: list[str] | None = None,
    metadata: dict[str, str] | None = None,
    scheduled_at: MaybeMoment = None,
) -> EmailView:
    given = {
        "to_name": to_name,
        "subject": subject,
        "html": html,
        "text": text,
        "template": template,
        "template_version_uuid": template_version_uuid,
        "locale": locale,
        "data": data or {},
        "sender_uuid": sender_uuid,
        "from_email": from_email,
        "from_name": from_name,
        "reply_to": reply_to,
        "stream": stream,
        "list_uuid": list_uuid,
        "tags": tags or (),
        "metadata": metadata or {},
        "scheduled_at": scheduled_at,
    }
    return await service.submit(runtime, caller, _new(caller, to, given))


async def _sending(runtime: Runtime, caller: Caller, to: str, **given: Any) -> dict[str, Any]:
    """What would go to whom. Raises what can be known without asking the database."""
    checked = check_email(_new(caller, to, given), runtime.now())
    return {
        "will": f"Send one mail to {checked.to.text}",
        "subject": checked.asked.subject,
        "template": checked.asked.template or checked.asked.template_version_uuid,
        "from": checked.asked.from_email or checked.asked.sender or "the default sender",
        "when": checked.scheduled_at or "now",
        "stream": checked.asked.stream,
    }


EMAILS = Tool(
    "emails",
    "Single mails to one person each, such as receipts and notices.",
    {
        "list": Operation(_list, _READ, "newest first"),
        "get": Operation(service.get_email, _READ, "how it stands"),
        "send": Operation(
            _send,
            _WRITE,
            "subject with html or text, or a template (slug) with `data`; marketing needs a list "
            "or a subscribed contact",
            preview=_sending,
        ),
        "resend": Operation(
            email_resending.resend_email,
            _WRITE,
            "one that bounced, failed, was skipped or canceled, as a new mail",
            preview=previews.about(
                service.get_email, "Send this mail again", "to", "subject", "status", "reason"
            ),
        ),
        "cancel": Operation(
            service.cancel_email,
            _WRITE,
            "one that still waits",
            preview=previews.about(
                service.get_email, "Never send this mail", "to", "subject", "status"
            ),
        ),
    },
)
