"""A campaign as its tenant sees it: whole by itself, condensed in a list (seed 003)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from mailwright.domain import readiness, sending_domain
from mailwright.services.campaign_readiness import facts
from mailwright.services.outgoing import must_be_authenticated
from mailwright.services.runtime import Runtime
from mailwright.store.rows import Row

#: While a campaign is in one of these, trouble with its transport holds it up.
_UNDER_WAY = frozenset({"queued", "sending"})


@dataclass(frozen=True, slots=True)
class AudienceView:
    """Whom the campaign is for: a list, a segment, or both (then their intersection)."""

    list_uuid: UUID | None
    segment_uuid: UUID | None


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether the campaign can be sent, and what is missing: domain/readiness.py has the words."""

    can_send: bool
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CampaignRow:
    """A campaign in a list. `recipients_count` is 0 until it was sent."""

    uuid: UUID
    name: str
    status: str
    subject: str | None
    from_name: str | None
    language: str
    scheduled_at: datetime | None
    timezone: str | None
    recipients_count: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class CampaignView:
    """A campaign in full.

    `status_reason`: why it is paused or failed; `stalled_reason`: what its transport says while it
    waits for it; `content_kind`: `document` or `html`; `started_at` and `finished_at`: of sending;
    `schedule_set_at`: when somebody scheduled it, or sent it.
    `audience_filter` narrows the audience further; `{}` is everybody who may be mailed.
    """

    uuid: UUID
    name: str
    status: str
    status_reason: str | None
    stalled_reason: str | None
    subject: str | None
    preheader: str | None
    from_name: str | None
    reply_to: str | None
    from_identity: UUID | None
    from_email: str | None
    language: str
    content: str | None
    content_kind: str | None
    content_editable_via_api: bool
    content_overwrite_required: bool
    audience: AudienceView
    audience_filter: dict[str, Any] | None
    readiness: Readiness
    project_uuid: UUID | None
    template_uuid: UUID | None
    template_version_uuid: UUID | None
    require_locale_variant: bool
    track_opens: bool
    track_clicks: bool
    track_text_clicks: bool
    link_parameters: str | None
    unsubscribe_footer: bool
    max_delay_seconds: int
    scheduled_at: datetime | None
    schedule_set_at: datetime | None
    timezone: str | None
    recipients_count: int
    archived: bool
    created_at: datetime
    updated_at: datetime
    last_updated_at: datetime | None
    queued_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None


def full_view(runtime: Runtime, row: Row) -> CampaignView:
    """The view of a row of `store.campaigns.seen`."""
    version = None
    if row["template_version_id"] is not None:
        version = {"state": row["version_state"], "subject": row["version_subject"]}
    missing = readiness.missing(facts(row, has_sender=_has_sender(runtime, row), version=version))
    has_own_body = version is None
    return CampaignView(
        uuid=row["uuid"],
        name=row["name"],
        status=row["state"],
        status_reason=row["state_reason"],
        stalled_reason=_stalled_reason(row),
        subject=row["subject"],
        preheader=row["preheader"],
        from_name=row["from_name"],
        reply_to=row["reply_to"],
        from_identity=row["sender_uuid"],
        from_email=row["sender_email"],
        language=row["language"],
        content=row["markdown"] if has_own_body else None,
        content_kind=row["body_kind"] if has_own_body else row["version_kind"],
        content_editable_via_api=row["editable_via_api"],
        content_overwrite_required=row["overwrite_required"],
        audience=AudienceView(row["list_uuid"], row["segment_uuid"]),
        audience_filter=_json(row["audience_filter"]),
        readiness=Readiness(not missing, missing),
        project_uuid=row["project_uuid"],
        template_uuid=row["template_uuid"],
        template_version_uuid=row["version_uuid"],
        require_locale_variant=row["require_locale_variant"],
        track_opens=row["track_opens"],
        track_clicks=row["track_clicks"],
        track_text_clicks=row["track_text_clicks"],
        link_parameters=row["link_parameters"],
        unsubscribe_footer=row["unsubscribe_footer"],
        max_delay_seconds=row["max_delay_seconds"],
        scheduled_at=row["scheduled_at"],
        schedule_set_at=row["schedule_set_at"],
        timezone=row["timezone"],
        recipients_count=row["recipients_count"],
        archived=row["archived"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        last_updated_at=row["last_edited_at"],
        queued_at=row["queued_at"],
        started_at=row["started_at"],
        finished_at=row["finished_at"],
    )


def row_view(row: Row) -> CampaignRow:
    """The view of a row of `store.campaigns.page`."""
    return CampaignRow(
        uuid=row["uuid"],
        name=row["name"],
        status=row["state"],
        subject=row["subject"],
        from_name=row["from_name"],
        language=row["language"],
        scheduled_at=row["scheduled_at"],
        timezone=row["timezone"],
        recipients_count=row["recipients_count"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


def _has_sender(runtime: Runtime, row: Row) -> bool:
    """Whether it has a sender that may send: as `outgoing.sender_problem`, from what was read."""
    if not row["has_sender"]:
        return False
    if row["sandbox"] or not must_be_authenticated(runtime, row["smtp_url_sealed"]):
        return True
    return not sending_domain.missing(_json(row["domain_checks"]) or {})


def _json(stored: Any) -> Any:
    """JSON that a statement may have brought as text."""
    return json.loads(stored) if isinstance(stored, str) else stored


def _stalled_reason(row: Row) -> str | None:
    if row["outage_since"] is None or row["state"] not in _UNDER_WAY:
        return None
    return row["outage_reason"]
