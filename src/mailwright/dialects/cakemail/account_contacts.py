"""`/contacts`: contacts without their list, as the vendor's own program asks for them.

The document only knows contacts of a list; here one is shown as a member of the list that is named,
else of the first list it is on.
"""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from mailwright.dialects.cakemail import queries
from mailwright.dialects.cakemail.contact_pages import CursorOf, shown
from mailwright.dialects.cakemail.contact_shapes import (
    ContactCreate,
    ContactPatch,
    ContactShape,
    contact_shape,
)
from mailwright.dialects.cakemail.contacts import (
    AskOf,
    changes_for,
    come,
)
from mailwright.dialects.cakemail.dependencies import CallerOf, RuntimeOf
from mailwright.dialects.cakemail.fields import Body, Number, NumberInPath
from mailwright.dialects.cakemail.paging import AskedOf, FilterOf, SortOf
from mailwright.dialects.cakemail.queries import written
from mailwright.dialects.cakemail.shapes import (
    Changed,
    Data,
    DataPage,
    Done,
    Made,
    changed,
    created,
    did,
    one,
)
from mailwright.errors import InvalidInput, NotFound
from mailwright.services import consents, contacts, list_contacts, list_joining, list_settings
from mailwright.services.caller import Caller
from mailwright.services.numbers import number_of, uuid_of, uuids_of
from mailwright.services.paging import Page
from mailwright.services.runtime import Runtime

router = APIRouter(prefix="/contacts", tags=["contacts"])

_LISTS_MAX = 100


class AccountContact(ContactCreate):
    """Somebody who comes to one list or several; to none named: the account's only one."""

    list_id: Number | None = None
    list_ids: Annotated[list[Number], Field(min_length=1, max_length=_LISTS_MAX)] | None = None


class Leaving(Body):
    """Which list is left; none named: all mail."""

    list_id: Number | None = None


@router.get("", responses={200: {"model": DataPage[ContactShape]}})
async def page(
    runtime: RuntimeOf,
    caller: CallerOf,
    asked: AskedOf,
    list_id: Annotated[Number | None, Query()] = None,
    query: Annotated[str | None, Query()] = None,
    filter_: FilterOf = None,
    sort: SortOf = None,
    cursor: CursorOf = None,
) -> Response:
    """Show the people on a list; a `query` that is no expression looks for part of an address."""
    list_uuid = await _list(runtime, caller, list_id)
    what = written(query=query)
    if (
        what is not None
        and not any(mark in str(query) for mark in "=<>()")
        and "LIKE" not in str(query).upper()
    ):
        what = written(json={"like": {"email": f"*{query}*"}})
    wanted = await queries.members(runtime, caller, list_uuid, filter_=filter_, what=what)
    return await shown(runtime, caller, list_uuid, asked, wanted, sort=sort, cursor=cursor)


@router.post("", status_code=201, responses={201: {"model": Made[ContactShape]}})
async def create(
    runtime: RuntimeOf,
    caller: CallerOf,
    body: AccountContact,
    ask: AskOf,
    resubscribe: Annotated[bool, Query()] = True,
) -> Response:
    """Put somebody on lists."""
    numbers = body.list_ids or ([body.list_id] if body.list_id is not None else [])
    found = await uuids_of(runtime, caller, "list", numbers)
    missing = [str(number) for number in numbers if number not in found]
    if missing:
        raise InvalidInput.field("list_ids", f"There is no such list: {', '.join(missing)}.")
    uuids = list(found.values()) or [await _list(runtime, caller, None)]
    views = [
        await come(runtime, caller, list_uuid, body, ask, resubscribe=resubscribe)
        for list_uuid in uuids
    ]
    view = views[0]
    number = await number_of(runtime, caller, "contact", view.contact.uuid)
    return created("contact", contact_shape(view, number), email=view.contact.email)


@router.get("/{contact_id}", responses={200: {"model": Data[ContactShape]}})
async def get(
    runtime: RuntimeOf,
    caller: CallerOf,
    contact_id: NumberInPath,
    list_id: Annotated[Number | None, Query()] = None,
) -> Response:
    """Show a contact."""
    list_uuid, contact_uuid = await _pair(runtime, caller, contact_id, list_id)
    view = await list_contacts.get(runtime, caller, list_uuid, contact_uuid)
    return one(contact_shape(view, contact_id))


@router.patch("/{contact_id}", responses={200: {"model": Changed[ContactShape]}})
async def change(
    runtime: RuntimeOf,
    caller: CallerOf,
    contact_id: NumberInPath,
    body: ContactPatch,
    list_id: Annotated[Number | None, Query()] = None,
) -> Response:
    """Change a contact: all of it or nothing."""
    list_uuid, contact_uuid = await _pair(runtime, caller, contact_id, list_id)
    changes = await changes_for(runtime, caller, body)
    view = await list_joining.change(runtime, caller, list_uuid, contact_uuid, changes)
    return changed("contact", contact_shape(view, contact_id))


@router.delete("/{contact_id}", responses={200: {"model": Done}})
async def delete(runtime: RuntimeOf, caller: CallerOf, contact_id: NumberInPath) -> Response:
    """Delete a contact, from every list."""
    contact_uuid = await uuid_of(runtime, caller, "contact", contact_id)
    await contacts.delete_contact(runtime, caller, contact_uuid)
    return did("contact", contact_id, "deleted")


@router.post("/{contact_id}/unsubscribe", responses={200: {"model": Done}})
async def unsubscribe(
    runtime: RuntimeOf, caller: CallerOf, contact_id: NumberInPath, body: Leaving
) -> Response:
    """Unsubscribe a contact from a list; without one named, from all mail."""
    contact_uuid = await uuid_of(runtime, caller, "contact", contact_id)
    if body.list_id is None:
        await consents.unsubscribe_contact(runtime, caller, contact_uuid)
    else:
        list_uuid = await uuid_of(runtime, caller, "list", body.list_id)
        await list_joining.leave(runtime, caller, list_uuid, contact_uuid)
    return did("contact", contact_id, "unsubscribed", subscribed=False)


async def _list(runtime: Runtime, caller: Caller, list_id: int | None) -> UUID:
    """The list that was named, else the only one there is."""
    if list_id is not None:
        return await uuid_of(runtime, caller, "list", list_id)
    found = await list_settings.page(runtime, caller, Page(1, 2))
    if found.total != 1:
        raise InvalidInput.field("list_id", "Say which list.")
    return found.items[0].uuid


async def _pair(
    runtime: Runtime, caller: Caller, contact_id: int, list_id: int | None
) -> tuple[UUID, UUID]:
    contact_uuid = await uuid_of(runtime, caller, "contact", contact_id)
    if list_id is not None:
        return await uuid_of(runtime, caller, "list", list_id), contact_uuid
    lists = await list_contacts.lists_of(runtime, caller, contact_uuid)
    if not lists:
        raise NotFound("The contact is on no list.")
    return lists[0], contact_uuid
