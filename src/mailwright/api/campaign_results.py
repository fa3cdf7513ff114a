"""`/campaigns/{uuid}/recipients` and its sisters: whom it is for, and what became of it."""

from __future__ import annotations

from dataclasses import fields
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from mailwright.api.campaign_fields import RenderBody
from mailwright.api.dependencies import CallerOf, PageOf, RuntimeOf
from mailwright.api.envelopes import Data, DataPage, json_response, many, one
from mailwright.api.fields import Search
from mailwright.api.problems import errors
from mailwright.services import (
    campaign_history,
    campaign_previews,
    locale_coverage,
    recipients,
    reports,
    timelines,
)
from mailwright.services import preflight as preflights
from mailwright.services.campaign_history import CampaignStep
from mailwright.services.campaign_previews import Rendered
from mailwright.services.contact_views import ContactRow
from mailwright.services.locale_coverage import LocaleCoverage
from mailwright.services.paging import Paged
from mailwright.services.preflight import Preflight
from mailwright.services.recipients import Recipient, RecipientSections
from mailwright.services.reports import LinkClicks, Report
from mailwright.services.timelines import Timeline

router = APIRouter(prefix="/campaigns/{campaign_uuid}", tags=["campaigns"])

_UNKNOWN = errors("RESOURCE_NOT_FOUND")
_SECTIONS = ("delivery", "engagement", "purchases")


@router.get("/contacts", responses={200: {"model": DataPage[ContactRow]}, **_UNKNOWN})
async def contacts(
    runtime: RuntimeOf,
    caller: CallerOf,
    campaign_uuid: UUID,
    page: PageOf,
    search: Annotated[Search | None, Query(description="An address, a name or a phone.")] = None,
) -> Response:
    """List a campaign's live audience: who would get it if it were sent now."""
    return many(await recipients.page_audience(runtime, caller, campaign_uuid, page, search=search))


@router.get("/recipients", responses={200: {"model": DataPage[Recipient]}, **_UNKNOWN})
async def sent_to(
    runtime: RuntimeOf,
    caller: CallerOf,
    campaign_uuid: UUID,
    page: PageOf,
    status: Annotated[
        str | None,
        Query(description=f"One of {', '.join(recipients.STATUSES)}. Absent: all but skipped."),
    ] = None,
    search: Annotated[Search | None, Query(description="Part of an address or a name.")] = None,
    opened: Annotated[bool | None, Query()] = None,
    clicked: Annotated[bool | None, Query()] = None,
    include: Annotated[
        str, Query(description="Sections to add: delivery, engagement, purchases.")
    ] = "",
    cursor: Annotated[
        str | None, Query(description="Instead of `page`: empty first, then `next_cursor`.")
    ] = None,
) -> Response:
    """List whom a campaign was sent to and what became of each; empty before it is sent."""
    wanted = recipients.recipient_filter(
        status=status, search=search, opened=opened, clicked=clicked
    )
    names = {name.strip() for name in include.split(",")}
    if cursor is None:
        found = await recipients.page_recipients(runtime, caller, campaign_uuid, page, wanted)
        return many(Paged([_shown(row, names) for row in found.items], found.total, page))
    after = await recipients.recipients_after(
        runtime, caller, campaign_uuid, cursor, wanted, per_page=page.per_page
    )
    return json_response(
        {
            "data": [_shown(row, names) for row in after.items],
            "pagination": {"per_page": after.per_page, "next_cursor": after.next_cursor},
        }
    )


@router.get("/link-clicks", responses={200: {"model": DataPage[LinkClicks]}, **_UNKNOWN})
async def link_clicks(
    runtime: RuntimeOf, caller: CallerOf, campaign_uuid: UUID, page: PageOf
) -> Response:
    """List a campaign's links, most clicked first, those nobody clicked included."""
    return many(await reports.page_link_clicks(runtime, caller, campaign_uuid, page))


@router.get("/report", responses={200: {"model": Data[Report]}, **_UNKNOWN})
async def report(runtime: RuntimeOf, caller: CallerOf, campaign_uuid: UUID) -> Response:
    """Get a campaign's figures, while it is being sent and afterwards."""
    return one(await reports.get_report(runtime, caller, campaign_uuid))


@router.get("/timeline", responses={200: {"model": Data[Timeline]}, **_UNKNOWN})
async def timeline(runtime: RuntimeOf, caller: CallerOf, campaign_uuid: UUID) -> Response:
    """Get a campaign's opens and clicks by hour for two days from its start, then by day."""
    return one(await timelines.get_timeline(runtime, caller, campaign_uuid))


@router.get("/locale-coverage", responses={200: {"model": Data[list[LocaleCoverage]]}, **_UNKNOWN})
async def coverage(runtime: RuntimeOf, caller: CallerOf, campaign_uuid: UUID) -> Response:
    """Count the people of a campaign's audience by locale, with the variant each would get."""
    return one(await locale_coverage.get_locale_coverage(runtime, caller, campaign_uuid))


@router.get("/preflight", responses={200: {"model": Data[Preflight]}, **_UNKNOWN})
async def preflight(runtime: RuntimeOf, caller: CallerOf, campaign_uuid: UUID) -> Response:
    """Look at a campaign before sending: who would get it, what is missing, what to look at."""
    return one(await preflights.get_preflight(runtime, caller, campaign_uuid))


@router.get("/history", responses={200: {"model": DataPage[CampaignStep]}, **_UNKNOWN})
async def history(
    runtime: RuntimeOf, caller: CallerOf, campaign_uuid: UUID, page: PageOf
) -> Response:
    """List a campaign's transitions, newest first: who, when and through which door."""
    return many(await campaign_history.page_history(runtime, caller, campaign_uuid, page))


@router.post("/render", responses={200: {"model": Data[Rendered]}, **_UNKNOWN})
async def render(
    runtime: RuntimeOf, caller: CallerOf, campaign_uuid: UUID, body: RenderBody
) -> Response:
    """Show the mail as one contact or a sample person would get it. Nothing is sent."""
    return one(
        await campaign_previews.render_campaign(
            runtime,
            caller,
            campaign_uuid,
            contact_uuid=body.contact_uuid,
            language=body.language,
            sanitize=body.sanitize,
        )
    )


def _shown(row: RecipientSections, names: set[str]) -> dict[str, Any]:
    shown = {field.name: getattr(row.recipient, field.name) for field in fields(row.recipient)}
    sections: dict[str, Any] = {
        "delivery": row.delivery,
        "engagement": row.engagement,
        "purchases": [],  # easymail's own shop; nothing is sold here
    }
    return shown | {name: sections[name] for name in _SECTIONS if name in names}
