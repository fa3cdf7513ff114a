"""What the campaign form says, as services take it, and back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from mailwright.errors import InvalidInput
from mailwright.services import lists, segments, senders
from mailwright.services.campaign_fields import CampaignChanges
from mailwright.services.campaign_views import CampaignView
from mailwright.services.paging import Page
from mailwright.web.body_forms import body_of
from mailwright.web.forms import Form
from mailwright.web.visits import Visit

_TEXTS = ("name", "subject", "preheader", "from_name", "reply_to")
_REFERENCES = ("from_identity", "list_uuid", "segment_uuid")

Options = list[tuple[UUID, str]]


def changes_of(form: Form) -> CampaignChanges:
    """The fields of the form; without a body in it, that stays. Raises InvalidInput."""
    changes: dict[str, Any] = {name: form[name] for name in _TEXTS if name in form}
    for name in _REFERENCES:
        if name in form:
            changes[name] = _uuid(form[name], name)
    for name in ("track_opens", "track_clicks"):
        changes[name] = name in form
    changes |= body_of(form)
    if "overwrite" in form:
        changes["overwrite"] = True
    return changes  # pyright: ignore[reportReturnType]  # the names above are those of the type


def values_of(campaign: CampaignView) -> dict[str, str]:
    """The campaign as its form shows it."""
    values = {
        "name": campaign.name,
        "subject": campaign.subject or "",
        "preheader": campaign.preheader or "",
        "from_name": campaign.from_name or "",
        "reply_to": campaign.reply_to or "",
        "from_identity": str(campaign.from_identity or ""),
        "list_uuid": str(campaign.audience.list_uuid or ""),
        "segment_uuid": str(campaign.audience.segment_uuid or ""),
        "content": campaign.content or "",
    }
    switches = {"track_opens": campaign.track_opens, "track_clicks": campaign.track_clicks}
    return values | {name: "on" for name, on in switches.items() if on}


async def options(visit: Visit) -> Mapping[str, Options]:
    """What can be chosen: the first hundred of each, by name."""
    first = Page()
    named_lists = await lists.page_lists(visit.runtime, visit.caller, first)
    named_segments = await segments.page_segments(visit.runtime, visit.caller, first)
    usable = await senders.page_identities(visit.runtime, visit.caller, first)
    return {
        "lists": [(i.uuid, f"{i.name} ({i.contacts_count:,})") for i in named_lists.items],
        "segments": [(item.uuid, item.name) for item in named_segments.items],
        "senders": [(i.uuid, f"{i.from_name} <{i.email}>") for i in usable.items],
    }


def time_of(form: Form) -> datetime:
    """The time to send at: exact from the browser's clock, else what was typed, as UTC."""
    text = form.get("scheduled_at") or form.get("scheduled_local", "")
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInput.field("scheduled_at", "Give a day and a time.") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _uuid(text: str, field: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        raise InvalidInput.field(field, "Choose one of the list.") from None
