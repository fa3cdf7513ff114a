"""`/tags`: words on contacts, to find them again by."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field, StringConstraints
from starlette.responses import Response

from mailwright.api.dependencies import CallerOf, PageOf, RuntimeOf
from mailwright.api.envelopes import Data, DataPage, many, nothing, one
from mailwright.api.fields import Body, example
from mailwright.services import tags as service
from mailwright.services.selections import Selection
from mailwright.services.tags import TagView

router = APIRouter(tags=["tags"])

TagName = Annotated[str, StringConstraints(min_length=1, max_length=64)]
TagNames = Annotated[list[TagName], Field(max_length=1_024)]


class TagBody(Body):
    """The name of a tag."""

    name: TagName

    model_config = example({"name": "vip"})


class TagsOfContact(Body):
    """All of a contact's tags; words that are none yet become some."""

    tags: TagNames

    model_config = example({"tags": ["vip", "spring 2027"]})


class Assignment(Body):
    """Tags to put on contacts and to take off; `rule` as in segments, narrowed by `list_uuid`."""

    add: TagNames = Field(default_factory=list[str])
    remove: TagNames = Field(default_factory=list[str])
    contact_uuids: Annotated[list[UUID], Field(min_length=1, max_length=1_024)] | None = None
    list_uuid: UUID | None = None
    rule: dict[str, Any] | None = None

    model_config = example(
        {"add": ["vip"], "rule": {"field": "attributes.plan", "op": "eq", "value": "pro"}}
    )

    def selection(self) -> Selection:
        """Whom it is about."""
        return Selection(self.list_uuid, self.contact_uuids, self.rule)


@router.post("/tags", status_code=201, responses={201: {"model": Data[TagView]}})
async def create(runtime: RuntimeOf, caller: CallerOf, body: TagBody) -> Response:
    """Create a tag. 409 `DUPLICATE_RESOURCE` when there is one of that name."""
    return one(await service.create_tag(runtime, caller, body.name), 201)


@router.get("/tags", responses={200: {"model": DataPage[TagView]}})
async def page(runtime: RuntimeOf, caller: CallerOf, page: PageOf) -> Response:
    """Tags by name, each with how many contacts have it."""
    return many(await service.page_tags(runtime, caller, page))


@router.post("/tags/assign", status_code=204)
async def assign(runtime: RuntimeOf, caller: CallerOf, body: Assignment) -> Response:
    """Put tags on contacts, or on everybody a rule fits, and take others off."""
    await service.change_tags(runtime, caller, body.selection(), add=body.add, remove=body.remove)
    return nothing()


@router.get("/tags/{tag_uuid}", responses={200: {"model": Data[TagView]}})
async def get(runtime: RuntimeOf, caller: CallerOf, tag_uuid: UUID) -> Response:
    """One tag."""
    return one(await service.get_tag(runtime, caller, tag_uuid))


@router.patch("/tags/{tag_uuid}", responses={200: {"model": Data[TagView]}})
async def change(runtime: RuntimeOf, caller: CallerOf, tag_uuid: UUID, body: TagBody) -> Response:
    """Rename a tag, on contacts, in segments and in the filters of campaigns."""
    return one(await service.rename_tag(runtime, caller, tag_uuid, body.name))


@router.delete("/tags/{tag_uuid}", status_code=204)
async def delete(runtime: RuntimeOf, caller: CallerOf, tag_uuid: UUID) -> Response:
    """Delete a tag; no contact has it any more, and rules that ask for it fit nobody."""
    await service.delete_tag(runtime, caller, tag_uuid)
    return nothing()


@router.get("/contacts/{contact_uuid}/tags", responses={200: {"model": Data[list[str]]}})
async def of_contact(runtime: RuntimeOf, caller: CallerOf, contact_uuid: UUID) -> Response:
    """A contact's tags by name."""
    return one(await service.tags_of(runtime, caller, contact_uuid))


@router.put("/contacts/{contact_uuid}/tags", responses={200: {"model": Data[list[str]]}})
async def set_of_contact(
    runtime: RuntimeOf, caller: CallerOf, contact_uuid: UUID, body: TagsOfContact
) -> Response:
    """Give a contact these tags and no others."""
    return one(await service.set_tags(runtime, caller, contact_uuid, body.tags))
