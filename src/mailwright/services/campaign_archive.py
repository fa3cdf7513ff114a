"""Putting campaigns away that are over, and taking them out again. Nothing is lost by it."""

from __future__ import annotations

from uuid import UUID

from mailwright.domain.campaign_lifecycle import ARCHIVABLE, CampaignState
from mailwright.errors import Conflict
from mailwright.services import audit, campaigns
from mailwright.services.caller import Caller
from mailwright.services.campaign_views import CampaignView, full_view
from mailwright.services.runtime import Runtime
from mailwright.store import campaigns as store


async def archive_campaign(runtime: Runtime, caller: Caller, campaign_uuid: UUID) -> CampaignView:
    """The campaign, out of the list of those people work with. Doing it twice is harmless.

    Raises NotFound, Conflict CAMPAIGN_NOT_ARCHIVABLE while it is scheduled or under way.
    """
    return await _put(runtime, caller, campaign_uuid, archived=True)


async def unarchive_campaign(runtime: Runtime, caller: Caller, campaign_uuid: UUID) -> CampaignView:
    """The campaign, back in the list. Raises NotFound."""
    return await _put(runtime, caller, campaign_uuid, archived=False)


async def _put(
    runtime: Runtime, caller: Caller, campaign_uuid: UUID, *, archived: bool
) -> CampaignView:
    caller.require("campaigns:write")
    async with runtime.database.transaction() as connection:
        row = await campaigns.held(connection, caller, campaign_uuid)
        state = CampaignState(row["state"])
        if archived and state not in ARCHIVABLE:
            allowed = sorted(ARCHIVABLE)
            raise Conflict(
                f"A campaign that is {state} cannot be archived; "
                f"it must be one of: {', '.join(allowed)}.",
                code="CAMPAIGN_NOT_ARCHIVABLE",
                details={"status": str(state), "allowed": allowed},
            )
        if row["archived"] != archived:
            changes = {"archived": archived, "updated_at": runtime.now()}
            await store.change(connection, caller.tenant_id, row["id"], changes)
            await campaigns.tell_updated(connection, row, runtime.now(), ("archived",))
            deed = "archive" if archived else "unarchive"
            await audit.record(connection, caller, f"campaign.{deed}", f"campaign:{campaign_uuid}")
        return full_view(runtime, await store.seen(connection, caller.tenant_id, row["id"]))
