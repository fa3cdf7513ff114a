"""The start of a campaign: is it ready, who gets it, and the ledger written down chunk by chunk.

Delivery begins after the first, small chunk and runs while the rest is written. Every chunk is a
transaction of its own, so a start that was killed goes on where it was; one that runs twice at once
takes turns on the row of `fan_outs` and writes nobody twice.
"""

from __future__ import annotations

from datetime import date

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.delivery.finish import finish_if_drained
from mailwright.delivery.mailing import Mailing, Mailings
from mailwright.delivery.transitions import move
from mailwright.domain.campaign_lifecycle import CampaignEvent, CampaignState
from mailwright.domain.locale_routing import Routing
from mailwright.errors import NotReady
from mailwright.services import campaign_readiness, quota, template_routing
from mailwright.services.runtime import Runtime
from mailwright.store import audiences, campaign_links, campaigns, fan_outs, quotas
from mailwright.store.job_queue import wake_workers
from mailwright.store.rows import Row

log = structlog.get_logger()

FIRST_CHUNK = 2_000  # so that the first mails leave at once
CHUNK = 20_000  # contacts; a fifth of a second. Every chunk hashes the suppressions once
HOLDING_CHUNK = 4_000  # where there is a quota: single mails of the tenant wait for the chunk


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
        position = await _next_chunk(runtime, connection, campaign)
        await wake_workers(connection)
    if position["finished_at"] is None:
        return True
    await finish_if_drained(runtime, tenant_id, campaign_id)
    return False


async def _next_chunk(runtime: Runtime, connection: AsyncConnection, campaign: Row) -> Row:
    """The position after the chunk, or as it was when everybody is written down."""
    key = campaign["tenant_id"], campaign["id"]
    audience = await audiences.of_campaign(connection, key[0], campaign)
    position = await fan_outs.begin(
        connection, *key, audience, await _routing(connection, campaign)
    )
    if position["finished_at"] is not None:
        return position
    size = FIRST_CHUNK if position["last_contact_id"] == 0 else CHUNK
    return await _write(runtime, connection, campaign, position, size)


async def _write(
    runtime: Runtime, connection: AsyncConnection, campaign: Row, position: Row, size: int
) -> Row:
    """The position after the chunk, whose queued rows are taken from the month's quota.

    One month for the whole campaign: the one in which it began. What a test key sends is free.
    """
    if campaign["sandbox"]:
        return await _write_rows(connection, position, size)
    tenant_id = campaign["tenant_id"]
    month = position["quota_month"] or quota.month_of(runtime.now())
    if position["quota_month"] is None:
        await quotas.set_month(connection, tenant_id, campaign["id"], month)
    left = await _quota_left(connection, tenant_id, month)
    size = size if left is None else min(size, HOLDING_CHUNK)
    after = await _write_rows(connection, position, size, quota_left=left)
    queued = after["queued_count"] - position["queued_count"]
    await quotas.add(connection, tenant_id, month, queued)
    return after


async def _write_rows(
    connection: AsyncConnection, position: Row, size: int, *, quota_left: int | None = None
) -> Row:
    """The position after the chunk. The planner hears of the first one and of the whole.

    It does so before the quota is taken, which holds up the tenant's single mails.
    """
    after = await fan_outs.write_chunk(connection, position, size, quota_left=quota_left)
    if position["last_contact_id"] == 0 or after["finished_at"] is not None:
        await fan_outs.analyze(connection)
    return after


async def _quota_left(connection: AsyncConnection, tenant_id: int, month: date) -> int | None:
    """How many more mails the month has room for, held until the chunk is written; None: any.

    Nothing is held where there is no limit: the tenant's single mails would wait for the chunk.
    """
    if await quotas.limit_of(connection, tenant_id) is None:
        return None
    limit, taken = await quotas.hold(connection, tenant_id, month)
    return None if limit is None else max(limit - taken, 0)


async def _routing(connection: AsyncConnection, campaign: Row) -> Routing | None:
    found = await template_routing.routing_of(connection, campaign)
    return found and found[0]


async def _ready(runtime: Runtime, connection: AsyncConnection, campaign: Row) -> Mailing:
    """The campaign compiled. Raises NotReady with words for its `state_reason`."""
    sandbox = campaign["sandbox"]
    lack = await campaign_readiness.lack(runtime, connection, campaign, sandbox=sandbox)
    if lack:
        raise NotReady(f"not ready, missing: {lack.told}")
    return await Mailings(runtime).compiled(connection, campaign)


async def _follow_edits(connection: AsyncConnection, campaign: Row) -> None:
    """A campaign that failed may have been given another audience before it is sent again."""
    began, edited = campaign["started_at"], campaign["last_edited_at"]
    if began is None or edited is None or edited <= began:
        return
    key = campaign["tenant_id"], campaign["id"]
    audience = await audiences.of_campaign(connection, key[0], campaign)
    routing = await _routing(connection, campaign)
    position = await fan_outs.begin(connection, *key, audience, routing)
    if fan_outs.is_for(position, audience, routing):
        return
    after = await fan_outs.start_over(connection, *key, audience, routing)
    if position["quota_month"] is not None:
        taken_back = after["queued_count"] - position["queued_count"]
        await quotas.add(connection, key[0], position["quota_month"], taken_back)
