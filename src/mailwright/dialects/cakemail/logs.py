"""`/logs/campaigns/{id}` and `/logs/lists/{id}`: what happened to whom, oldest first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from mailwright.dialects.cakemail.dependencies import CallerOf, RuntimeOf
from mailwright.dialects.cakemail.fields import NumberInPath
from mailwright.dialects.cakemail.log_shapes import (
    CAMPAIGN_FILTERS,
    LIST_FILTERS,
    SORTS,
    LogRow,
    MomentOf,
    read_query,
    row,
    total,
)
from mailwright.dialects.cakemail.paging import Asked, AskedOf, FilterOf, Sort, SortOf, read_sort
from mailwright.dialects.cakemail.shapes import Cursor, DataPage, many
from mailwright.services import campaign_events as service
from mailwright.services import campaigns, lists
from mailwright.services.campaign_events import EventPage, EventTotal
from mailwright.services.numbers import uuid_of

router = APIRouter(prefix="/logs", tags=["logs"])

CursorOf = Annotated[str | None, Query(max_length=32, description="From an answer; before `page`.")]


@router.get("/campaigns/{campaign_id}", responses={200: {"model": DataPage[LogRow]}})
async def of_campaign(
    runtime: RuntimeOf,
    caller: CallerOf,
    campaign_id: NumberInPath,
    asked: AskedOf,
    start_time: MomentOf = None,
    end_time: MomentOf = None,
    cursor: CursorOf = None,
    filter_: FilterOf = None,
    sort: SortOf = None,
) -> Response:
    """Show campaign logs. Walking all pages shows each row once, also while more happens."""
    uuid = await uuid_of(runtime, caller, "campaign", campaign_id)
    order = read_sort(sort, SORTS, Sort("id"))
    span = {"start_time": start_time, "end_time": end_time}
    log = await read_query(runtime, caller, filter_, CAMPAIGN_FILTERS, **span)
    if log.nothing:
        await campaigns.get_campaign(runtime, caller, uuid)  # who may not see it hears so
        return many([], asked, 0, cursor=Cursor())
    if log.totals:
        return _counts(await service.event_totals(runtime, caller, uuid, log.query), asked)
    found = await service.page_events(
        runtime,
        caller,
        uuid,
        log.query,
        asked.page,
        cursor=cursor,
        descending=order.descending,
        with_total=asked.with_count,
    )
    return _rows(found, asked)


@router.get("/lists/{list_id}", responses={200: {"model": DataPage[LogRow]}})
async def of_list(
    runtime: RuntimeOf,
    caller: CallerOf,
    list_id: NumberInPath,
    asked: AskedOf,
    start_time: MomentOf = None,
    end_time: MomentOf = None,
    cursor: CursorOf = None,
    filter_: FilterOf = None,
    sort: SortOf = None,
) -> Response:
    """Show list logs: those of every campaign that went to the list."""
    uuid = await uuid_of(runtime, caller, "list", list_id)
    order = read_sort(sort, SORTS, Sort("id"))
    span = {"start_time": start_time, "end_time": end_time}
    log = await read_query(runtime, caller, filter_, LIST_FILTERS, **span)
    if log.nothing:
        await lists.get_list(runtime, caller, uuid)
        return many([], asked, 0)
    if log.totals:
        return _counts(await service.list_event_totals(runtime, caller, uuid, log.query), asked)
    found = await service.page_list_events(
        runtime,
        caller,
        uuid,
        log.query,
        asked.page,
        cursor=cursor,
        descending=order.descending,
        with_total=asked.with_count,
    )
    return _rows(found, asked, with_campaign=True)


def _rows(found: EventPage, asked: Asked, *, with_campaign: bool = False) -> Response:
    cursor = Cursor(previous=found.previous_cursor, next=found.next_cursor)
    shapes = [row(view, with_campaign=with_campaign) for view in found.items]
    return many(shapes, asked, found.total, cursor=cursor)


def _counts(found: Sequence[EventTotal], asked: Asked) -> Response:
    return many([total(view) for view in found], asked, len(found), cursor=Cursor())
