"""A campaign's figures: live progress, the report, recipients, links, history."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from starlette.responses import Response, StreamingResponse

from mailwright.domain.ids import parse_id
from mailwright.services import (
    campaign_history,
    campaigns,
    exports,
    lists,
    recipients,
    reports,
    segments,
    timelines,
)
from mailwright.services.campaign_views import CampaignView
from mailwright.services.paging import Page
from mailwright.services.reports import Report
from mailwright.web.campaign_charts import HEIGHT, engagement_of
from mailwright.web.visits import Visit

LIVE = frozenset({"queued", "sending"})
#: What the recipients table can be narrowed to, in words for people.
FILTERS = {
    "": "All",
    "sent": "Sent",
    "opened": "Opened",
    "clicked": "Clicked",
    "pending": "Pending",
    "failed": "Failed",
    "skipped": "Skipped",
    "canceled": "Canceled",
}
_LINKS = Page(1, 50)
_HISTORY = Page(1, 50)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a send has got. `seconds_left` is None while nobody can tell."""

    done: int
    total: int
    rate: float
    seconds_left: float | None
    is_live: bool

    @property
    def percent(self) -> int:
        """Whole percents, 100 only when all is done."""
        return min(100, self.done * 100 // self.total) if self.total else 0


def progress_of(report: Report) -> Progress:
    """The progress in a report: everybody with an outcome, of everybody who is to be mailed."""
    total = report.audience - sum(report.skipped.values())
    done = max(0, total - report.queued)
    is_live = report.status in LIVE
    left = report.queued / report.rate if is_live and report.rate > 0 else None
    return Progress(done, total, report.rate, left, is_live)


async def figures(visit: Visit, campaign: CampaignView) -> dict[str, Any]:
    """What the page of a campaign needs besides the campaign."""
    report = await reports.get_report(visit.runtime, visit.caller, campaign.uuid)
    history = await campaign_history.page_history(
        visit.runtime, visit.caller, campaign.uuid, _HISTORY
    )
    was_started = campaign.queued_at is not None or report.audience > 0
    found: dict[str, Any] = {
        "report": report,
        "progress": progress_of(report),
        "was_started": was_started,
        "history": history.items,
        "links": [],
    }
    if was_started:
        links = await reports.page_link_clicks(visit.runtime, visit.caller, campaign.uuid, _LINKS)
        timeline = await timelines.get_timeline(visit.runtime, visit.caller, campaign.uuid)
        found |= {
            "links": links.items,
            "audience": await _audience(visit, campaign),
            "engagement": engagement_of(timeline),
            "height": HEIGHT,
            **await _recipients(visit, campaign),
        }
    return found


async def progress(visit: Visit) -> Response:
    """The progress and the figures alone, for a page that asks again and again.

    When the campaign's status is no longer what the page shows, the whole page is due.
    """
    campaign_uuid = parse_id(visit.request.path_params["uuid"], "campaign")
    campaign = await campaigns.get_campaign(visit.runtime, visit.caller, campaign_uuid)
    if campaign.status != visit.query("status"):
        return Response(headers={"HX-Refresh": "true"})
    report = await reports.get_report(visit.runtime, visit.caller, campaign_uuid)
    return visit.part(
        "campaigns/progress.html", campaign=campaign, report=report, progress=progress_of(report)
    )


async def recipients_table(visit: Visit) -> Response:
    """The recipients alone, for filters and pages."""
    campaign_uuid = parse_id(visit.request.path_params["uuid"], "campaign")
    campaign = await campaigns.get_campaign(visit.runtime, visit.caller, campaign_uuid)
    if not visit.is_partial:
        query = visit.request.url.query
        return visit.go(f"/campaigns/{campaign.uuid}?{query}#recipients")
    table = await _recipients(visit, campaign)
    return visit.part("campaigns/recipients.html", campaign=campaign, **table)


async def export(visit: Visit) -> Response:
    """Whom it was sent to and what became of each, as a CSV file."""
    campaign_uuid = parse_id(visit.request.path_params["uuid"], "campaign")
    pieces = await exports.export_recipients(visit.runtime, visit.caller, campaign_uuid)
    named = {"Content-Disposition": 'attachment; filename="recipients.csv"'}
    return StreamingResponse(pieces, media_type="text/csv; charset=utf-8", headers=named)


async def _audience(visit: Visit, campaign: CampaignView) -> list[tuple[str, str]]:
    """The list and the segment it went to, by name and path; those that are gone left out."""
    named: list[tuple[str, str]] = []
    key = (visit.runtime, visit.caller)
    list_uuid, segment_uuid = campaign.audience.list_uuid, campaign.audience.segment_uuid
    if list_uuid is not None:
        named.append(((await lists.get_list(*key, list_uuid)).name, f"/lists/{list_uuid}"))
    if segment_uuid is not None:
        segment = await segments.get_segment(*key, segment_uuid)
        named.append((segment.name, f"/segments/{segment_uuid}"))
    return named


async def _recipients(visit: Visit, campaign: CampaignView) -> dict[str, Any]:
    chosen, search = visit.query("show"), visit.query("search")
    chosen = chosen if chosen in FILTERS else ""
    engagement = {"opened", "clicked"}
    wanted = recipients.recipient_filter(
        status=None if chosen in engagement else (chosen or "all"),
        search=search or None,
        opened=True if chosen == "opened" else None,
        clicked=True if chosen == "clicked" else None,
    )
    paged = await recipients.page_recipients(
        visit.runtime, visit.caller, campaign.uuid, visit.page(), wanted
    )
    return {"recipients": paged, "show": chosen, "search": search, "filters": FILTERS}
