"""`/lists`: named sets of contacts. To add a noun, copy this file and `list_shapes.py`."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from mailwright.dialects.cakemail.dependencies import CallerOf, RuntimeOf
from mailwright.dialects.cakemail.list_shapes import (
    ACTIVE,
    ARCHIVED,
    FILTERS,
    SORTS,
    STATUSES,
    ListSummary,
    list_summary,
)
from mailwright.dialects.cakemail.paging import (
    AskedOf,
    FilterOf,
    Sort,
    SortOf,
    read_filter,
    read_sort,
)
from mailwright.dialects.cakemail.shapes import DataPage, many
from mailwright.services import lists as service
from mailwright.services.numbers import numbers_of

router = APIRouter(prefix="/lists", tags=["lists"])


@router.get("", responses={200: {"model": DataPage[ListSummary]}})
async def page(
    runtime: RuntimeOf,
    caller: CallerOf,
    asked: AskedOf,
    filter_: FilterOf = None,
    sort: SortOf = None,
) -> Response:
    """Show all lists."""
    wanted = read_filter(filter_, FILTERS)
    order = read_sort(sort, SORTS, Sort("name"))
    status = wanted.get("status", ACTIVE)
    if status not in STATUSES:
        return many([], asked, 0)
    found = await service.page_lists(
        runtime,
        caller,
        asked.page,
        archived=status == ARCHIVED,
        name=wanted.get("name"),
        order=order.by,
        descending=order.descending,
    )
    numbers = await numbers_of(runtime, caller, "list", [view.uuid for view in found.items])
    shapes = [list_summary(view, numbers[view.uuid], status) for view in found.items]
    return many(shapes, asked, found.total)
