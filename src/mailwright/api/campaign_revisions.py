"""`/campaigns/{uuid}/revisions`: what a campaign said each time it was saved."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path
from starlette.responses import Response

from mailwright.api.dependencies import CallerOf, PageOf, RuntimeOf
from mailwright.api.envelopes import Data, DataPage, many, one
from mailwright.api.problems import errors
from mailwright.services import campaign_revisions as service
from mailwright.services.campaign_revisions import RevisionRow, RevisionView
from mailwright.services.campaign_views import CampaignView

router = APIRouter(prefix="/campaigns/{campaign_uuid}/revisions", tags=["campaigns"])

_UNKNOWN = errors("RESOURCE_NOT_FOUND")

NumberOf = Annotated[int, Path(ge=1, le=2**31 - 1)]


@router.get("", responses={200: {"model": DataPage[RevisionRow]}, **_UNKNOWN})
async def page(runtime: RuntimeOf, caller: CallerOf, campaign_uuid: UUID, page: PageOf) -> Response:
    """List a campaign's revisions, newest first: who saved it, when and through which door."""
    return many(await service.page_revisions(runtime, caller, campaign_uuid, page))


@router.get("/{revision_number}", responses={200: {"model": Data[RevisionView]}, **_UNKNOWN})
async def get(
    runtime: RuntimeOf, caller: CallerOf, campaign_uuid: UUID, revision_number: NumberOf
) -> Response:
    """Get a revision with its words."""
    return one(await service.get_revision(runtime, caller, campaign_uuid, revision_number))


@router.post(
    "/{revision_number}/restore",
    responses={
        200: {"model": Data[CampaignView]},
        **errors("RESOURCE_NOT_FOUND", "CAMPAIGN_NOT_EDITABLE", "CAMPAIGN_TRANSITION_IN_PROGRESS"),
    },
)
async def restore(
    runtime: RuntimeOf, caller: CallerOf, campaign_uuid: UUID, revision_number: NumberOf
) -> Response:
    """Go back to a revision's subject, preheader and body; it becomes the newest revision."""
    return one(await service.restore_revision(runtime, caller, campaign_uuid, revision_number))
