"""`/campaigns`: drafted, read, changed, and whom of its audience its languages cover."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AfterValidator
from starlette.responses import Response

from mailwright.dialects.mailingcore.campaign_shapes import (
    STATES,
    CampaignCreate,
    CampaignFields,
    CampaignPatch,
    CampaignRowShape,
    CampaignShape,
    CoverageShape,
    campaign_row_shape,
    campaign_shape,
)
from mailwright.dialects.mailingcore.dependencies import CallerOf, PageOf, RuntimeOf, known
from mailwright.dialects.mailingcore.shapes import DataPage, bare, many, one
from mailwright.services import campaigns as service
from mailwright.services import locale_coverage, version_checks
from mailwright.services.caller import Caller
from mailwright.services.runtime import Runtime

router = APIRouter(prefix="/campaigns", tags=["campaigns"])


def _status(word: str) -> str:
    if word.upper() not in STATES:
        raise ValueError(f"One of {', '.join(STATES)}.")
    return word.upper()


StatusWord = Annotated[str, AfterValidator(_status)]


@router.post("", status_code=201, responses={201: {"model": CampaignShape}})
async def create(runtime: RuntimeOf, caller: CallerOf, body: CampaignCreate) -> Response:
    """Create a campaign. It is a DRAFT; without a filter it is for everybody who opted in."""
    await _check_version(runtime, caller, body)
    return one(campaign_shape(await service.create_campaign(runtime, caller, body.ours())), 201)


@router.get("", responses={200: {"model": DataPage[CampaignRowShape]}})
async def page(
    runtime: RuntimeOf,
    caller: CallerOf,
    page: PageOf,
    status: Annotated[StatusWord | None, Query(description=f"One of {', '.join(STATES)}.")] = None,
) -> Response:
    """List campaigns, newest first."""
    states = STATES[status] if status is not None else ()
    found = await service.page_campaigns(runtime, caller, page, statuses=states)
    return many([campaign_row_shape(row) for row in found.items], page, found.total)


@router.get("/{campaign_id}", responses={200: {"model": CampaignShape}})
async def get(runtime: RuntimeOf, caller: CallerOf, campaign_id: str) -> Response:
    """Get a campaign with its status."""
    campaign_uuid = known(campaign_id, "campaign")
    return one(campaign_shape(await service.get_campaign(runtime, caller, campaign_uuid)))


@router.patch("/{campaign_id}", responses={200: {"model": CampaignShape}})
async def change(
    runtime: RuntimeOf, caller: CallerOf, campaign_id: str, body: CampaignPatch
) -> Response:
    """Change a campaign while it is a DRAFT: all of the changes or none."""
    campaign_uuid = known(campaign_id, "campaign")
    await _check_version(runtime, caller, body)
    view = await service.change_campaign(runtime, caller, campaign_uuid, body.ours())
    return one(campaign_shape(view))


@router.get("/{campaign_id}/locale-coverage", responses={200: {"model": list[CoverageShape]}})
async def coverage(runtime: RuntimeOf, caller: CallerOf, campaign_id: str) -> Response:
    """Count the audience by language, and say for which there is a variant of the template."""
    campaign_uuid = known(campaign_id, "campaign")
    found = await locale_coverage.get_locale_coverage(runtime, caller, campaign_uuid)
    return bare(
        [
            CoverageShape(locale=row.locale, count=row.contacts, has_template=row.has_template)
            for row in found
        ]
    )


async def _check_version(runtime: Runtime, caller: Caller, body: CampaignFields) -> None:
    caller.require("campaigns:write")
    if body.template_version_id is not None:
        await version_checks.require_published(runtime, caller, body.template_version_id)
