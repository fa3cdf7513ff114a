"""`/reports`: figures of campaigns, their links, lists and the account."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from mailwright.dialects.cakemail.dependencies import CallerOf, RuntimeOf
from mailwright.dialects.cakemail.fields import NumberInPath
from mailwright.dialects.cakemail.log_shapes import MomentOf
from mailwright.dialects.cakemail.paging import AskedOf, Sort, SortOf, read_sort
from mailwright.dialects.cakemail.report_shapes import (
    AccountReportShape,
    CampaignReport,
    LinkReport,
    ListReportShape,
    SeedFigures,
    account_report,
    campaign_report,
    link_report,
    list_report,
)
from mailwright.dialects.cakemail.shapes import Data, DataPage, answer, many, one, plain
from mailwright.domain.email_event import EventKind
from mailwright.errors import NotFound
from mailwright.services import account_reports, campaign_events
from mailwright.services import reports as service
from mailwright.services.caller import Caller
from mailwright.services.campaign_event_query import EventQuery
from mailwright.services.numbers import numbers_of, uuid_of
from mailwright.services.runtime import Runtime

router = APIRouter(prefix="/reports", tags=["reports"])

_LINK_SORTS = {"unique": "unique_clicks", "total": "clicks", "link": "url"}


@router.get("/campaigns/{campaign_id}", responses={200: {"model": Data[CampaignReport]}})
async def of_campaign(runtime: RuntimeOf, caller: CallerOf, campaign_id: NumberInPath) -> Response:
    """Show campaign report, while it is delivered and afterwards."""
    uuid = await uuid_of(runtime, caller, "campaign", campaign_id)
    report = await service.get_report(runtime, caller, uuid)
    query = EventQuery(kinds=[EventKind.BOUNCED])
    bounces = await campaign_events.event_totals(runtime, caller, uuid, query)
    implied = await service.get_implied_opens(runtime, caller, uuid)
    data = plain(campaign_report(report, bounces, implied))
    on_top = {name: data[name] for name in SeedFigures.model_fields}
    return answer({"id": campaign_id, "campaign_id": campaign_id, **on_top, "data": data})


@router.get("/campaigns/{campaign_id}/links", responses={200: {"model": DataPage[LinkReport]}})
async def of_links(
    runtime: RuntimeOf,
    caller: CallerOf,
    campaign_id: NumberInPath,
    asked: AskedOf,
    sort: SortOf = None,
) -> Response:
    """Show campaign links report, those most followed first."""
    uuid = await uuid_of(runtime, caller, "campaign", campaign_id)
    order = read_sort(sort, _LINK_SORTS, Sort("clicks", descending=True))
    report = await service.get_report(runtime, caller, uuid)
    found = await service.page_link_clicks(
        runtime, caller, uuid, asked.page, sort=order.by, descending=order.descending
    )
    numbers = await numbers_of(runtime, caller, "link", [link.uuid for link in found.items])
    shapes = [link_report(link, numbers[link.uuid], report) for link in found.items]
    return many(shapes, asked, found.total)


@router.get("/lists/{list_id}", responses={200: {"model": Data[ListReportShape]}})
async def of_list(runtime: RuntimeOf, caller: CallerOf, list_id: NumberInPath) -> Response:
    """Show list report: its people, and what became of the campaigns to it."""
    uuid = await uuid_of(runtime, caller, "list", list_id)
    return one(list_report(await account_reports.get_list_report(runtime, caller, uuid)))


@router.get("/accounts/self", responses={200: {"model": Data[AccountReportShape]}})
async def of_account(
    runtime: RuntimeOf, caller: CallerOf, start_time: MomentOf = None, end_time: MomentOf = None
) -> Response:
    """Show my account report; of mails only those begun between two moments."""
    return await _account(runtime, caller, start_time, end_time)


@router.get("/accounts/{account_id}", responses={200: {"model": Data[AccountReportShape]}})
async def of_account_by_number(
    runtime: RuntimeOf,
    caller: CallerOf,
    account_id: NumberInPath,
    start_time: MomentOf = None,
    end_time: MomentOf = None,
) -> Response:
    """Show account report: of one's own account, there is no other to see."""
    if account_id != caller.tenant_id:
        raise NotFound("There is no such account.")
    return await _account(runtime, caller, start_time, end_time)


async def _account(runtime: Runtime, caller: Caller, since: MomentOf, until: MomentOf) -> Response:
    report = await account_reports.get_account_report(runtime, caller, since=since, until=until)
    return one(account_report(report))
