"""`/`: what is going on, and the way in for who has just begun."""

from __future__ import annotations

from datetime import timedelta

from starlette.responses import Response

from mailwright.services import account, account_reports, campaigns, contacts, reports, senders
from mailwright.services.paging import Page
from mailwright.web.visits import Visit

#: (title, text, where to do it)
STEPS = (
    ("Add a sender", "The name and address your mail comes from.", "/settings/senders"),
    ("Bring your contacts", "Import a CSV file, or use the API.", "/imports/new"),
    ("Write a campaign", "Plain Markdown, with a live preview.", "/campaigns/new"),
    ("Send it", "To yourself first, then to everybody.", "/campaigns"),
)

#: Over how long the figures of campaigns are added up.
RECENT_DAYS = 30

_ONE = Page(1, 1)
_RECENT = Page(1, 6)


async def show(visit: Visit) -> Response:
    """The last weeks in figures, the newest campaigns, and the first steps until all are done."""
    key = (visit.runtime, visit.caller)
    recent = await campaigns.page_campaigns(*key, _RECENT)
    people = (await contacts.page_contacts(*key, _ONE)).total
    identities = (await senders.page_identities(*key, _ONE)).total
    was_sent = any(row.status not in {"draft", "scheduled"} for row in recent.items)
    done = (identities > 0, people > 0, recent.total > 0, was_sent)
    steps = [(*step, is_done) for step, is_done in zip(STEPS, done, strict=True)]
    since = visit.runtime.now() - timedelta(days=RECENT_DAYS)
    return await visit.show(
        "home.html",
        recent=recent,
        stats=await reports.stats_of(*key, [row.uuid for row in recent.items]),
        people=people,
        steps=steps,
        was_sent=was_sent,
        sums=await account_reports.get_campaign_sums(*key, since=since),
        days=RECENT_DAYS,
        quota=(await account.get_account(*key)).quota,
    )
