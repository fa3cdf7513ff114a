"""Rows that wait for a job: what to enqueue again when the job got lost."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.campaign_lifecycle import CampaignState
from mailwright.store.rows import Row, every
from mailwright.store.tables import batches, campaigns, fan_outs

_OF_CAMPAIGN = (
    fan_outs.c.tenant_id == campaigns.c.tenant_id,
    fan_outs.c.campaign_id == campaigns.c.id,
)


async def due_schedules(connection: AsyncConnection, now: datetime) -> Sequence[Row]:
    """Campaigns whose scheduled time has come."""
    found = select(campaigns.c.tenant_id, campaigns.c.id, campaigns.c.scheduled_at).where(
        campaigns.c.state == CampaignState.SCHEDULED, campaigns.c.scheduled_at <= now
    )
    return await every(connection, found)


async def unfinished_starts(connection: AsyncConnection) -> Sequence[Row]:
    """Campaigns that are queued, or sending with some of their audience not yet written down."""
    found = (
        select(campaigns.c.tenant_id, campaigns.c.id)
        .outerjoin(fan_outs, _OF_CAMPAIGN[0] & _OF_CAMPAIGN[1])
        .where(
            or_(
                campaigns.c.state == CampaignState.QUEUED,
                (campaigns.c.state == CampaignState.SENDING) & fan_outs.c.finished_at.is_(None),
            )
        )
    )
    return await every(connection, found)


async def undrained(connection: AsyncConnection) -> Sequence[Row]:
    """Campaigns that are sending with all of their audience written down."""
    found = (
        select(campaigns.c.tenant_id, campaigns.c.id)
        .join(fan_outs, _OF_CAMPAIGN[0] & _OF_CAMPAIGN[1])
        .where(campaigns.c.state == CampaignState.SENDING, fan_outs.c.finished_at.is_not(None))
    )
    return await every(connection, found)


async def unclosed(connection: AsyncConnection) -> Sequence[Row]:
    """Canceled campaigns with batches that are not closed."""
    found = (
        select(batches.c.tenant_id, batches.c.campaign_id.label("id"))
        .distinct()
        .join(
            campaigns,
            (campaigns.c.tenant_id == batches.c.tenant_id)
            & (campaigns.c.id == batches.c.campaign_id),
        )
        .where(batches.c.state != "done", campaigns.c.state == CampaignState.CANCELED)
    )
    return await every(connection, found)
