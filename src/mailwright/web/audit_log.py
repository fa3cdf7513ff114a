"""`/settings/audit-log`: who did what that only some may do."""

from __future__ import annotations

from starlette.responses import Response

from mailwright.services import actors, audit
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
    ("import.", "Imports"),
    ("account.", "Account"),
)

#: Where the page of a subject is, by its noun.
PLACES = {
    "campaign": "/campaigns/",
    "contact": "/contacts/",
    "domain": "/settings/domains/",
    "import": "/imports/",
    "list": "/lists/",
    "project": "/settings/projects/",
    "segment": "/segments/",
    "webhook": "/settings/webhooks/",
}


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
    who = {entry.actor for entry in page.items}
    names = await actors.names_of(visit.runtime, visit.caller, who)
    return await visit.show(
        "audit_log.html",
        page=page,
        kind=kind,
        cursor=cursor,
        kinds=KINDS,
        names=names,
        places=PLACES,
    )
