"""`/lists/{list_id}/contacts`: the people on a list."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from mailwright.dialects.cakemail import queries
from mailwright.dialects.cakemail.contact_attributes import changes_of
from mailwright.dialects.cakemail.contact_shapes import (
    SORTS,
    ContactCreate,
    ContactPatch,
    ContactShape,
    InterestsForMany,
    TagsBody,
    TagsForMany,
    Whom,
    contact_shape,
)
from mailwright.dialects.cakemail.dependencies import CallerOf, RuntimeOf
from mailwright.dialects.cakemail.fields import NumberInPath
from mailwright.dialects.cakemail.paging import (
    Asked,
    AskedOf,
    FilterOf,
    Sort,
    SortOf,
    read_sort,
)
from mailwright.dialects.cakemail.queries import Written, written
from mailwright.dialects.cakemail.shapes import (
    Changed,
    Cursor,
    Data,
    DataPage,
    Done,
    Made,
    answer,
    changed,
    created,
    did,
    many,
    one,
    plain,
)
from mailwright.domain.confirmation import DoubleOptIn
from mailwright.domain.storable import is_storable
from mailwright.errors import InvalidInput
from mailwright.services import custom_fields, interests, list_contacts, list_joining, tags
from mailwright.services.caller import Caller
from mailwright.services.list_contacts import ListContact, MemberFilter, Order, ReadOn
from mailwright.services.list_joining import Joining, MemberChanges
from mailwright.services.numbers import number_of, numbers_of, uuid_of, uuids_of
from mailwright.services.runtime import Runtime
from mailwright.services.selections import Selection

router = APIRouter(prefix="/lists/{list_id}", tags=["contacts"])

#: Cakemail's word for who must confirm first.
ASK = {
    "false": DoubleOptIn.NEVER,
    "true": DoubleOptIn.ALWAYS,
    "new": DoubleOptIn.NEW,
    "not_active": DoubleOptIn.NOT_ACTIVE,
}
#: How we know that somebody agreed whom a call puts back on a list.
RESUBSCRIBED = "cakemail resubscribe"


async def _written(
    query: Annotated[str | None, Query(description="An SQL-like expression.")] = None,
    fiql: Annotated[str | None, Query()] = None,
    json: Annotated[str | None, Query(description="A JSON expression.")] = None,
) -> Written | None:
    if not is_storable([query, fiql, json]):
        raise InvalidInput.field("query", "NUL characters cannot be searched for.")
    return written(query=query, fiql=fiql, json=json)


#: The one of `query`, `fiql` and `json` that narrows a list.
WrittenOf = Annotated[Written | None, Depends(_written)]
CursorOf = Annotated[str | None, Query(description="`next` or `previous` of a page's cursor.")]


def asked_to_confirm(
    send_double_opt_in: Annotated[str, Query(description=f"One of {', '.join(ASK)}.")] = "false",
) -> DoubleOptIn:
    """Who must confirm. Raises InvalidInput."""
    if send_double_opt_in not in ASK:
        raise InvalidInput.field("send_double_opt_in", f"One of: {', '.join(ASK)}.")
    return ASK[send_double_opt_in]


AskOf = Annotated[DoubleOptIn, Depends(asked_to_confirm)]


@router.get("/contacts", responses={200: {"model": DataPage[ContactShape]}})
async def page(
    runtime: RuntimeOf,
    caller: CallerOf,
    list_id: NumberInPath,
    asked: AskedOf,
    what: WrittenOf,
    filter_: FilterOf = None,
    sort: SortOf = None,
    cursor: CursorOf = None,
) -> Response:
    """Show the people on a list, those who left it too, in the order of their ids."""
    list_uuid = await uuid_of(runtime, caller, "list", list_id)
    wanted = await queries.members(runtime, caller, list_uuid, filter_=filter_, what=what)
    return await shown(runtime, caller, list_uuid, asked, wanted, sort=sort, cursor=cursor)


@router.get("/segments/{segment_id}/contacts", responses={200: {"model": DataPage[ContactShape]}})
async def page_of_segment(
    runtime: RuntimeOf,
    caller: CallerOf,
    list_id: NumberInPath,
    segment_id: NumberInPath,
    asked: AskedOf,
    what: WrittenOf,
    filter_: FilterOf = None,
    sort: SortOf = None,
    cursor: CursorOf = None,
) -> Response:
    """Show whom on the list a segment fits right now."""
    list_uuid = await uuid_of(runtime, caller, "list", list_id)
    segment_uuid = await uuid_of(runtime, caller, "segment", segment_id)
    wanted = await queries.members(
        runtime, caller, list_uuid, filter_=filter_, what=what, segment_uuid=segment_uuid
    )
    return await shown(runtime, caller, list_uuid, asked, wanted, sort=sort, cursor=cursor)


@router.post("/contacts", status_code=201, responses={201: {"model": Made[ContactShape]}})
async def create(
    runtime: RuntimeOf,
    caller: CallerOf,
    list_id: NumberInPath,
    body: ContactCreate,
    ask: AskOf,
    resubscribe: Annotated[bool, Query()] = True,  # the document's default
) -> Response:
    """Put somebody on a list. Who left it comes back, and that is recorded, unless told not to."""
    list_uuid = await uuid_of(runtime, caller, "list", list_id)
    view = await come(runtime, caller, list_uuid, body, ask, resubscribe=resubscribe)
    number = await number_of(runtime, caller, "contact", view.contact.uuid)
    return created("contact", contact_shape(view, number))


@router.post("/contacts/tag", responses={200: {"model": Done}})
async def tag_many(
    runtime: RuntimeOf, caller: CallerOf, list_id: NumberInPath, body: TagsForMany
) -> Response:
    """Put tags on contacts, or on everybody a query fits."""
    whom = await _whom(runtime, caller, list_id, body)
    await tags.change_tags(runtime, caller, whom, add=body.tags)
    return answer({"tagged": True})


@router.post("/contacts/untag", responses={200: {"model": Done}})
async def untag_many(
    runtime: RuntimeOf, caller: CallerOf, list_id: NumberInPath, body: TagsForMany
) -> Response:
    """Take tags off contacts, or off everybody a query fits."""
    whom = await _whom(runtime, caller, list_id, body)
    await tags.change_tags(runtime, caller, whom, remove=body.tags)
    return answer({"untagged": True})


@router.post("/contacts/add-interests", responses={200: {"model": Done}})
async def add_interests(
    runtime: RuntimeOf, caller: CallerOf, list_id: NumberInPath, body: InterestsForMany
) -> Response:
    """Give interests to contacts, or to everybody a query fits."""
    whom = await _whom(runtime, caller, list_id, body)
    await interests.change_interests(runtime, caller, whom, add=body.interests)
    return answer({"object": "interests", "added": True})


@router.post("/contacts/remove-interests", responses={200: {"model": Done}})
async def remove_interests(
    runtime: RuntimeOf, caller: CallerOf, list_id: NumberInPath, body: InterestsForMany
) -> Response:
    """Take interests from contacts, or from everybody a query fits."""
    whom = await _whom(runtime, caller, list_id, body)
    await interests.change_interests(runtime, caller, whom, remove=body.interests)
    return answer({"object": "interests", "removed": True})


@router.get("/contacts/{contact_id}", responses={200: {"model": Data[ContactShape]}})
async def get(
    runtime: RuntimeOf, caller: CallerOf, list_id: NumberInPath, contact_id: NumberInPath
) -> Response:
    """Show a contact."""
    list_uuid, contact_uuid = await _pair(runtime, caller, list_id, contact_id)
    view = await list_contacts.get(runtime, caller, list_uuid, contact_uuid)
    return one(contact_shape(view, contact_id))


@router.patch("/contacts/{contact_id}", responses={200: {"model": Changed[ContactShape]}})
async def change(
    runtime: RuntimeOf,
    caller: CallerOf,
    list_id: NumberInPath,
    contact_id: NumberInPath,
    body: ContactPatch,
) -> Response:
    """Change a contact: all of it or nothing."""
    list_uuid, contact_uuid = await _pair(runtime, caller, list_id, contact_id)
    view = await list_joining.change(
        runtime, caller, list_uuid, contact_uuid, await changes_for(runtime, caller, body)
    )
    return changed("contact", contact_shape(view, contact_id))


@router.delete("/contacts/{contact_id}", responses={200: {"model": Done}})
async def delete(
    runtime: RuntimeOf, caller: CallerOf, list_id: NumberInPath, contact_id: NumberInPath
) -> Response:
    """Take a contact off the list; one that is on no other list is deleted."""
    list_uuid, contact_uuid = await _pair(runtime, caller, list_id, contact_id)
    await list_joining.remove(runtime, caller, list_uuid, contact_uuid)
    return did("contact", contact_id, "deleted")


@router.post("/contacts/{contact_id}/unsubscribe", responses={200: {"model": Data[ContactShape]}})
async def unsubscribe(
    runtime: RuntimeOf, caller: CallerOf, list_id: NumberInPath, contact_id: NumberInPath
) -> Response:
    """Unsubscribe a contact from the list; from others it gets mail as before."""
    list_uuid, contact_uuid = await _pair(runtime, caller, list_id, contact_id)
    view = await list_joining.leave(runtime, caller, list_uuid, contact_uuid)
    data = plain(contact_shape(view, contact_id))
    return answer({"id": contact_id, "object": "contact", "subscribed": False, "data": data})


@router.post("/contacts/{contact_id}/tag", responses={200: {"model": Done}})
async def tag(
    runtime: RuntimeOf,
    caller: CallerOf,
    list_id: NumberInPath,
    contact_id: NumberInPath,
    body: TagsBody,
) -> Response:
    """Put tags on a contact."""
    list_uuid, contact_uuid = await _pair(runtime, caller, list_id, contact_id)
    await tags.change_tags(runtime, caller, Selection(list_uuid, [contact_uuid]), add=body.tags)
    return answer({"id": contact_id, "object": "contact", "tagged": True})


@router.post("/contacts/{contact_id}/untag", responses={200: {"model": Done}})
async def untag(
    runtime: RuntimeOf,
    caller: CallerOf,
    list_id: NumberInPath,
    contact_id: NumberInPath,
    body: TagsBody,
) -> Response:
    """Take tags off a contact."""
    list_uuid, contact_uuid = await _pair(runtime, caller, list_id, contact_id)
    await tags.change_tags(runtime, caller, Selection(list_uuid, [contact_uuid]), remove=body.tags)
    return answer({"id": contact_id, "object": "contact", "untagged": True})


async def come(
    runtime: Runtime,
    caller: Caller,
    list_uuid: UUID,
    body: ContactCreate,
    ask: DoubleOptIn,
    *,
    resubscribe: bool,
) -> ListContact:
    """The member that the body makes."""
    fields = await custom_fields.declared_fields(runtime, caller)
    joining = Joining(
        email=body.email,
        fields=changes_of(body.attributes(), fields),
        tags=body.tags or (),
        interests=body.interests or (),
        ask=ask,
        resubscribe=resubscribe,
        source=RESUBSCRIBED if resubscribe else None,
    )
    return await list_joining.join(runtime, caller, list_uuid, joining)


async def changes_for(runtime: Runtime, caller: Caller, body: ContactPatch) -> MemberChanges:
    """The changes that the body asks for."""
    fields = await custom_fields.declared_fields(runtime, caller)
    return MemberChanges(
        fields=changes_of(body.attributes(), fields),
        email=body.email or None,
        tags=body.tags,
        interests=body.interests,
    )


async def shown(
    runtime: Runtime,
    caller: Caller,
    list_uuid: UUID,
    asked: Asked,
    wanted: MemberFilter,
    *,
    sort: str | None,
    cursor: str | None,
) -> Response:
    """A page of members, with where to read on where they are in the order of ids."""
    order = read_sort(sort, SORTS, Sort("id"))
    by_id = order.by == "id"
    if cursor and not by_id:
        raise InvalidInput.field("cursor", "A cursor reads on in the order of ids only.")
    found = await list_contacts.page(
        runtime,
        caller,
        list_uuid,
        asked.page,
        wanted,
        order=Order(order.by, order.descending),
        read_on=_place(cursor),
        with_total=asked.with_count,
    )
    uuids = [view.contact.uuid for view in found.items]
    numbers = await numbers_of(runtime, caller, "contact", uuids)
    shapes = [contact_shape(view, numbers[view.contact.uuid]) for view in found.items]
    place = _place(cursor)
    more = found.has_more or place.before_id is not None
    before = (
        asked.page.number > 1
        or place.after_id is not None
        or (place.before_id is not None and found.has_more)
    )
    told = Cursor(
        previous=_cursor("b", found.first_id) if by_id and before else None,
        next=_cursor("a", found.last_id) if by_id and more else None,
    )
    return many(shapes, asked, found.total, cursor=told)


async def _whom(runtime: Runtime, caller: Caller, list_id: int, body: Whom) -> Selection:
    """The contacts of the list that a call names. Raises InvalidInput."""
    list_uuid = await uuid_of(runtime, caller, "list", list_id)
    what = written(query=body.query, fiql=body.fiql, json=body.json_)
    if (body.contact_ids is None) == (what is None):
        raise InvalidInput.field("contact_ids", "Give contact_ids, or one of query, fiql and json.")
    if what is not None:
        return Selection(list_uuid, rule=await queries.rule_for(runtime, caller, list_uuid, what))
    numbers = list(dict.fromkeys(body.contact_ids or ()))
    found = await uuids_of(runtime, caller, "contact", numbers)
    missing = [str(number) for number in numbers if number not in found]
    if missing:
        told = ", ".join(missing[:10])
        raise InvalidInput.field("contact_ids", f"There is no such contact: {told}.")
    return Selection(list_uuid, list(found.values()))


async def _pair(
    runtime: Runtime, caller: Caller, list_id: int, contact_id: int
) -> tuple[UUID, UUID]:
    list_uuid = await uuid_of(runtime, caller, "list", list_id)
    return list_uuid, await uuid_of(runtime, caller, "contact", contact_id)


def _cursor(side: str, number: int | None) -> str | None:
    if number is None:
        return None
    return base64.urlsafe_b64encode(f"{side}{number}".encode()).rstrip(b"=").decode()


def _place(cursor: str | None) -> ReadOn:
    """Where a cursor reads on. Raises InvalidInput."""
    if not cursor:
        return ReadOn()
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_").decode()
    except (binascii.Error, ValueError):
        text = ""
    if text[:1] not in ("a", "b") or not text[1:].isdecimal() or len(text) > 19:
        raise InvalidInput.field("cursor", "Use a cursor as it was given.")
    number = int(text[1:])
    return ReadOn(after_id=number) if text[0] == "a" else ReadOn(before_id=number)
