"""`/reports/campaigns-exports`: the figures of every campaign as a file."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field
from starlette.responses import Response

from mailwright.dialects.cakemail.dependencies import CallerOf, RuntimeOf
from mailwright.dialects.cakemail.export_shapes import (
    SORTS,
    TASK_STATUS,
    TYPES,
    DownloadShape,
    TaskShape,
    download_answer,
    requester_shape,
)
from mailwright.dialects.cakemail.fields import Body
from mailwright.dialects.cakemail.paging import (
    AskedOf,
    FilterOf,
    Sort,
    SortOf,
    read_filter,
    read_sort,
)
from mailwright.dialects.cakemail.shapes import Data, DataPage, answer, many, one, plain
from mailwright.domain.ids import parse_id
from mailwright.errors import InvalidInput
from mailwright.services import export_tasks, task_list
from mailwright.services import report_exports as service
from mailwright.services.task_list import TaskFilter, TaskView

router = APIRouter(prefix="/reports/campaigns-exports", tags=["reports"])

_STATUSES = {"pending": "pending", "ready": "ready", "error": "failed", "deleted": "deleted"}


class ReportExportBody(Body):
    """What it is for."""

    description: Annotated[str | None, Field(max_length=1_000)] = None


@router.get("", responses={200: {"model": DataPage[TaskShape]}})
async def page(
    runtime: RuntimeOf,
    caller: CallerOf,
    asked: AskedOf,
    filter_: FilterOf = None,
    sort: SortOf = None,
) -> Response:
    """List campaigns reports exports, the newest first."""
    order = read_sort(sort, SORTS, Sort("created_at", descending=True))
    found = await task_list.page_tasks(
        runtime,
        caller,
        asked.page,
        _wanted(read_filter(filter_, ("status", "progress"))),
        order=order.by,
        descending=order.descending,
    )
    return many([_shape(view) for view in found.items], asked, found.total)


@router.post("", status_code=201, responses={201: {"model": Data[TaskShape]}})
async def create(runtime: RuntimeOf, caller: CallerOf, body: ReportExportBody) -> Response:
    """Export the figures of every campaign to a CSV file, one a line."""
    made = await service.export_reports(runtime, caller, description=body.description)
    data = plain(_shape(await task_list.get_task(runtime, caller, made.uuid)))
    return answer({"id": data["id"], "object": "task", "created": True, "data": data}, 201)


@router.get("/{export_id}", responses={200: {"model": Data[TaskShape]}})
async def get(runtime: RuntimeOf, caller: CallerOf, export_id: str) -> Response:
    """Get an export and how far it is."""
    uuid = parse_id(export_id, "export")
    await service.get_of(runtime, caller, uuid, service.REPORTS, {})
    return one(_shape(await task_list.get_task(runtime, caller, uuid)))


@router.delete("/{export_id}", responses={200: {"model": Data[TaskShape]}})
async def delete(runtime: RuntimeOf, caller: CallerOf, export_id: str) -> Response:
    """Delete an export and its file."""
    uuid = parse_id(export_id, "export")
    await service.get_of(runtime, caller, uuid, service.REPORTS, {})
    return one(_shape(await task_list.delete_task(runtime, caller, uuid)))


@router.get("/{export_id}/download", responses={200: {"model": Data[DownloadShape]}})
async def download(runtime: RuntimeOf, caller: CallerOf, export_id: str) -> Response:
    """Tell where the file is; 400 while it is not ready."""
    uuid = parse_id(export_id, "export")
    view = await service.get_of(runtime, caller, uuid, service.REPORTS, {})
    return download_answer(await export_tasks.file_url(runtime, caller, uuid), view)


def _wanted(given: dict[str, str]) -> TaskFilter:
    status, progress = given.get("status"), given.get("progress")
    if status is not None and status not in _STATUSES:
        raise InvalidInput.field("filter", f"A status is one of: {', '.join(_STATUSES)}.")
    if progress is not None and not (progress.isascii() and progress.isdigit()):
        raise InvalidInput.field("filter", "progress is a number.")
    return TaskFilter(
        kinds=[service.REPORTS],
        status=_STATUSES[status] if status else None,
        progress=int(progress) if progress else None,
    )


def _shape(view: TaskView) -> TaskShape:
    return TaskShape(
        id=str(view.uuid),
        status=TASK_STATUS.get(view.status, view.status),
        created_on=view.created_at,
        expires_on=view.expires_at,
        progress=view.progress,
        requested_by=requester_shape(view.requested_by),
        type=TYPES[view.kind],
        description=view.description,
        payload={},
    )
