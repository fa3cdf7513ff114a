"""`/lists/{list_uuid}/interests`: what people on a list want to read about."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field
from starlette.responses import Response

from mailwright.api.dependencies import CallerOf, PageOf, RuntimeOf
from mailwright.api.envelopes import Data, DataPage, many, nothing, one
from mailwright.api.fields import Body, Name, example
from mailwright.services import interests as service
from mailwright.services.interests import InterestView
from mailwright.services.selections import Selection

router = APIRouter(prefix="/lists/{list_uuid}/interests", tags=["lists"])

Names = Annotated[list[Name], Field(max_length=1_000)]


class InterestCreate(Body):
    """A new interest. `alias`: how it is called in front of people."""

    name: Name
    alias: Name | None = None

    model_config = example({"name": "hiking", "alias": "Hiking and walking"})


class InterestPatch(Body):
    """What to change; absent fields stay."""

    name: Name = ""
    alias: Name | None = None

    model_config = example({"alias": "On foot"})


class InterestAssignment(Body):
    """Interests to give to people on the list and to take away; `rule` as in segments."""

    add: Names = Field(default_factory=list[str])
    remove: Names = Field(default_factory=list[str])
    contact_uuids: Annotated[list[UUID], Field(min_length=1, max_length=1_024)] | None = None
    rule: dict[str, Any] | None = None

    model_config = example(
        {"add": ["hiking"], "rule": {"field": "tag", "op": "eq", "value": "outdoors"}}
    )


@router.post("", status_code=201, responses={201: {"model": Data[InterestView]}})
async def create(
    runtime: RuntimeOf, caller: CallerOf, list_uuid: UUID, body: InterestCreate
) -> Response:
    """Create an interest. 409 `DUPLICATE_RESOURCE` when the list has one of that name."""
    made = await service.create_interest(runtime, caller, list_uuid, body.name, body.alias)
    return one(made, 201)


@router.get("", responses={200: {"model": DataPage[InterestView]}})
async def page(runtime: RuntimeOf, caller: CallerOf, list_uuid: UUID, page: PageOf) -> Response:
    """Interests by name, each with how many people have it."""
    return many(await service.page_interests(runtime, caller, list_uuid, page))


@router.post("/assign", status_code=204)
async def assign(
    runtime: RuntimeOf, caller: CallerOf, list_uuid: UUID, body: InterestAssignment
) -> Response:
    """Give interests to people on the list, or to everybody on it a rule fits."""
    whom = Selection(list_uuid, body.contact_uuids, body.rule)
    await service.change_interests(runtime, caller, whom, add=body.add, remove=body.remove)
    return nothing()


@router.get("/{interest_uuid}", responses={200: {"model": Data[InterestView]}})
async def get(
    runtime: RuntimeOf, caller: CallerOf, list_uuid: UUID, interest_uuid: UUID
) -> Response:
    """One interest."""
    return one(await service.get_interest(runtime, caller, list_uuid, interest_uuid))


@router.patch("/{interest_uuid}", responses={200: {"model": Data[InterestView]}})
async def change(
    runtime: RuntimeOf,
    caller: CallerOf,
    list_uuid: UUID,
    interest_uuid: UUID,
    body: InterestPatch,
) -> Response:
    """Change an interest; whoever has it keeps it."""
    changes = body.changes()
    return one(await service.change_interest(runtime, caller, list_uuid, interest_uuid, changes))


@router.delete("/{interest_uuid}", status_code=204)
async def delete(
    runtime: RuntimeOf, caller: CallerOf, list_uuid: UUID, interest_uuid: UUID
) -> Response:
    """Delete an interest; nobody has it any more."""
    await service.delete_interest(runtime, caller, list_uuid, interest_uuid)
    return nothing()
