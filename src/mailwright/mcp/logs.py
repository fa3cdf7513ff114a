"""The tool `logs`."""

from __future__ import annotations

from uuid import UUID

from mailwright.mcp.campaigns import READ
from mailwright.mcp.operations import Operation, Tool
from mailwright.services import audit, campaign_history, recipients
from mailwright.services.audit import AuditPage
from mailwright.services.caller import Caller
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
        "audit": Operation(_audit, "audit-log:read", "privileged deeds in the account"),
    },
)
