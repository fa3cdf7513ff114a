"""`/lists/{list_id}/segments`: saved rules over the people on a list, shown as they were written.

Segments of the whole account show on every list; one that was made elsewhere, or whose tags were
renamed since, shows its rule in Mailwright's own form under `json`, which is read as well.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field, StringConstraints
from starlette.responses import Response

from mailwright.dialects.cakemail.dependencies import CallerOf, RuntimeOf
from mailwright.dialects.cakemail.fields import Body, NumberInPath, example
from mailwright.dialects.cakemail.paging import AskedOf, Sort, SortOf, read_sort
from mailwright.dialects.cakemail.queries import Written, rule_for, written
from mailwright.dialects.cakemail.shapes import (
    Changed,
    Data,
    DataPage,
    Done,
    Made,
    Shape,
    Unix,
    changed,
    created,
    did,
    many,
    one,
)
from mailwright.errors import InvalidInput
from mailwright.services import list_segments
from mailwright.services import segments as service
from mailwright.services.caller import Caller
from mailwright.services.list_segments import SegmentOnList
from mailwright.services.numbers import number_of, numbers_of, uuid_of
from mailwright.services.runtime import Runtime
from mailwright.services.segments import SegmentChanges

router = APIRouter(prefix="/lists/{list_id}/segments", tags=["segments"])

SORTS = {"id": "id", "name": "name", "created_on": "created_at"}
NEVER = 0  # of `last_used`: the document knows no null
Name = Annotated[str, StringConstraints(min_length=1, max_length=255)]


class SegmentFields(Body):
    """A rule in one of the forms."""

    query: str | None = None
    fiql: str | None = None
    json_: dict[str, Any] | None = Field(None, alias="json")
    conditions: dict[str, Any] | list[Any] | None = None

    def written(self) -> Written | None:
        """The one of the forms that was given. Raises InvalidInput for two."""
        conditions = self.conditions
        if isinstance(conditions, list):
            conditions = {"match": "all", "rules": conditions}
        return written(query=self.query, fiql=self.fiql, json=self.json_, conditions=conditions)


class SegmentCreate(SegmentFields):
    """A new segment; without a rule it is everybody on the list."""

    name: Name

    model_config = example({"name": "Londoners", "query": 'city = "London" AND TAG IS "vip"'})


class SegmentPatch(SegmentFields):
    """What to change; absent fields stay."""

    name: Name = ""

    model_config = example({"name": "From London"})


class SegmentShape(Shape):
    """A segment: one of `query`, `fiql`, `json` and `conditions`, as it was written."""

    id: int
    name: str
    query: str | None = None
    fiql: str | None = None
    json_: dict[str, Any] | None = Field(None, serialization_alias="json")
    conditions: dict[str, Any] | None = None
    contacts_count: int | None = None
    campaigns_count: int
    last_used: int
    created_on: Unix


@router.get("", responses={200: {"model": DataPage[SegmentShape]}})
async def page(
    runtime: RuntimeOf,
    caller: CallerOf,
    list_id: NumberInPath,
    asked: AskedOf,
    sort: SortOf = None,
) -> Response:
    """Show all segments of a list."""
    list_uuid = await uuid_of(runtime, caller, "list", list_id)
    order = read_sort(sort, SORTS, Sort("name"))
    found = await list_segments.page_of_list(
        runtime, caller, list_uuid, asked.page, order=order.by, descending=order.descending
    )
    numbers = await numbers_of(runtime, caller, "segment", [each.view.uuid for each in found.items])
    shapes = [_shape(each, numbers[each.view.uuid]) for each in found.items]
    return many(shapes, asked, found.total)


@router.post("", status_code=201, responses={201: {"model": Made[SegmentShape]}})
async def create(
    runtime: RuntimeOf, caller: CallerOf, list_id: NumberInPath, body: SegmentCreate
) -> Response:
    """Save a rule. What Mailwright cannot ask is refused by its name."""
    list_uuid = await uuid_of(runtime, caller, "list", list_id)
    what = body.written()
    rule = await rule_for(runtime, caller, list_uuid, what) if what else {}
    origin = what.origin() if what else None
    with _told_of(what):
        made = await service.create_segment(
            runtime, caller, body.name, rule, list_uuid=list_uuid, origin=origin
        )
    number = await number_of(runtime, caller, "segment", made.uuid)
    seen = await list_segments.get_of_list(runtime, caller, list_uuid, made.uuid)
    return created("segment", _shape(seen, number))


@router.get("/{segment_id}", responses={200: {"model": Data[SegmentShape]}})
async def get(
    runtime: RuntimeOf, caller: CallerOf, list_id: NumberInPath, segment_id: NumberInPath
) -> Response:
    """Show a segment."""
    list_uuid, segment_uuid = await _pair(runtime, caller, list_id, segment_id)
    seen = await list_segments.get_of_list(runtime, caller, list_uuid, segment_uuid)
    return one(_shape(seen, segment_id))


@router.patch("/{segment_id}", responses={200: {"model": Changed[SegmentShape]}})
async def change(
    runtime: RuntimeOf,
    caller: CallerOf,
    list_id: NumberInPath,
    segment_id: NumberInPath,
    body: SegmentPatch,
) -> Response:
    """Change a segment."""
    list_uuid, segment_uuid = await _pair(runtime, caller, list_id, segment_id)
    await list_segments.get_of_list(runtime, caller, list_uuid, segment_uuid)
    what, changes = body.written(), SegmentChanges()
    if body.name:
        changes["name"] = body.name
    if what is not None:
        changes["rule"] = await rule_for(runtime, caller, list_uuid, what)
        changes["origin"] = what.origin()
    with _told_of(what):
        await service.change_segment(runtime, caller, segment_uuid, changes)
    seen = await list_segments.get_of_list(runtime, caller, list_uuid, segment_uuid)
    return changed("segment", _shape(seen, segment_id))


@router.delete("/{segment_id}", responses={200: {"model": Done}})
async def delete(
    runtime: RuntimeOf, caller: CallerOf, list_id: NumberInPath, segment_id: NumberInPath
) -> Response:
    """Delete a segment. Not while a campaign uses it."""
    list_uuid, segment_uuid = await _pair(runtime, caller, list_id, segment_id)
    await list_segments.get_of_list(runtime, caller, list_uuid, segment_uuid)
    await service.delete_segment(runtime, caller, segment_uuid)
    return did("segment", segment_id, "deleted")


@contextmanager
def _told_of(what: Written | None) -> Generator[None]:
    """What is wrong in the rule is told under the name of the form it was written in."""
    try:
        yield
    except InvalidInput as error:
        if what is not None and any(name.startswith("rule") for name in error.details or {}):
            raise InvalidInput.field(what.form, error.message) from None
        raise


async def _pair(
    runtime: Runtime, caller: Caller, list_id: int, segment_id: int
) -> tuple[UUID, UUID]:
    list_uuid = await uuid_of(runtime, caller, "list", list_id)
    return list_uuid, await uuid_of(runtime, caller, "segment", segment_id)


def _shape(seen: SegmentOnList, number: int) -> SegmentShape:
    view, origin = seen.view, seen.origin or {}
    forms: dict[str, Any] = {}
    if origin.get("door") == "cakemail":
        forms = {origin["form"]: origin["given"]}
    elif view.rule:
        forms = {"json": view.rule}
    return SegmentShape(
        id=number,
        name=view.name,
        query=forms.get("query"),
        fiql=forms.get("fiql"),
        json_=forms.get("json"),
        conditions=forms.get("conditions"),
        contacts_count=view.contacts_count,
        campaigns_count=seen.campaigns_count,
        last_used=int(seen.last_used_at.timestamp()) if seen.last_used_at else NEVER,
        created_on=view.created_at,
    )
