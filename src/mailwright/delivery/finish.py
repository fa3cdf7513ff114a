"""How campaigns end: sent when nothing is queued any more, closed when canceled."""

from __future__ import annotations

from mailwright.delivery.transitions import move
from mailwright.domain.campaign_lifecycle import CampaignEvent, CampaignState
from mailwright.domain.message_lifecycle import MessageState
from mailwright.services.runtime import Runtime
from mailwright.store import batch_endings, batches, campaigns, fan_outs, quotas, retries

CHUNK = 20  # batches a statement: up to 10,000 rows, well under a second


async def finish_if_drained(runtime: Runtime, tenant_id: int, campaign_id: int) -> bool:
    """Moves the campaign to `sent` when its fan-out and all its batches but retries are done."""
    async with runtime.database.reading() as connection:
        position = await fan_outs.get(connection, tenant_id, campaign_id)
        if position is None or position["finished_at"] is None:
            return False
        if not await batches.is_drained(connection, tenant_id, campaign_id):
            return False
        campaign = await campaigns.get(connection, tenant_id, campaign_id)
    await _settle(runtime, tenant_id, campaign_id)
    if campaign is None or campaign["state"] != CampaignState.SENDING:
        return False
    return await move(runtime, tenant_id, campaign_id, CampaignEvent.FINISH)


async def close_chunk(runtime: Runtime, tenant_id: int, campaign_id: int) -> bool:
    """Ends some of what a canceled campaign has not sent; False: there was nothing to end.

    Batches in a worker's hands come later: their worker stops within half a second, a dead one's
    lease runs out.
    """
    async with runtime.database.raw() as connection:
        await retries.add_all_of(connection, tenant_id, campaign_id, fan_outs.BATCH_SIZE)
        ended = await batch_endings.end(
            connection,
            tenant_id,
            campaign_id,
            limit=CHUNK,
            state=MessageState.CANCELED,
            reason=None,
        )
    return ended > 0


async def is_closed(runtime: Runtime, tenant_id: int, campaign_id: int) -> bool:
    """Whether every batch of the campaign is done."""
    async with runtime.database.reading() as connection:
        if await batches.has_unfinished(connection, tenant_id, campaign_id):
            return False
    await _settle(runtime, tenant_id, campaign_id)
    return True


async def _settle(runtime: Runtime, tenant_id: int, campaign_id: int) -> None:
    """The month's quota gets back what was taken for mails that were never sent."""
    async with runtime.database.transaction() as connection:
        await quotas.settle(connection, tenant_id, campaign_id)


async def stop_retries(runtime: Runtime, tenant_id: int, campaign_id: int) -> bool:
    """Gives up on a chunk of the campaign's deferred rows; True: there is more."""
    async with runtime.database.raw() as connection:
        taken = await retries.add_all_of(connection, tenant_id, campaign_id, fan_outs.BATCH_SIZE)
        ended = await batch_endings.end(
            connection,
            tenant_id,
            campaign_id,
            limit=CHUNK,
            state=MessageState.FAILED,
            reason="retries-stopped",
            retries_only=True,
        )
    return taken + ended > 0
