"""`/exports`: CSV files of any length, written while they are read."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response, StreamingResponse

from mailwright.api.dependencies import CallerOf, RuntimeOf
from mailwright.services import exports as service

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
