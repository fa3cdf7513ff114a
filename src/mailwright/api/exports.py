"""`/exports`: CSV files of any length, written while they are read or in the background."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel
from starlette.responses import Response, StreamingResponse

from mailwright.api.dependencies import CallerOf, PageOf, RuntimeOf
from mailwright.api.envelopes import Data, DataPage, many, one
from mailwright.api.fields import Body, Description, example
from mailwright.services import contact_exports, export_tasks
from mailwright.services import exports as service
from mailwright.services.export_tasks import ExportView
from mailwright.services.list_contacts import MemberFilter
from mailwright.services.paging import Paged

router = APIRouter(prefix="/exports", tags=["exports"])

Raw = Annotated[
    bool,
    Query(description="true: cells as they are, also those that a spreadsheet would compute."),
]
_CSV = "text/csv; charset=utf-8"
_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/csv": {"schema": {"type": "string"}}}}
}


@router.get("/contacts.csv", response_class=StreamingResponse, responses=_ANSWER)
async def contacts(
    runtime: RuntimeOf,
    caller: CallerOf,
    list_uuid: Annotated[UUID | None, Query()] = None,
    segment_uuid: Annotated[UUID | None, Query()] = None,
    raw: Raw = False,  # how FastAPI spells a query parameter
) -> Response:
    """Contacts with their attributes; of a list, of a segment, or of both at once."""
    pieces = await service.export_contacts(
        runtime, caller, list_uuid=list_uuid, segment_uuid=segment_uuid, raw=raw
    )
    return StreamingResponse(pieces, media_type=_CSV, headers=_named("contacts.csv"))


@router.get(
    "/campaigns/{campaign_uuid}/recipients.csv", response_class=StreamingResponse, responses=_ANSWER
)
async def recipients(
    runtime: RuntimeOf,
    caller: CallerOf,
    campaign_uuid: UUID,
    raw: Raw = False,
) -> Response:
    """Whom a campaign was sent to, and what became of each mail."""
    pieces = await service.export_recipients(runtime, caller, campaign_uuid, raw=raw)
    return StreamingResponse(pieces, media_type=_CSV, headers=_named("recipients.csv"))


def _named(file_name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{file_name}"'}


class ExportCreate(Body):
    """An export of contacts: of a list, of a segment, of whom a rule fits, or all of these."""

    list_uuid: UUID
    segment_uuid: UUID | None = None
    rule: dict[str, Any] | None = None
    standing: Literal["subscribed", "unconfirmed", "unsubscribed"] | None = None
    description: Description | None = None

    model_config = example(
        {"list_uuid": "0198e1b2-3c4d-7e5f-8a9b-0c1d2e3f4a5b", "standing": "subscribed"}
    )


class ExportShape(BaseModel):
    """An export. `progress`: percent; `expires_at`: when its file is deleted."""

    uuid: UUID
    kind: str
    status: Literal["pending", "ready", "failed", "deleted"]
    description: str | None
    progress: int
    rows_written: int
    byte_count: int
    error: str | None
    requested_by: str
    created_at: datetime
    expires_at: datetime


@router.post("", status_code=201, responses={201: {"model": Data[ExportShape]}})
async def create(runtime: RuntimeOf, caller: CallerOf, body: ExportCreate) -> Response:
    """Write people on a list to a file in the background, those who left too unless told not to."""
    wanted = MemberFilter(standing=body.standing, rule=body.rule, segment_uuid=body.segment_uuid)
    view = await contact_exports.start(
        runtime, caller, body.list_uuid, wanted, description=body.description
    )
    return one(export_shape(view), 201)


@router.get("", responses={200: {"model": DataPage[ExportShape]}})
async def page(runtime: RuntimeOf, caller: CallerOf, page: PageOf) -> Response:
    """Exports that were written in the background, newest first."""
    found = await export_tasks.page_exports(runtime, caller, page)
    return many(Paged(list(map(export_shape, found.items)), found.total, page))


@router.get("/{export_uuid}", responses={200: {"model": Data[ExportShape]}})
async def get(runtime: RuntimeOf, caller: CallerOf, export_uuid: UUID) -> Response:
    """One export and how far it is."""
    return one(export_shape(await export_tasks.get_export(runtime, caller, export_uuid)))


@router.delete("/{export_uuid}", responses={200: {"model": Data[ExportShape]}})
async def delete(runtime: RuntimeOf, caller: CallerOf, export_uuid: UUID) -> Response:
    """Delete an export's file; the export stays, as `deleted`."""
    return one(export_shape(await export_tasks.delete_export(runtime, caller, export_uuid)))


@router.get("/{export_uuid}/file.csv", response_class=StreamingResponse, responses=_ANSWER)
async def file(runtime: RuntimeOf, caller: CallerOf, export_uuid: UUID) -> Response:
    """The file. 409 `EXPORT_NOT_READY` until it is whole."""
    pieces = await export_tasks.download(runtime, caller, export_uuid)
    return StreamingResponse(pieces, media_type=_CSV, headers=_named("export.csv"))


def export_shape(view: ExportView) -> dict[str, Any]:
    """What of the view others see."""
    return {name: getattr(view, name) for name in ExportShape.model_fields}
