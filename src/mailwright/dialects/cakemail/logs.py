"""`/logs/campaigns/{id}` and `/logs/lists/{id}`: what happened to whom, oldest first."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from mailwright.dialects.cakemail.dependencies import CallerOf, RuntimeOf
from mailwright.dialects.cakemail.fields import NumberInPath
from mailwright.dialects.cakemail.log_shapes import (
    CAMPAIGN_FILTERS,
    LIST_FILTERS,
    SORTS,
    LogRow,
    Times,
    TimesOf,
    read_query,
    row,
    total,
)
from mailwright.dialects.cakemail.paging import Asked, AskedOf, FilterOf, Sort, SortOf, read_sort
from mailwright.dialects.cakemail.shapes import Cursor, DataPage, many
from mailwright.services import campaign_events as service
from mailwright.services import campaigns, lists
from mailwright.services.caller import Caller
from mailwright.services.campaign_events import EventPage, EventTotal
from mailwright.services.numbers import uuid_of
from mailwright.services.runtime import Runtime

router = APIRouter(prefix="/logs", tags=["logs"])


@dataclass(frozen=True, slots=True)
class _Question:
    """What may be asked of either log."""

    asked: Asked
    times: Times
    cursor: str | None
    filter: str | None
    descending: bool


async def _question(
    asked: AskedOf,
    times: TimesOf,
    cursor: Annotated[
        str | None, Query(max_length=32, description="From an answer; before `page`.")
    ] = None,
    filter_: FilterOf = None,
    sort: SortOf = None,
) -> _Question:
    order = read_sort(sort, SORTS, Sort("id"))
    return _Question(asked, times, cursor, filter_, order.descending)


_QuestionOf = Annotated[_Question, Depends(_question)]


@dataclass(frozen=True, slots=True)
class _Log:
    """Where a log is read. `get`: what it is of; who may not see that hears so."""

    filters: Sequence[str]
    get: Callable[[Runtime, Caller, UUID], Awaitable[object]]
    totals: Callable[..., Awaitable[Sequence[EventTotal]]]
    page: Callable[..., Awaitable[EventPage]]
    with_campaign: bool = False


_OF_CAMPAIGN = _Log(
    CAMPAIGN_FILTERS, campaigns.get_campaign, service.event_totals, service.page_events
)
_OF_LIST = _Log(
    LIST_FILTERS,
    lists.get_list,
    service.list_event_totals,
    service.page_list_events,
    with_campaign=True,
)


@router.get("/campaigns/{campaign_id}", responses={200: {"model": DataPage[LogRow]}})
async def of_campaign(
    runtime: RuntimeOf, caller: CallerOf, campaign_id: NumberInPath, question: _QuestionOf
) -> Response:
    """Show campaign logs. Walking all pages shows each row once, also while more happens."""
    uuid = await uuid_of(runtime, caller, "campaign", campaign_id)
    return await _answer(runtime, caller, uuid, question, _OF_CAMPAIGN)


@router.get("/lists/{list_id}", responses={200: {"model": DataPage[LogRow]}})
async def of_list(
    runtime: RuntimeOf, caller: CallerOf, list_id: NumberInPath, question: _QuestionOf
) -> Response:
    """Show list logs: those of every campaign that went to the list."""
    uuid = await uuid_of(runtime, caller, "list", list_id)
    return await _answer(runtime, caller, uuid, question, _OF_LIST)


async def _answer(
    runtime: Runtime, caller: Caller, uuid: UUID, question: _Question, log: _Log
) -> Response:
    asked = question.asked
    wanted = await read_query(runtime, caller, question.filter, log.filters, question.times)
    if wanted.nothing:
        await log.get(runtime, caller, uuid)
        return many([], asked, 0, cursor=Cursor())
    if wanted.totals:
        counts = await log.totals(runtime, caller, uuid, wanted.query)
        return many([total(view) for view in counts], asked, len(counts), cursor=Cursor())
    found = await log.page(
        runtime,
        caller,
        uuid,
        wanted.query,
        asked.page,
        cursor=question.cursor,
        descending=question.descending,
        with_total=asked.with_count,
    )
    cursor = Cursor(previous=found.previous_cursor, next=found.next_cursor)
    shapes = [row(view, with_campaign=log.with_campaign) for view in found.items]
    return many(shapes, asked, found.total, cursor=cursor)
