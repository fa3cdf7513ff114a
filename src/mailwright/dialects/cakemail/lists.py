"""`/lists`: named sets of contacts. To add a noun, copy this file and `list_shapes.py`."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from mailwright.dialects.cakemail.dependencies import CallerOf, RuntimeOf
from mailwright.dialects.cakemail.fields import NumberInPath
from mailwright.dialects.cakemail.list_shapes import (
    ACTIVE,
    FILTERS,
    SORTS,
    STATUSES,
    ListCreate,
    ListFields,
    ListPatch,
    ListShape,
    ListSummary,
    list_shape,
    list_summary,
)
from mailwright.dialects.cakemail.paging import (
    AskedOf,
    FilterOf,
    Sort,
    SortOf,
    read_filter,
    read_sort,
)
from mailwright.dialects.cakemail.shapes import (
    Changed,
    Data,
    DataPage,
    Done,
    Made,
    changed,
    created,
    did,
    many,
    one,
)
from mailwright.errors import InvalidInput
from mailwright.services import list_settings as service
from mailwright.services import lists as lists_service
from mailwright.services.caller import Caller
from mailwright.services.list_settings import SettingsChanges
from mailwright.services.numbers import number_of, numbers_of, uuid_of, uuids_of
from mailwright.services.runtime import Runtime

router = APIRouter(prefix="/lists", tags=["lists"])


@router.get("", responses={200: {"model": DataPage[ListSummary]}})
async def page(
    runtime: RuntimeOf,
    caller: CallerOf,
    asked: AskedOf,
    filter_: FilterOf = None,
    sort: SortOf = None,
) -> Response:
    """Show all lists that can be used; `filter=status==archived` shows those put aside."""
    wanted = read_filter(filter_, FILTERS)
    order = read_sort(sort, SORTS, Sort("name"))
    status = wanted.get("status", ACTIVE)
    if status not in STATUSES:
        return many([], asked, 0)
    found = await service.page(
        runtime,
        caller,
        asked.page,
        status=status,
        name=wanted.get("name"),
        order=order.by,
        descending=order.descending,
    )
    numbers = await numbers_of(runtime, caller, "list", [view.uuid for view in found.items])
    shapes = [list_summary(view, numbers[view.uuid]) for view in found.items]
    return many(shapes, asked, found.total)


@router.post("", status_code=201, responses={201: {"model": Made[ListShape]}})
async def create(runtime: RuntimeOf, caller: CallerOf, body: ListCreate) -> Response:
    """Create a list. Without a sender, the first that may send speaks to it."""
    changes = await _changes(runtime, caller, body)
    made = await service.create(runtime, caller, body.name, changes)
    return created("list", list_shape(made, await number_of(runtime, caller, "list", made.uuid)))


@router.get("/{list_id}", responses={200: {"model": Data[ListShape]}})
async def get(runtime: RuntimeOf, caller: CallerOf, list_id: NumberInPath) -> Response:
    """Show a list."""
    list_uuid = await uuid_of(runtime, caller, "list", list_id)
    return one(list_shape(await service.get(runtime, caller, list_uuid), list_id))


@router.patch("/{list_id}", responses={200: {"model": Changed[ListShape]}})
async def change(
    runtime: RuntimeOf, caller: CallerOf, list_id: NumberInPath, body: ListPatch
) -> Response:
    """Change a list."""
    list_uuid = await uuid_of(runtime, caller, "list", list_id)
    changes = await _changes(runtime, caller, body)
    view = await service.change(runtime, caller, list_uuid, changes)
    return changed("list", list_shape(view, list_id))


@router.delete("/{list_id}", responses={200: {"model": Done}})
async def delete(runtime: RuntimeOf, caller: CallerOf, list_id: NumberInPath) -> Response:
    """Delete a list; its contacts stay. Not while a campaign that is not over is for it."""
    list_uuid = await uuid_of(runtime, caller, "list", list_id)
    await lists_service.delete_list(runtime, caller, list_uuid)
    return did("list", list_id, "deleted")


@router.post("/{list_id}/accept-policy", responses={200: {"model": Done}})
async def accept_policy(runtime: RuntimeOf, caller: CallerOf, list_id: NumberInPath) -> Response:
    """Promise that the people on the list agreed to get mail."""
    list_uuid = await uuid_of(runtime, caller, "list", list_id)
    await service.accept_policy(runtime, caller, list_uuid)
    return did("list", list_id, "policy_accepted")


@router.post("/{list_id}/archive", responses={200: {"model": Done}})
async def archive(runtime: RuntimeOf, caller: CallerOf, list_id: NumberInPath) -> Response:
    """Put a list aside: it is kept, and mailed no more."""
    list_uuid = await uuid_of(runtime, caller, "list", list_id)
    await service.archive(runtime, caller, list_uuid)
    return did("list", list_id, "archived")


async def _changes(runtime: Runtime, caller: Caller, body: ListFields) -> SettingsChanges:
    changes = body.ours()
    number = body.sender_number
    if number is not None:
        found = await uuids_of(runtime, caller, "sender", [number])
        if number not in found:
            raise InvalidInput.field("default_sender.id", "There is no such sender.")
        changes["sender_uuid"] = found[number]
    return changes
