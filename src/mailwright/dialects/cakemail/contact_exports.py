"""`/lists/{list_id}/exports`: the people on a list as a CSV file, written in the background."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from mailwright.dialects.cakemail import queries
from mailwright.dialects.cakemail.contact_pages import WrittenOf
from mailwright.dialects.cakemail.dependencies import CallerOf, RuntimeOf
from mailwright.dialects.cakemail.export_shapes import (
    FILTERS,
    SORTS,
    ContactsExportShape,
    DownloadShape,
    contacts_export_shape,
    download_answer,
)
from mailwright.dialects.cakemail.fields import Number, NumberInPath
from mailwright.dialects.cakemail.paging import (
    AskedOf,
    FilterOf,
    Sort,
    SortOf,
    read_filter,
    read_sort,
)
from mailwright.dialects.cakemail.shapes import Data, DataPage, Made, answer, many, one, plain
from mailwright.domain.ids import parse_id
from mailwright.services import contact_exports as service
from mailwright.services import export_tasks
from mailwright.services.caller import Caller
from mailwright.services.export_tasks import ExportView
from mailwright.services.numbers import uuid_of
from mailwright.services.runtime import Runtime

router = APIRouter(prefix="/lists/{list_id}/exports", tags=["contacts"])


@router.get("", responses={200: {"model": DataPage[ContactsExportShape]}})
async def page(
    runtime: RuntimeOf,
    caller: CallerOf,
    list_id: NumberInPath,
    asked: AskedOf,
    filter_: FilterOf = None,
    sort: SortOf = None,
) -> Response:
    """Show all exports of a list, the newest first."""
    list_uuid = await uuid_of(runtime, caller, "list", list_id)
    wanted = read_filter(filter_, FILTERS)
    order = read_sort(sort, SORTS, Sort("created_at", descending=True))
    found = await service.page_of_list(
        runtime,
        caller,
        list_uuid,
        asked.page,
        status=wanted.get("status"),
        order=order.by,
        descending=order.descending,
    )
    return many([contacts_export_shape(view) for view in found.items], asked, found.total)


@router.post("", status_code=201, responses={201: {"model": Made[ContactsExportShape]}})
async def create(
    runtime: RuntimeOf,
    caller: CallerOf,
    list_id: NumberInPath,
    what: WrittenOf,
    description: Annotated[str | None, Query(max_length=1_000)] = None,
    segment_id: Annotated[Number | None, Query()] = None,
    filter_: FilterOf = None,
) -> Response:
    """Export contacts to a CSV file: the whole list, or whom filter, segment and query fit."""
    list_uuid = await uuid_of(runtime, caller, "list", list_id)
    segment_uuid = None
    if segment_id is not None:
        segment_uuid = await uuid_of(runtime, caller, "segment", segment_id)
    wanted = await queries.members(
        runtime, caller, list_uuid, filter_=filter_, what=what, segment_uuid=segment_uuid
    )
    origin: dict[str, Any] = {"segment_id": segment_id, "filter": filter_}
    if what is not None:
        origin[what.form] = what.given
    view = await service.start(
        runtime, caller, list_uuid, wanted, description=description, origin=origin
    )
    data = plain(contacts_export_shape(view))
    return answer({"id": str(view.uuid), "object": "task", "created": True, "data": data}, 201)


@router.get("/{export_id}", responses={200: {"model": Data[ContactsExportShape]}})
async def get(
    runtime: RuntimeOf, caller: CallerOf, list_id: NumberInPath, export_id: str
) -> Response:
    """Show an export and how far it is."""
    view = await _existing(runtime, caller, list_id, export_id)
    return one(contacts_export_shape(view))


@router.delete("/{export_id}", responses={200: {"model": Data[ContactsExportShape]}})
async def delete(
    runtime: RuntimeOf, caller: CallerOf, list_id: NumberInPath, export_id: str
) -> Response:
    """Delete an export and its file."""
    view = await _existing(runtime, caller, list_id, export_id)
    gone = await export_tasks.delete_export(runtime, caller, view.uuid)
    data = plain(contacts_export_shape(gone))
    told = {"id": str(view.uuid), "object": "contactsexport", "deleted": True}
    return answer({**told, "data": data})


@router.get("/{export_id}/download", responses={200: {"model": Data[DownloadShape]}})
async def download(
    runtime: RuntimeOf, caller: CallerOf, list_id: NumberInPath, export_id: str
) -> Response:
    """Tell where the file is; 400 while it is not ready."""
    view = await _existing(runtime, caller, list_id, export_id)
    return download_answer(await export_tasks.file_url(runtime, caller, view.uuid), view)


async def _existing(runtime: Runtime, caller: Caller, list_id: int, export_id: str) -> ExportView:
    list_uuid = await uuid_of(runtime, caller, "list", list_id)
    export_uuid: UUID = parse_id(export_id, "export")
    return await service.get_of_list(runtime, caller, list_uuid, export_uuid)
