"""`/lists`: named sets of contacts. To add a noun, copy this file."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from mailwright.api.dependencies import CallerOf, PageOf, RuntimeOf
from mailwright.api.envelopes import Data, DataPage, many, nothing, one
from mailwright.api.fields import Body, Description, Name, Search, example
from mailwright.services import contacts
from mailwright.services import lists as service
from mailwright.services.contact_views import ContactRow
from mailwright.services.lists import ListView

router = APIRouter(prefix="/lists", tags=["lists"])


class ListCreate(Body):
    """A new list."""

    name: Name
    description: Description | None = None
    is_public: bool = True

    model_config = example({"name": "Newsletter", "description": "Once a month, on a Tuesday."})


class ListPatch(Body):
    """What to change; absent fields stay."""

    name: Name = ""
    description: Description | None = None
    is_public: bool = True

    model_config = example({"description": "Every other Tuesday."})


class Membership(Body):
    """Who joins."""

    contact_uuid: UUID

    model_config = example({"contact_uuid": "0198e1b2-3c4d-7e5f-8a9b-0c1d2e3f4a5b"})


@router.post("", status_code=201, responses={201: {"model": Data[ListView]}})
async def create(runtime: RuntimeOf, caller: CallerOf, body: ListCreate) -> Response:
    """Create a list. 409 `DUPLICATE_RESOURCE` when the name is taken."""
    return one(await service.create_list(runtime, caller, body.changes()), 201)


@router.get("", responses={200: {"model": DataPage[ListView]}})
async def page(
    runtime: RuntimeOf,
    caller: CallerOf,
    page: PageOf,
    search: Annotated[Search | None, Query()] = None,
    archived: Annotated[bool, Query(description="true: those put aside instead.")] = False,
) -> Response:
    """Lists by name."""
    found = await service.page_lists(runtime, caller, page, search=search, archived=archived)
    return many(found)


@router.get("/{list_uuid}", responses={200: {"model": Data[ListView]}})
async def get(runtime: RuntimeOf, caller: CallerOf, list_uuid: UUID) -> Response:
    """One list."""
    return one(await service.get_list(runtime, caller, list_uuid))


@router.patch("/{list_uuid}", responses={200: {"model": Data[ListView]}})
async def change(
    runtime: RuntimeOf, caller: CallerOf, list_uuid: UUID, body: ListPatch
) -> Response:
    """Change a list."""
    return one(await service.change_list(runtime, caller, list_uuid, body.changes()))


@router.delete("/{list_uuid}", status_code=204)
async def delete(runtime: RuntimeOf, caller: CallerOf, list_uuid: UUID) -> Response:
    """Delete a list; its contacts stay. 409 `LIST_IN_USE` while a campaign sends to it."""
    await service.delete_list(runtime, caller, list_uuid)
    return nothing()


@router.get("/{list_uuid}/contacts", responses={200: {"model": DataPage[ContactRow]}})
async def page_contacts(
    runtime: RuntimeOf,
    caller: CallerOf,
    list_uuid: UUID,
    page: PageOf,
    search: Annotated[Search | None, Query()] = None,
) -> Response:
    """Who is on the list and has not left it, newest first."""
    found = await contacts.page_contacts(runtime, caller, page, search=search, list_uuid=list_uuid)
    return many(found)


@router.post("/{list_uuid}/contacts", status_code=204)
async def add_contact(
    runtime: RuntimeOf, caller: CallerOf, list_uuid: UUID, body: Membership
) -> Response:
    """Put a contact on the list. Who left it earlier stays off."""
    await service.add_to_list(runtime, caller, list_uuid, body.contact_uuid)
    return nothing()


@router.delete("/{list_uuid}/contacts/{contact_uuid}", status_code=204)
async def remove_contact(
    runtime: RuntimeOf, caller: CallerOf, list_uuid: UUID, contact_uuid: UUID
) -> Response:
    """Take a contact off the list."""
    await service.remove_from_list(runtime, caller, list_uuid, contact_uuid)
    return nothing()
