"""The forms of campaigns."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from pydantic import Field

from mailwright.dialects.cakemail.campaign_words import ARCHIVED, STATUS
from mailwright.dialects.cakemail.shapes import Shape, Unix
from mailwright.domain.campaign_lifecycle import CampaignState
from mailwright.services.campaign_revisions import RevisionView
from mailwright.services.campaign_views import CampaignView

_STEPS: Mapping[str, str] = {
    "sender_email": "sender",
    "from_name": "sender",
    "audience": "audience",
    "subject": "content",
    "content": "content",
}


class AudienceShape(Shape):
    """Whom it is for."""

    list_id: int | None = None
    name: str | None = None
    segment_id: int | None = None


class TrackingShape(Shape):
    """What is counted."""

    opens: bool
    clicks_html: bool
    clicks_text: bool
    additional_params: str | None


class SenderShape(Shape):
    """Who writes."""

    id: str | None
    name: str | None
    email: str | None


class ContentShape(Shape):
    """What it says."""

    subject: str | None
    html: str | None
    text: str | None
    design: dict[str, Any] | None = Field(serialization_alias="json")
    type: str
    hash: str | None
    last_updated_on: Unix | None
    encoding: str = "utf-8"
    default_unsubscribe_link: bool


class CampaignSummary(Shape):
    """A campaign as it stands among others."""

    id: int
    campaign_id: int
    name: str
    status: str
    suspended: bool
    audience: AudienceShape
    type: str = "standard"
    created_on: Unix
    scheduled_for: Unix | None
    scheduled_on: Unix | None
    sender: SenderShape
    next_building_step: str
    over_limit: bool = False
    under_review: bool = False
    updated_on: Unix


class CampaignShape(CampaignSummary):
    """A campaign in full."""

    tracking: TrackingShape
    delivery_finished_on: Unix | None
    reply_to_email: str | None
    content: ContentShape
    status_reason: str | None


class RevisionShape(Shape):
    """A saved content. `id` is `revision_id` of a campaign."""

    id: int
    date: str


class LinkShape(Shape):
    """A link of a campaign's mails."""

    id: int
    status: str = "active"
    link_to: str
    clicks: int
    unique_clicks: int


class LinkInfo(Shape):
    """Whose mails have a link."""

    mailing_id: int


@dataclass(frozen=True, slots=True)
class Numbers:
    """The numbers of what campaigns name, by UUID, and the names of lists."""

    campaigns: Mapping[UUID, int]
    lists: Mapping[UUID, int] = field(default_factory=dict[UUID, int])
    segments: Mapping[UUID, int] = field(default_factory=dict[UUID, int])
    senders: Mapping[UUID, int] = field(default_factory=dict[UUID, int])


def status_of(view: CampaignView) -> str:
    """Cakemail's word for where it stands."""
    return ARCHIVED if view.archived else STATUS[CampaignState(view.status)]


def summary(view: CampaignView, numbers: Numbers) -> CampaignSummary:
    """The form of a campaign in a list."""
    return CampaignSummary(**_common(view, numbers))


def whole(
    view: CampaignView,
    numbers: Numbers,
    body: Mapping[str, Any],
    *,
    list_name: str | None = None,
    revision: RevisionView | None = None,
) -> CampaignShape:
    """The form of a campaign; `body`: its sections; `revision`: whose words are shown instead."""
    found = _common(view, numbers)
    found["audience"].name = list_name
    return CampaignShape(
        **found,
        tracking=TrackingShape(
            opens=view.track_opens,
            clicks_html=view.track_clicks,
            clicks_text=view.track_text_clicks,
            additional_params=view.link_parameters,
        ),
        delivery_finished_on=view.finished_at,
        reply_to_email=view.reply_to,
        content=_content(view, body) if revision is None else _revised(view, revision),
        status_reason=view.status_reason or view.stalled_reason,
    )


def _common(view: CampaignView, numbers: Numbers) -> dict[str, Any]:
    number = numbers.campaigns[view.uuid]
    audience, sender = view.audience, view.from_identity
    missing = view.readiness.missing
    number_of_sender = _number(numbers.senders, sender)
    return {
        "id": number,
        "campaign_id": number,
        "name": view.name,
        "status": status_of(view),
        "suspended": view.status == CampaignState.PAUSED,
        "audience": AudienceShape(
            list_id=_number(numbers.lists, audience.list_uuid),
            segment_id=_number(numbers.segments, audience.segment_uuid),
        ),
        "created_on": view.created_at,
        "scheduled_for": view.scheduled_at or view.queued_at,
        "scheduled_on": view.schedule_set_at,
        "sender": SenderShape(
            id=None if number_of_sender is None else str(number_of_sender),
            name=view.from_name,
            email=view.from_email,
        ),
        "next_building_step": _STEPS.get(missing[0], "content") if missing else "schedule",
        "updated_on": view.updated_at,
    }


def _number(numbers: Mapping[UUID, int], uuid: UUID | None) -> int | None:
    return None if uuid is None else numbers.get(uuid)


def _content(view: CampaignView, body: Mapping[str, Any]) -> ContentShape:
    return ContentShape(
        subject=view.subject,
        html=body["html"],
        text=body["text"],
        design=body["design"],
        type=_type(body["design_kind"]),
        hash=_hash(body["html"]),
        last_updated_on=view.last_updated_at or view.created_at,
        default_unsubscribe_link=view.unsubscribe_footer,
    )


def _revised(view: CampaignView, revision: RevisionView) -> ContentShape:
    return ContentShape(
        subject=revision.subject,
        html=revision.html,
        text=revision.text,
        design=revision.design,
        type=_type(revision.design_kind),
        hash=_hash(revision.html),
        last_updated_on=revision.saved_at,
        default_unsubscribe_link=view.unsubscribe_footer,
    )


def _type(design_kind: str | None) -> str:
    return design_kind if design_kind in ("bee", "custom") else "html"


def _hash(html: str | None) -> str | None:
    return None if html is None else hashlib.sha256(html.encode()).hexdigest()
