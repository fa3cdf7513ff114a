"""The start of a campaign: is it ready, who gets it, and the ledger written down chunk by chunk.

Delivery begins after the first, small chunk and runs while the rest is written. Every chunk is a
transaction of its own, so a start that was killed goes on where it was; one that runs twice at once
takes turns on the row of `fan_outs` and writes nobody twice.
"""

from __future__ import annotations

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.delivery.finish import finish_if_drained
from mailwright.delivery.mailing import Mailing, Mailings
from mailwright.delivery.transitions import move
from mailwright.domain.campaign_lifecycle import CampaignEvent, CampaignState
from mailwright.errors import NotReady
from mailwright.services import campaign_readiness
from mailwright.services.runtime import Runtime
from mailwright.store import audiences, campaign_links, campaigns, fan_outs
from mailwright.store.job_queue import wake_workers
from mailwright.store.rows import Row

log = structlog.get_logger()

FIRST_CHUNK = 2_000  # so that the first mails leave at once
CHUNK = 20_000  # contacts; a fraction of a second


async def start(runtime: Runtime, tenant_id: int, campaign_id: int) -> bool:
    """Whether the campaign is sending now: queued ones are started, or fail with what is missing.

    One that is sending already is: its fan-out may have to go on.
    """
    async with runtime.database.reading() as connection:
        campaign = await campaigns.get(connection, tenant_id, campaign_id)
        if campaign is None or campaign["state"] != CampaignState.QUEUED:
            return campaign is not None and campaign["state"] == CampaignState.SENDING
        try:
            mailing = await _ready(runtime, connection, campaign)
        except NotReady as error:
            why = error.message
            await move(runtime, tenant_id, campaign_id, CampaignEvent.FAIL, reason=why)
            return False
    async with runtime.database.transaction() as connection:
        await campaign_links.save(connection, tenant_id, campaign_id, mailing.links)
        await _follow_edits(connection, campaign)
    return await move(runtime, tenant_id, campaign_id, CampaignEvent.START)


async def write_chunk(runtime: Runtime, tenant_id: int, campaign_id: int) -> bool:
    """Writes down the next contacts of a campaign that is sending; True: there are more."""
    async with runtime.database.transaction() as connection:
        campaign = await campaigns.get(connection, tenant_id, campaign_id)
        if campaign is None or campaign["state"] != CampaignState.SENDING:
            return False
        position = await _next_chunk(connection, campaign)
        await wake_workers(connection)
    if position["finished_at"] is None:
        return True
    await finish_if_drained(runtime, tenant_id, campaign_id)
    return False


async def _next_chunk(connection: AsyncConnection, campaign: Row) -> Row:
    """The position after the chunk, or as it was when everybody is written down."""
    key = campaign["tenant_id"], campaign["id"]
    audience = await audiences.of_campaign(connection, key[0], campaign)
    position = await fan_outs.begin(connection, *key, audience)
    if position["finished_at"] is not None:
        return position
    is_first = position["last_contact_id"] == 0
    size = FIRST_CHUNK if is_first else CHUNK
    position = await fan_outs.write_chunk(connection, position, size)
    if is_first or position["finished_at"] is not None:
        await fan_outs.analyze(connection)
    return position


async def _ready(runtime: Runtime, connection: AsyncConnection, campaign: Row) -> Mailing:
    """The campaign compiled. Raises NotReady with words for its `state_reason`."""
    missing = await campaign_readiness.missing(connection, campaign)
    if missing:
        raise NotReady(f"not ready, missing: {', '.join(missing)}")
    return await Mailings(runtime).compiled(connection, campaign)


async def _follow_edits(connection: AsyncConnection, campaign: Row) -> None:
    """A campaign that failed may have been given another audience before it is sent again."""
    began, edited = campaign["started_at"], campaign["last_edited_at"]
    if began is None or edited is None or edited <= began:
        return
    key = campaign["tenant_id"], campaign["id"]
    audience = await audiences.of_campaign(connection, key[0], campaign)
    position = await fan_outs.begin(connection, *key, audience)
    if not fan_outs.is_for(position, audience):
        await fan_outs.start_over(connection, *key, audience)
