"""`/settings/audit-log`: who did what that only some may do."""

from __future__ import annotations

from starlette.responses import Response

from mailwright.services import audit
from mailwright.services import members as member_service
from mailwright.services.paging import Page
from mailwright.web.visits import ROWS_PER_PAGE, Visit

#: Starts of actions, in words for people.
KINDS = (
    ("", "Everything"),
    ("campaign.", "Campaigns"),
    ("template.", "Templates"),
    ("suppression.", "Suppressions"),
    ("api-key.", "API keys"),
    ("member.", "Members"),
    ("project.", "Projects"),
    ("webhook.", "Webhooks"),
    ("account.", "Account"),
)


async def show(visit: Visit) -> Response:
    """Entries, the newest first, of one kind or all."""
    kind, cursor = visit.query("kind"), visit.query("cursor")
    page = await audit.page_audit_log(
        visit.runtime,
        visit.caller,
        cursor=cursor or None,
        action=kind or None,
        per_page=ROWS_PER_PAGE,
    )
    people = await member_service.page_members(visit.runtime, visit.caller, Page())
    return await visit.show(
        "audit_log.html",
        page=page,
        kind=kind,
        cursor=cursor,
        kinds=KINDS,
        names={f"member:{one.uuid}": one.email for one in people.items},
    )
