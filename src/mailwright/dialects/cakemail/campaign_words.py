"""Cakemail's words for where a campaign stands, and ours for them.

The seed says `draft` where the document says `incomplete` or `active`: all three are understood,
the seed's is answered. `failed` and `canceled` have no word of Cakemail's and are shown as they
are; a paused campaign is `delivering` with `suspended: true` (design section 6).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mailwright.domain.campaign_lifecycle import CampaignState as S
from mailwright.errors import InvalidInput

STATUS: Mapping[S, str] = {
    S.DRAFT: "draft",
    S.SCHEDULED: "scheduled",
    S.QUEUED: "delivering",
    S.SENDING: "delivering",
    S.PAUSED: "delivering",
    S.SENT: "delivered",
    S.FAILED: "failed",
    S.CANCELED: "canceled",
}

ARCHIVED = "archived"


@dataclass(frozen=True, slots=True)
class Standing:
    """What a word of a filter asks for; no states and not archived: nothing fits."""

    states: tuple[S, ...] = ()
    archived: bool = False


_SAME_AS_DRAFT = ("incomplete", "active")

#: What each word of a filter asks for.
STANDINGS: Mapping[str, Standing] = {
    **{word: Standing(tuple(s for s in S if STATUS[s] == word)) for word in STATUS.values()},
    **dict.fromkeys(_SAME_AS_DRAFT, Standing((S.DRAFT,))),
    "cancelled": Standing((S.CANCELED,)),
    ARCHIVED: Standing(tuple(S), archived=True),
    "deleted": Standing(),
}

#: The words of `filter` and `sort`, and ours for them.
FILTERS = ("status", "name", "type", "list_id")
SORTS = {
    "name": "name",
    "created_on": "created_at",
    "scheduled_for": "scheduled_at",
    "scheduled_on": "schedule_set_at",
    "updated_on": "updated_at",
    "type": "created_at",  # all are of one type
}

TYPES = ("standard", "recurring", "absplit")


def standing(word: str, field: str) -> Standing:
    """What a word asks for. Raises InvalidInput."""
    found = STANDINGS.get(word)
    if found is None:
        raise InvalidInput.field(field, f"One of {', '.join(STANDINGS)}.")
    return found
