"""What happened to a campaign: every transition, with who, when and through which door."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from mailwright.services import campaigns
from mailwright.services.caller import Caller
from mailwright.services.paging import Page, Paged
from mailwright.services.runtime import Runtime
from mailwright.store import campaign_transitions as store


@dataclass(frozen=True, slots=True)
class CampaignStep:
    """One transition. `actor`: `key:…`, `member:…`, `cli` or `engine`."""

    event: str
    from_status: str
    to_status: str
    reason: str | None
    actor: str
    door: str
    at: datetime


async def page_history(
    runtime: Runtime, caller: Caller, campaign_uuid: UUID, page: Page
) -> Paged[CampaignStep]:
    """The transitions, newest first. Raises NotFound."""
    caller.require("campaigns:read")
    async with runtime.database.reading() as connection:
        campaign_id = await campaigns.id_of(connection, caller, campaign_uuid)
        rows, total = await store.page(
            connection, caller.tenant_id, campaign_id, limit=page.per_page, offset=page.offset
        )
    steps = [
        CampaignStep(
            event=row["event"],
            from_status=row["from_state"],
            to_status=row["to_state"],
            reason=row["reason"],
            actor=row["actor"],
            door=row["door"],
            at=row["at"],
        )
        for row in rows
    ]
    return Paged(steps, total, page)
