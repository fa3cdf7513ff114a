"""`/`: what is going on, and the way in for who has just begun."""

from __future__ import annotations

from starlette.responses import Response

from mailwright.services import campaigns, contacts, senders
from mailwright.services.paging import Page
from mailwright.web.visits import Visit

#: (title, text, where to do it)
STEPS = (
    ("Add a sender", "The name and address your mail comes from.", "/settings/senders"),
    ("Bring your contacts", "Import a CSV file, or use the API.", "/contacts"),
    ("Write a campaign", "Plain Markdown, with a live preview.", "/campaigns/new"),
    ("Send it", "To yourself first, then to everybody.", "/campaigns"),
)

_ONE = Page(1, 1)
_RECENT = Page(1, 6)


async def show(visit: Visit) -> Response:
    """The newest campaigns, and the first steps until all are done."""
    key = (visit.runtime, visit.caller)
    recent = await campaigns.page_campaigns(*key, _RECENT)
    people = (await contacts.page_contacts(*key, _ONE)).total
    identities = (await senders.page_identities(*key, _ONE)).total
    was_sent = any(row.status not in {"draft", "scheduled"} for row in recent.items)
    done = (identities > 0, people > 0, recent.total > 0, was_sent)
    steps = [(*step, is_done) for step, is_done in zip(STEPS, done, strict=True)]
    return await visit.show("home.html", recent=recent, people=people, steps=steps)
