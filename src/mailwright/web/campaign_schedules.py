"""A campaign that leaves by itself: the time is shown in its zone and in UTC, then confirmed."""

from __future__ import annotations

from datetime import datetime

from starlette.responses import Response

from mailwright.domain.wall_clock import ClockChange, WallClock, find_zone
from mailwright.errors import InvalidInput, NotReady
from mailwright.services import campaign_sending, campaigns
from mailwright.services.campaign_views import CampaignView
from mailwright.web.campaign_actions import sentence
from mailwright.web.campaign_forms import DEFAULT_ZONE
from mailwright.web.campaigns import campaign_page, uuid_of
from mailwright.web.filters import utc_offset
from mailwright.web.forms import Form
from mailwright.web.visits import Visit

#: What is said of a time that is odd (docs/decisions/0006-wall-clock-times.md).
_ODD = {
    ClockChange.SKIPPED: (
        "{asked} does not exist in {zone} on that day: the clocks jump over it. "
        "The campaign leaves at {local}."
    ),
    ClockChange.REPEATED: (
        "{asked} comes twice in {zone} on that day: the clocks go back. "
        "The campaign leaves at the first, which is {local} at {offset}."
    ),
}


async def schedule(visit: Visit) -> Response:
    """The time as it would be, to be confirmed; once it is, the campaign waits for it."""
    visit.caller.require("campaigns:write")
    campaign_uuid = uuid_of(visit)
    key = (visit.runtime, visit.caller, campaign_uuid)
    campaign = await campaigns.get_campaign(*key)
    try:
        asked, zone = _local_time(visit.form), _zone(visit.form)
        wall_clock = campaign_sending.wall_clock_to_come(visit.runtime, asked, zone)
        if "confirmed" not in visit.form:
            return await _ask(visit, campaign, wall_clock)
        await campaign_sending.schedule_campaign(*key, asked, zone)
    except InvalidInput as error:
        return await campaign_page(visit, campaign, schedule_errors=error.details)
    except NotReady as error:
        errors = {"scheduled_at": [sentence(error)]}
        return await campaign_page(visit, campaign, schedule_errors=errors)
    return visit.go(f"/campaigns/{campaign_uuid}", said="Scheduled.")


def warning_of(wall_clock: WallClock) -> str:
    """What is odd about the time; empty when nothing is."""
    if wall_clock.change is None:
        return ""
    return _ODD[wall_clock.change].format(
        asked=f"{wall_clock.asked:%H:%M}",
        zone=wall_clock.zone,
        local=f"{wall_clock.local:%H:%M}",
        offset=utc_offset(wall_clock.local),
    )


async def _ask(visit: Visit, campaign: CampaignView, wall_clock: WallClock) -> Response:
    return await visit.show(
        "campaigns/schedule.html",
        campaign=campaign,
        wall_clock=wall_clock,
        seconds=(wall_clock.instant - visit.runtime.now()).total_seconds(),
        warning=warning_of(wall_clock),
    )


def _local_time(form: Form) -> datetime:
    try:
        at = datetime.fromisoformat(form.get("scheduled_local", ""))
    except ValueError:
        at = None
    if at is None or at.tzinfo is not None:
        raise InvalidInput.field("scheduled_at", "Give a day and a time.")
    return at


def _zone(form: Form) -> str:
    return find_zone(form.get("timezone", "").strip() or DEFAULT_ZONE)
