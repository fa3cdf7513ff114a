"""What is told before something is sent or destroyed: what, to whom, from whom, when, where."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from mailwright.domain.wall_clock import instant, parse_zone
from mailwright.mcp.operations import Service
from mailwright.services import campaigns, recipients, reports
from mailwright.services.caller import Caller
from mailwright.services.campaign_views import CampaignView
from mailwright.services.runtime import Runtime


def about(get: Service, will: str, *facts: str) -> Service:
    """A preview that says what `will` happen, with these facts of what `get` finds."""

    async def preview(runtime: Runtime, caller: Caller, **given: Any) -> dict[str, Any]:
        found = asdict(await get(runtime, caller, **given))
        return {"will": will} | {name: found[name] for name in facts}

    return preview


def plainly(will: str) -> Service:
    """A preview that says what `will` happen with what was given."""

    async def preview(_runtime: Runtime, _caller: Caller, **given: Any) -> dict[str, Any]:
        return {"will": will} | given

    return preview


async def readiness(runtime: Runtime, caller: Caller, campaign_uuid: UUID) -> dict[str, Any]:
    """What is missing, and who would get it now."""
    told = await sending(runtime, caller, campaign_uuid)
    del told["will"]
    return told


async def sending(runtime: Runtime, caller: Caller, campaign_uuid: UUID) -> dict[str, Any]:
    """Who would get it now."""
    campaign = await campaigns.get_campaign(runtime, caller, campaign_uuid)
    return await _mailing(runtime, caller, campaign, "now", "Send this campaign now")


async def scheduling(
    runtime: Runtime,
    caller: Caller,
    campaign_uuid: UUID,
    scheduled_at: datetime,
    timezone: str | None = None,
) -> dict[str, Any]:
    """Who would get it then, if the audience stays as it is. Raises what scheduling would."""
    campaign = await campaigns.get_campaign(runtime, caller, campaign_uuid)
    zone = parse_zone(timezone) if timezone else campaign.timezone
    at = instant(scheduled_at, zone)
    local = at.astimezone(ZoneInfo(zone or "UTC"))
    when = f"{local:%A %d %B %Y at %H:%M} {zone or 'UTC'}"
    told = await _mailing(runtime, caller, campaign, when, "Schedule this campaign")
    return {**told, "scheduled_at": at, "timezone": zone or "UTC"}


async def resuming(runtime: Runtime, caller: Caller, campaign_uuid: UUID) -> dict[str, Any]:
    """Who waits for it still."""
    campaign = await campaigns.get_campaign(runtime, caller, campaign_uuid)
    report = await reports.get_report(runtime, caller, campaign_uuid)
    told = _facts(campaign, "Go on sending this campaign", report.queued, "now")
    return {**told, "sent_already": report.sent}


async def canceling(runtime: Runtime, caller: Caller, campaign_uuid: UUID) -> dict[str, Any]:
    """Who got it already, and who never would."""
    campaign = await campaigns.get_campaign(runtime, caller, campaign_uuid)
    report = await reports.get_report(runtime, caller, campaign_uuid)
    return {
        "will": "Stop this campaign for good; who was not mailed yet never is",
        "name": campaign.name,
        "status": campaign.status,
        "sent_already": report.sent,
        "not_mailed": report.queued,
    }


async def trying(
    runtime: Runtime,
    caller: Caller,
    campaign_uuid: UUID,
    email: str,
    *,
    language: str | None = None,
) -> dict[str, Any]:
    """What would go to the one address."""
    campaign = await campaigns.get_campaign(runtime, caller, campaign_uuid)
    will = f"Send one test mail to {email}"
    return {**_facts(campaign, will, 1, "now"), "language": language or campaign.language}


async def _mailing(
    runtime: Runtime, caller: Caller, campaign: CampaignView, when: str, will: str
) -> dict[str, Any]:
    people = await recipients.count_audience(runtime, caller, campaign.uuid)
    return _facts(campaign, will, people, when)


def _facts(campaign: CampaignView, will: str, people: int, when: str) -> dict[str, Any]:
    sender = f'"{campaign.from_name or ""}" <{campaign.from_email or "nobody yet"}>'
    noun = "person" if people == 1 else "people"
    return {
        "will": will,
        "summary": f"{people:,} {noun}, from {sender}, {when}",
        "name": campaign.name,
        "subject": campaign.subject,
        "people": people,
        "from": sender,
        "when": when,
        "status": campaign.status,
        "readiness": campaign.readiness,
    }
