"""What happens when a campaign's time has come."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from mailwright.delivery.transitions import move
from mailwright.domain.campaign_lifecycle import CampaignEvent, CampaignState
from mailwright.services import campaign_readiness
from mailwright.services.runtime import Runtime
from mailwright.store import campaigns
from mailwright.store.rows import Row

log = structlog.get_logger()


async def fire(runtime: Runtime, tenant_id: int, campaign_id: int, scheduled_at: datetime) -> bool:
    """Whether the campaign is queued now.

    Not when it was moved or unscheduled meanwhile. Later than it allows it is paused with reason
    `missed_schedule`, instead of being sent late in silence; when it is no longer ready it fails.
    """
    async with runtime.database.reading() as connection:
        campaign = await campaigns.get(connection, tenant_id, campaign_id)
        if campaign is None or not _is_scheduled_for(campaign, scheduled_at):
            return False
        lack = await campaign_readiness.lack(
            runtime, connection, campaign, sandbox=campaign["sandbox"]
        )
    late = runtime.now() - scheduled_at
    log.info("schedule_fired", campaign_id=campaign_id, late_seconds=late.total_seconds())
    if late > timedelta(seconds=campaign["max_delay_seconds"]):
        event, reason = CampaignEvent.MISS_SCHEDULE, "missed_schedule"
    elif lack:
        event, reason = CampaignEvent.FAIL, f"not ready, missing: {lack.told}"
    else:
        event, reason = CampaignEvent.DUE, None
    moved = await move(runtime, tenant_id, campaign_id, event, reason=reason)
    return moved and event is CampaignEvent.DUE


def _is_scheduled_for(campaign: Row, scheduled_at: datetime) -> bool:
    return campaign["state"] == CampaignState.SCHEDULED and campaign["scheduled_at"] == scheduled_at
