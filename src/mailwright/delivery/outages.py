"""A transport that will not have us: its project is parked, and after long enough campaigns fail.

The messages are not to blame: they stay queued, and sending the campaign again mails only those.
"""

from __future__ import annotations

import structlog

from mailwright.delivery.transitions import move
from mailwright.domain.campaign_lifecycle import CampaignEvent
from mailwright.services.runtime import Runtime
from mailwright.store import outages
from mailwright.store.batches import Lease

log = structlog.get_logger()


async def note_refusal(runtime: Runtime, lease: Lease, reason: str) -> None:
    """Parks the lease's transport; fails its campaigns when it has been away for too long.

    The built-in inbox is not worth waiting for: a campaign of a test key fails at once. Single
    mails wait for any transport, as long as it takes.
    """
    if lease.sandbox and lease.is_single:
        log.warning("inbox_refused", reason=reason)
        return
    if lease.sandbox:
        await _fail(runtime, lease.tenant_id, [lease.campaign_id], reason)
        return
    async with runtime.database.raw() as connection:
        is_over = await outages.park(
            connection,
            lease.tenant_id,
            lease.project_id,
            reason,
            patience_seconds=runtime.settings.route_outage_seconds,
        )
        log.warning("transport_parked", project_id=lease.project_id, reason=reason)
        if not is_over:
            return
        waiting = await outages.sending_through(connection, lease.tenant_id, lease.project_id)
        await _fail(runtime, lease.tenant_id, waiting, reason)
        await outages.clear(connection, lease.tenant_id, lease.project_id)


async def note_success(runtime: Runtime, lease: Lease) -> None:
    """The transport works again."""
    if not lease.in_outage:
        return
    async with runtime.database.raw() as connection:
        await outages.clear(connection, lease.tenant_id, lease.project_id)
    log.info("transport_works", project_id=lease.project_id)


async def _fail(runtime: Runtime, tenant_id: int, campaign_ids: list[int], reason: str) -> None:
    for campaign_id in campaign_ids:
        await move(runtime, tenant_id, campaign_id, CampaignEvent.FAIL, reason=reason)
