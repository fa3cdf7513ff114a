"""How a row of a campaign's log is shown, on a page and in a file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from mailwright.domain.bounce_kind import BounceKind, bounce_kind
from mailwright.domain.email_event import EventKind
from mailwright.domain.hit_verdict import MACHINES
from mailwright.store.rows import Row

_NOBODY = 0  # ids count from 1


@dataclass(frozen=True, slots=True)
class EventView:
    """One row of a log. `occurrences`: how many it stands for, 1 but for `firsts`, `by_person`.

    `reason` and `reply` tell of a bounce, a failure or a skip; `agent` and `is_machine` of an open
    or a click. `contact_uuid` is null once the contact is gone.
    """

    id: int
    at: datetime
    kind: EventKind
    bounce: BounceKind | None
    campaign_id: int
    contact_id: int
    contact_uuid: UUID | None
    email: str
    occurrences: int
    reason: str | None
    reply: str | None
    link_uuid: UUID | None
    url: str | None
    agent: str | None
    is_machine: bool


#: The columns of an exported log.
EXPORTED = (
    "event_id",
    "at",
    "kind",
    "bounce",
    "email",
    "contact_uuid",
    "occurrences",
    "url",
    "reason",
    "reply",
    "agent",
    "is_machine",
)


def view_of(row: Row) -> EventView:
    """A row of `store.campaign_events.page`."""
    data = row["data"]
    kind, bounce = kind_of(row["kind"], data.get("reason"))
    return EventView(
        id=row["id"],
        at=row["at"],
        kind=kind,
        bounce=bounce,
        campaign_id=row["campaign_id"],
        contact_id=row["contact_id"] or _NOBODY,
        contact_uuid=row["contact_uuid"],
        email=row["email"] or "",
        occurrences=row["occurrences"],
        reason=data.get("reason"),
        reply=data.get("reply"),
        link_uuid=row["link_uuid"],
        url=data.get("url") or row["link_url"],
        agent=data.get("agent"),
        is_machine=data.get("verdict") in MACHINES,
    )


def cells(row: Row) -> list[Any]:
    """A row of the log in the columns EXPORTED."""
    view = view_of(row)
    return [view.id, *(getattr(view, name) for name in EXPORTED[1:])]


def kind_of(kind: str, reason: str | None) -> tuple[EventKind, BounceKind | None]:
    """What happened and, of a bounce, which kind its reason is of."""
    found = EventKind(kind)
    return found, bounce_kind(reason) if found is EventKind.BOUNCED else None
