"""`/reports/suppressed-emails-exports`: all that is suppressed, as a CSV file."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from mailwright.dialects.cakemail.dependencies import CallerOf, RuntimeOf
from mailwright.dialects.cakemail.export_shapes import (
    DownloadShape,
    TaskShape,
    download_answer,
    task_shape,
)
from mailwright.dialects.cakemail.paging import AskedOf
from mailwright.dialects.cakemail.shapes import (
    Changed,
    Data,
    DataPage,
    Made,
    changed,
    created,
    many,
    one,
)
from mailwright.domain.ids import parse_id
from mailwright.errors import NotFound
from mailwright.services import export_tasks, task_list
from mailwright.services.caller import Caller
from mailwright.services.export_tasks import NewExport
from mailwright.services.runtime import Runtime
from mailwright.services.task_list import TaskFilter, TaskView

router = APIRouter(prefix="/reports/suppressed-emails-exports", tags=["suppressed emails"])

KIND = "suppressions"


@router.get("", responses={200: {"model": DataPage[TaskShape]}})
async def page(runtime: RuntimeOf, caller: CallerOf, asked: AskedOf) -> Response:
    """Show the exports of suppressed addresses, the newest first."""
    wanted = TaskFilter(kinds=[KIND])
    found = await task_list.page_tasks(runtime, caller, asked.page, wanted)
    return many([task_shape(view) for view in found.items], asked, found.total)


@router.post("", status_code=201, responses={201: {"model": Made[TaskShape]}})
async def create(
    runtime: RuntimeOf,
    caller: CallerOf,
    description: Annotated[str | None, Query(max_length=1_000)] = None,
) -> Response:
    """Write what is suppressed into a file, in the background."""
    caller.require("exports:read")
    new = NewExport(KIND, {}, description)
    made = await export_tasks.start_export(runtime, caller, new)
    return created("task", task_shape(await task_list.get_task(runtime, caller, made.uuid)))


@router.get("/{export_id}", responses={200: {"model": Data[TaskShape]}})
async def get(runtime: RuntimeOf, caller: CallerOf, export_id: str) -> Response:
    """Show an export and how far it is."""
    return one(task_shape(await _existing(runtime, caller, export_id)))


@router.delete("/{export_id}", responses={200: {"model": Changed[TaskShape]}})
async def delete(runtime: RuntimeOf, caller: CallerOf, export_id: str) -> Response:
    """Delete an export and its file."""
    view = await _existing(runtime, caller, export_id)
    gone = await task_list.delete_task(runtime, caller, view.uuid)
    return changed("task", task_shape(gone), "deleted")


@router.get("/{export_id}/download", responses={200: {"model": Data[DownloadShape]}})
async def download(runtime: RuntimeOf, caller: CallerOf, export_id: str) -> Response:
    """Tell where the file is; 400 while it is not ready."""
    view = await _existing(runtime, caller, export_id)
    url = await export_tasks.file_url(runtime, caller, view.uuid)
    return download_answer(url, view)


async def _existing(runtime: Runtime, caller: Caller, export_id: str) -> TaskView:
    export_uuid: UUID = parse_id(export_id, "export")
    view = await task_list.get_task(runtime, caller, export_uuid)
    if view.kind != KIND:
        raise NotFound("There is no such export.")
    return view
