"""What the campaign form says, as services take it, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from mailwright.domain.wall_clock import zone_names
from mailwright.services import lists, projects, segments, senders
from mailwright.services.campaign_fields import CampaignChanges
from mailwright.services.campaign_views import CampaignView
from mailwright.services.paging import Page
from mailwright.services.published_versions import list_published_versions
from mailwright.web.body_forms import body_of
from mailwright.web.campaign_audiences import chosen_uuid, filter_of, filter_values
from mailwright.web.forms import Form
from mailwright.web.visits import Visit

_TEXTS = ("name", "subject", "preheader", "from_name", "reply_to")
_REFERENCES = (
    "from_identity",
    "list_uuid",
    "segment_uuid",
    "project_uuid",
    "template_version_uuid",
)

#: Of a time for which nobody chose a zone.
DEFAULT_ZONE = "UTC"

Options = list[tuple[UUID, str]]


def changes_of(form: Form) -> CampaignChanges:
    """The fields of the form; without a body in it, that stays. Raises InvalidInput."""
    changes: dict[str, Any] = {name: form[name] for name in _TEXTS if name in form}
    for name in _REFERENCES:
        if name in form:
            changes[name] = chosen_uuid(form, name)
    for name in ("track_opens", "track_clicks", "require_locale_variant"):
        changes[name] = name in form
    changes["audience_filter"] = filter_of(form)
    if changes.get("template_version_uuid") is None:
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
        "project_uuid": str(campaign.project_uuid or ""),
        "template_version_uuid": str(campaign.template_version_uuid or ""),
        "content": campaign.content or "",
        **filter_values(campaign),
    }
    switches = {
        "track_opens": campaign.track_opens,
        "track_clicks": campaign.track_clicks,
        "require_locale_variant": campaign.require_locale_variant,
    }
    return values | {name: "on" for name, on in switches.items() if on}


async def options(visit: Visit, chosen_version: UUID | None = None) -> Mapping[str, Options]:
    """What can be chosen: the first hundred of each, by name.

    `chosen_version`: the version the campaign names, which is offered whatever has become of it.
    """
    first, key = Page(), (visit.runtime, visit.caller)
    named_lists = await lists.page_lists(*key, first)
    named_segments = await segments.page_segments(*key, first)
    usable = await senders.page_identities(*key, first)
    found = await projects.page_projects(*key, first)
    return {
        "lists": [(i.uuid, f"{i.name} ({i.contacts_count:,})") for i in named_lists.items],
        "segments": [(item.uuid, item.name) for item in named_segments.items],
        "senders": [(i.uuid, f"{i.from_name} <{i.email}>") for i in usable.items],
        "projects": [(item.uuid, item.name) for item in found.items],
        "versions": await _versions(visit, chosen_version),
    }


async def _versions(visit: Visit, chosen: UUID | None) -> Options:
    published = await list_published_versions(visit.runtime, visit.caller)
    offered: Options = []
    for version in published:
        named = chosen if chosen in version.variants and chosen else version.uuid
        spoken = ", ".join(version.locales)
        offered.append((named, f"{version.template_name}, version {version.number} ({spoken})"))
    if chosen is not None and all(chosen not in version.variants for version in published):
        offered.append((chosen, "A version that is no longer published"))
    return offered


def schedule_values(campaign: CampaignView, form: Form) -> Mapping[str, Any]:
    """What the form for a later time shows: what was typed, else the time set by now."""
    zone = campaign.timezone or (DEFAULT_ZONE if campaign.scheduled_at else "")
    local = ""
    if campaign.scheduled_at is not None:
        local = campaign.scheduled_at.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%dT%H:%M")
    return {
        "local": form.get("scheduled_local", local),
        "zone": form.get("timezone", zone),
        "zones": zone_names(),
        "default_zone": DEFAULT_ZONE,
    }
