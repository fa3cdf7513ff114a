"""How many people an audience holds, before anything is saved or sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.audience_filter import parse_filter
from mailwright.errors import InvalidInput
from mailwright.services import rule_references
from mailwright.services.caller import Caller
from mailwright.services.runtime import Runtime
from mailwright.services.segments import count_fitting
from mailwright.store import campaign_references, recipients, segments
from mailwright.store.audiences import Audience


@dataclass(frozen=True, slots=True)
class ChosenAudience:
    """A list, a segment, a filter, or several: then whoever is in all of them."""

    list_uuid: UUID | None = None
    segment_uuid: UUID | None = None
    audience_filter: dict[str, Any] | None = None

    @property
    def names_somebody(self) -> bool:
        """Whether anything is chosen; an empty filter is everybody."""
        return (self.list_uuid, self.segment_uuid, self.audience_filter) != (None, None, None)


async def count_audience(runtime: Runtime, caller: Caller, chosen: ChosenAudience) -> int:
    """How many people would be mailed now; 0 while nothing is chosen. Raises InvalidInput."""
    caller.require("campaigns:read")
    caller.require("contacts:read")
    if not chosen.names_somebody:
        return 0
    async with runtime.database.transaction() as connection:
        audience = await _audience(connection, caller, chosen)
        fits = recipients.mailable(caller.tenant_id, audience, None, None)
        return await count_fitting(connection, caller, fits, field="audience_filter")


async def _audience(
    connection: AsyncConnection, caller: Caller, chosen: ChosenAudience
) -> Audience:
    if chosen.audience_filter is not None:
        rule = parse_filter(chosen.audience_filter)
        if rule is not None:
            await rule_references.require_own(
                connection, caller.tenant_id, rule, field="audience_filter"
            )
    list_id = await _id_of(connection, caller, "list", chosen.list_uuid)
    segment_id = await _id_of(connection, caller, "segment", chosen.segment_uuid)
    rule = None
    if segment_id is not None:
        rule = await segments.rule_of(connection, caller.tenant_id, segment_id)
    return Audience(list_id, rule, chosen.audience_filter)


async def _id_of(
    connection: AsyncConnection, caller: Caller, noun: str, wanted: UUID | None
) -> int | None:
    if wanted is None:
        return None
    found = await campaign_references.id_of(connection, caller.tenant_id, noun, wanted)
    if found is None:
        raise InvalidInput.field(f"{noun}_uuid", f"There is no such {noun} in this account.")
    return found
