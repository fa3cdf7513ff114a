"""`/lists/{list_id}/interests`: what people on a list want to read about."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import StringConstraints
from starlette.responses import Response

from mailwright.dialects.cakemail.dependencies import CallerOf, RuntimeOf
from mailwright.dialects.cakemail.fields import Body, NumberInPath, example
from mailwright.dialects.cakemail.paging import AskedOf
from mailwright.dialects.cakemail.shapes import Data, DataPage, Shape, answer, many, plain
from mailwright.domain.storable import is_storable
from mailwright.errors import NotFound
from mailwright.services import interests as service
from mailwright.services.interests import InterestChanges, InterestView
from mailwright.services.numbers import uuid_of

router = APIRouter(prefix="/lists/{list_id}/interests", tags=["interests"])

INTEREST_PATTERN = r"^[+@\-_#a-zA-Z0-9]+$"
Interest = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=INTEREST_PATTERN)]
Alias = Annotated[str, StringConstraints(max_length=255)]


class InterestCreate(Body):
    """A new interest."""

    name: Interest
    alias: Alias | None = None

    model_config = example({"name": "hiking", "alias": "Hiking and walking"})


class InterestPatch(Body):
    """What to change; absent fields stay."""

    name: Interest = ""
    alias: Alias | None = None

    model_config = example({"alias": "On foot"})

    def ours(self) -> InterestChanges:
        """The fields that were sent."""
        found: InterestChanges = {}
        if "name" in self.model_fields_set:
            found["name"] = self.name
        if "alias" in self.model_fields_set:
            found["alias"] = self.alias
        return found


class InterestShape(Shape):
    """An interest. `usage`: how many people have it."""

    name: str
    alias: str | None
    usage: int


@router.get("", responses={200: {"model": DataPage[InterestShape]}})
async def page(
    runtime: RuntimeOf, caller: CallerOf, list_id: NumberInPath, asked: AskedOf
) -> Response:
    """Show all interests of a list."""
    list_uuid = await uuid_of(runtime, caller, "list", list_id)
    found = await service.page_interests(runtime, caller, list_uuid, asked.page)
    return many([_shape(view) for view in found.items], asked, found.total)


@router.post("", status_code=201, responses={201: {"model": Data[InterestShape]}})
async def create(
    runtime: RuntimeOf, caller: CallerOf, list_id: NumberInPath, body: InterestCreate
) -> Response:
    """Create an interest."""
    list_uuid = await uuid_of(runtime, caller, "list", list_id)
    made = await service.create_interest(runtime, caller, list_uuid, body.name, body.alias)
    return _told(made, 201, created=True)


@router.get("/{interest_name}", responses={200: {"model": Data[InterestShape]}})
async def get(
    runtime: RuntimeOf, caller: CallerOf, list_id: NumberInPath, interest_name: str
) -> Response:
    """Show an interest."""
    list_uuid = await uuid_of(runtime, caller, "list", list_id)
    found = await service.get_interest(runtime, caller, list_uuid, _name(interest_name))
    return answer({"name": found.name, "data": plain(_shape(found))})


@router.patch("/{interest_name}", responses={200: {"model": Data[InterestShape]}})
async def change(
    runtime: RuntimeOf,
    caller: CallerOf,
    list_id: NumberInPath,
    interest_name: str,
    body: InterestPatch,
) -> Response:
    """Change an interest; whoever has it keeps it."""
    list_uuid = await uuid_of(runtime, caller, "list", list_id)
    name = _name(interest_name)
    found = await service.change_interest(runtime, caller, list_uuid, name, body.ours())
    return _told(found, patched=True, updated=True)


@router.delete("/{interest_name}", responses={200: {"model": Data[InterestShape]}})
async def delete(
    runtime: RuntimeOf, caller: CallerOf, list_id: NumberInPath, interest_name: str
) -> Response:
    """Delete an interest; nobody has it any more."""
    list_uuid = await uuid_of(runtime, caller, "list", list_id)
    found = await service.delete_interest(runtime, caller, list_uuid, _name(interest_name))
    return _told(found, deleted=True)


def _name(name: str) -> str:
    if not is_storable(name):
        raise NotFound("The list has no such interest.")
    return name


def _shape(view: InterestView) -> InterestShape:
    return InterestShape(name=view.name, alias=view.alias, usage=view.contacts_count)


def _told(view: InterestView, status: int = 200, **words: bool) -> Response:
    body = {"name": view.name, "object": "interest", **words, "data": plain(_shape(view))}
    return answer(body, status)
