"""`/campaigns`: drafted, read, changed, copied, deleted."""

from __future__ import annotations

from dataclasses import fields
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from mailwright.api.campaign_fields import CampaignCreate, CampaignPatch
from mailwright.api.dependencies import CallerOf, PageOf, RuntimeOf
from mailwright.api.envelopes import Data, DataPage, many, nothing, one
from mailwright.api.fields import Search
from mailwright.api.problems import errors
from mailwright.domain.campaign_lifecycle import CampaignState
from mailwright.services import campaigns as service
from mailwright.services import reports
from mailwright.services.campaign_views import CampaignRow, CampaignView
from mailwright.services.campaigns import Sort

router = APIRouter(prefix="/campaigns", tags=["campaigns"])

_BODY_SECTIONS = frozenset({"document", "html", "text", "design_kind", "design"})
_SORT_WORDS = (
    "created_at, updated_at, scheduled_at, schedule_set_at or name, "
    "with - before it for the other way round"
)

IncludeOf = Annotated[
    str,
    Query(description="Sections to add, comma-separated: stats, document, html, text, design."),
]


@router.post("", status_code=201, responses={201: {"model": Data[CampaignView]}})
async def create(runtime: RuntimeOf, caller: CallerOf, body: CampaignCreate) -> Response:
    """Create a campaign. It is a draft; `readiness` says what is missing before it can be sent."""
    return one(await service.create_campaign(runtime, caller, body.changes()), 201)


@router.get("", responses={200: {"model": DataPage[CampaignRow]}})
async def page(
    runtime: RuntimeOf,
    caller: CallerOf,
    page: PageOf,
    search: Annotated[Search | None, Query(description="Part of the name.")] = None,
    status: Annotated[CampaignState | None, Query()] = None,
    sort: Annotated[str, Query(description=_SORT_WORDS)] = "-created_at",
    archived: Annotated[bool, Query(description="Those put away, instead of the others.")] = False,
) -> Response:
    """List campaigns, condensed, newest first."""
    found = await service.page_campaigns(
        runtime,
        caller,
        page,
        search=search,
        status=status,
        archived=archived,
        sort=Sort.parse(sort),
    )
    return many(found)


@router.get(
    "/{campaign_uuid}",
    responses={200: {"model": Data[CampaignView]}, **errors("RESOURCE_NOT_FOUND")},
)
async def get(
    runtime: RuntimeOf, caller: CallerOf, campaign_uuid: UUID, include: IncludeOf = ""
) -> Response:
    """Get a campaign in full. Sections that are not asked for are absent."""
    view = await service.get_campaign(runtime, caller, campaign_uuid)
    if not include:
        return one(view)
    names = {name.strip() for name in include.split(",")}
    shown: dict[str, Any] = {field.name: getattr(view, field.name) for field in fields(view)}
    if "stats" in names:
        shown["stats"] = await reports.get_stats(runtime, caller, campaign_uuid)
    if names & _BODY_SECTIONS:
        shown |= await service.body_sections(runtime, caller, campaign_uuid, names)
    return one(shown)


@router.patch(
    "/{campaign_uuid}",
    responses={
        200: {"model": Data[CampaignView]},
        **errors(
            "RESOURCE_NOT_FOUND",
            "CAMPAIGN_NOT_EDITABLE",
            "CONTENT_OVERWRITE_REQUIRED",
            "CAMPAIGN_TRANSITION_IN_PROGRESS",
        ),
    },
)
async def change(
    runtime: RuntimeOf, caller: CallerOf, campaign_uuid: UUID, body: CampaignPatch
) -> Response:
    """Update a campaign while it is draft, scheduled or failed: all of the changes or none."""
    return one(await service.change_campaign(runtime, caller, campaign_uuid, body.changes()))


@router.delete(
    "/{campaign_uuid}",
    status_code=204,
    responses=errors("RESOURCE_NOT_FOUND", "CAMPAIGN_NOT_DELETABLE"),
)
async def delete(runtime: RuntimeOf, caller: CallerOf, campaign_uuid: UUID) -> Response:
    """Delete a campaign that is draft, sent, failed or canceled."""
    await service.delete_campaign(runtime, caller, campaign_uuid)
    return nothing()


@router.post(
    "/{campaign_uuid}/duplicate",
    status_code=201,
    responses={201: {"model": Data[CampaignView]}, **errors("RESOURCE_NOT_FOUND")},
)
async def duplicate(runtime: RuntimeOf, caller: CallerOf, campaign_uuid: UUID) -> Response:
    """Copy a campaign's content and audience into a new draft, called `Copy of …`."""
    return one(await service.duplicate_campaign(runtime, caller, campaign_uuid), 201)
