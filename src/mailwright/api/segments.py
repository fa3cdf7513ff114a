"""`/segments`: saved rules over contacts."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from mailwright.api.dependencies import CallerOf, PageOf, RuntimeOf
from mailwright.api.envelopes import Data, DataPage, many, nothing, one
from mailwright.api.fields import Body, Name, Search, example
from mailwright.services import segments as service
from mailwright.services.contact_views import ContactRow
from mailwright.services.segments import SegmentPreview, SegmentView

router = APIRouter(prefix="/segments", tags=["segments"])

_RULE = {
    "all": [
        {"field": "attributes.plan", "op": "eq", "value": "pro"},
        {"not": {"field": "opened", "op": "eq", "value": "any", "within_days": 90}},
    ]
}


class SegmentCreate(Body):
    """A new segment: `all`, `any`, `not` over conditions of `field`, `op` and `value`."""

    name: Name
    rule: dict[str, Any]
    list_uuid: UUID | None = Field(None, description="Only people on that list.")

    model_config = example({"name": "Quiet professionals", "rule": _RULE})


class SegmentPatch(Body):
    """What to change; absent fields stay."""

    name: Name = ""
    rule: dict[str, Any] = Field(default_factory=dict)

    model_config = example({"name": "Loud professionals"})


class RuleBody(Body):
    """A rule to try."""

    rule: dict[str, Any]

    model_config = example({"rule": _RULE})


@router.post("", status_code=201, responses={201: {"model": Data[SegmentView]}})
async def create(runtime: RuntimeOf, caller: CallerOf, body: SegmentCreate) -> Response:
    """Save a rule. 422 names the place in the rule that is wrong."""
    made = await service.create_segment(
        runtime, caller, body.name, body.rule, list_uuid=body.list_uuid
    )
    return one(made, 201)


@router.get("", responses={200: {"model": DataPage[SegmentView]}})
async def page(
    runtime: RuntimeOf,
    caller: CallerOf,
    page: PageOf,
    search: Annotated[Search | None, Query()] = None,
) -> Response:
    """Segments by name, each with its last count."""
    return many(await service.page_segments(runtime, caller, page, search=search))


@router.post("/preview", responses={200: {"model": Data[SegmentPreview]}})
async def preview(runtime: RuntimeOf, caller: CallerOf, body: RuleBody) -> Response:
    """How many contacts a rule fits right now, and the newest ten of them. Saves nothing."""
    return one(await service.preview_segment(runtime, caller, body.rule))


@router.get("/{segment_uuid}", responses={200: {"model": Data[SegmentView]}})
async def get(runtime: RuntimeOf, caller: CallerOf, segment_uuid: UUID) -> Response:
    """One segment; its count is at most a minute old."""
    return one(await service.get_segment(runtime, caller, segment_uuid))


@router.patch("/{segment_uuid}", responses={200: {"model": Data[SegmentView]}})
async def change(
    runtime: RuntimeOf, caller: CallerOf, segment_uuid: UUID, body: SegmentPatch
) -> Response:
    """Change a segment."""
    return one(await service.change_segment(runtime, caller, segment_uuid, body.changes()))


@router.delete("/{segment_uuid}", status_code=204)
async def delete(runtime: RuntimeOf, caller: CallerOf, segment_uuid: UUID) -> Response:
    """Delete a segment. 409 `SEGMENT_IN_USE` while a campaign uses it."""
    await service.delete_segment(runtime, caller, segment_uuid)
    return nothing()


@router.get("/{segment_uuid}/contacts", responses={200: {"model": DataPage[ContactRow]}})
async def contacts(
    runtime: RuntimeOf, caller: CallerOf, segment_uuid: UUID, page: PageOf
) -> Response:
    """Whom the segment fits right now, newest first."""
    return many(await service.page_segment_contacts(runtime, caller, segment_uuid, page))
