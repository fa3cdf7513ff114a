"""`/tasks`: what is done in the background, exports of every kind and imports."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from mailwright.dialects.cakemail.dependencies import CallerOf, RuntimeOf
from mailwright.dialects.cakemail.export_shapes import (
    OTHER_TYPE,
    SORTS,
    TYPES,
    TaskShape,
    task_shape,
)
from mailwright.dialects.cakemail.paging import (
    AskedOf,
    FilterOf,
    Sort,
    SortOf,
    read_filter,
    read_sort,
)
from mailwright.dialects.cakemail.shapes import Data, DataPage, many, one
from mailwright.domain.ids import parse_id
from mailwright.errors import InvalidInput
from mailwright.services import task_list as service
from mailwright.services.export_kinds import KINDS
from mailwright.services.task_list import IMPORT, TaskFilter

router = APIRouter(prefix="/tasks", tags=["tasks"])

FILTERS = ("type", "status", "list_id", "progress")
_STATUSES = {"pending": "pending", "ready": "ready", "error": "failed", "deleted": "deleted"}


@router.get("", responses={200: {"model": DataPage[TaskShape]}})
async def page(
    runtime: RuntimeOf,
    caller: CallerOf,
    asked: AskedOf,
    filter_: FilterOf = None,
    sort: SortOf = None,
) -> Response:
    """Show all tasks, the newest first."""
    order = read_sort(sort, SORTS, Sort("created_at", descending=True))
    found = await service.page_tasks(
        runtime,
        caller,
        asked.page,
        _wanted(read_filter(filter_, FILTERS)),
        order=order.by,
        descending=order.descending,
    )
    return many([task_shape(view) for view in found.items], asked, found.total)


@router.get("/{task_id}", responses={200: {"model": Data[TaskShape]}})
async def get(runtime: RuntimeOf, caller: CallerOf, task_id: str) -> Response:
    """Show a task."""
    return one(task_shape(await service.get_task(runtime, caller, parse_id(task_id, "task"))))


@router.delete("/{task_id}", responses={200: {"model": Data[TaskShape]}})
async def delete(runtime: RuntimeOf, caller: CallerOf, task_id: str) -> Response:
    """Delete a task and its file."""
    return one(task_shape(await service.delete_task(runtime, caller, parse_id(task_id, "task"))))


def _wanted(given: dict[str, str]) -> TaskFilter:
    kinds = None
    if "type" in given:
        known = {**{theirs: [ours] for ours, theirs in TYPES.items()}}
        known[OTHER_TYPE] = [IMPORT, *(kind for kind in KINDS if kind not in TYPES)]
        kinds = known.get(given["type"], [])
    status = given.get("status")
    if status is not None and status not in _STATUSES:
        raise InvalidInput.field("filter", f"A status is one of: {', '.join(_STATUSES)}.")
    numbers = {name: _number(given[name]) for name in ("list_id", "progress") if name in given}
    return TaskFilter(kinds=kinds, status=_STATUSES[status] if status else None, **numbers)


def _number(text: str) -> int:
    if not text.isdecimal() or len(text) > 18:
        raise InvalidInput.field("filter", f"{text} is no number.")
    return int(text)
