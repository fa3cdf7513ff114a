"""The tool `logs`."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from mailwright.domain.email_event import EventKind
from mailwright.domain.tag_expression import parse_expression
from mailwright.mcp.campaigns import READ
from mailwright.mcp.operations import Operation, Tool
from mailwright.mcp.parameters import PER_PAGE
from mailwright.services import audit, campaign_events, campaign_history, email_log, recipients
from mailwright.services.audit import AuditPage
from mailwright.services.caller import Caller
from mailwright.services.campaign_event_query import EventQuery
from mailwright.services.campaign_events import EventPage
from mailwright.services.cursors import Cursored
from mailwright.services.email_log import LoggedEvent, LogQuery
from mailwright.services.paging import Page, Paged
from mailwright.services.recipients import RecipientSections
from mailwright.services.runtime import Runtime


async def _recipients(
    runtime: Runtime,
    caller: Caller,
    campaign_uuid: UUID,
    page: Page,
    *,
    status: str | None = None,
    search: str | None = None,
    opened: bool | None = None,
    clicked: bool | None = None,
) -> Paged[RecipientSections]:
    wanted = recipients.recipient_filter(
        status=status, search=search, opened=opened, clicked=clicked
    )
    return await recipients.page_recipients(runtime, caller, campaign_uuid, page, wanted)


async def _audit(
    runtime: Runtime,
    caller: Caller,
    *,
    action: str | None = None,
    cursor: str | None = None,
) -> AuditPage:
    return await audit.page_audit_log(runtime, caller, cursor=cursor, action=action, per_page=20)


async def _events(
    runtime: Runtime,
    caller: Caller,
    campaign_uuid: UUID,
    *,
    kind: EventKind | None = None,
    email: str | None = None,
    contact_uuid: UUID | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    cursor: str | None = None,
    per_page: int = PER_PAGE,
) -> EventPage:
    query = EventQuery(
        kinds=(kind,) if kind else (),
        email=email,
        contact_uuid=contact_uuid,
        since=since,
        until=until,
    )
    page = Page(1, per_page)
    return await campaign_events.page_events(
        runtime, caller, campaign_uuid, query, page, cursor=cursor
    )


async def _emails(
    runtime: Runtime,
    caller: Caller,
    *,
    email_uuid: UUID | None = None,
    kind: EventKind | None = None,
    tag: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    cursor: str | None = None,
    per_page: int = PER_PAGE,
) -> Cursored[LoggedEvent]:
    query = LogQuery(
        tags=parse_expression(tag, field="tag") if tag else None,
        kinds=(kind,) if kind else (),
        since=since,
        until=until,
        email_uuid=email_uuid,
    )
    return await email_log.page_log(runtime, caller, query, per_page=per_page, cursor=cursor)


LOGS = Tool(
    "logs",
    "What happened, row by row.",
    {
        "recipients": Operation(
            _recipients,
            READ,
            f"each mail of a campaign, and its outcome; status {', '.join(recipients.STATUSES)}",
        ),
        "history": Operation(
            campaign_history.page_history,
            READ,
            "a campaign's states: who, when, through which door",
        ),
        "events": Operation(
            _events, READ, f"what happened to each recipient; kind {', '.join(EventKind)}"
        ),
        "emails": Operation(_emails, "events:read", "what happened to single mails, newest first"),
        "audit": Operation(_audit, "audit-log:read", "privileged deeds in the account"),
    },
)
