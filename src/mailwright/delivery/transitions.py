"""Transitions the engine makes by itself, under its own name."""

from __future__ import annotations

from mailwright.domain.campaign_lifecycle import CampaignEvent
from mailwright.domain.doors import Door
from mailwright.errors import Conflict, NotFound
from mailwright.services import campaign_transitions
from mailwright.services.caller import Caller
from mailwright.services.runtime import Runtime


def engine(tenant_id: int) -> Caller:
    """Who the history names when nobody asked."""
    return Caller(tenant_id, "engine", Door.ENGINE, frozenset({"*"}))


async def move(
    runtime: Runtime,
    tenant_id: int,
    campaign_id: int,
    event: CampaignEvent,
    *,
    reason: str | None = None,
) -> bool:
    """Whether `event` happened. False: somebody was faster, and the campaign is elsewhere now."""
    try:
        async with runtime.database.transaction() as connection:
            await campaign_transitions.apply(
                connection, runtime, engine(tenant_id), campaign_id, event, reason=reason
            )
    except (Conflict, NotFound):
        return False
    return True
