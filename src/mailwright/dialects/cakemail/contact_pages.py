"""Pages of the people on a list: filtered, asked by a query, sorted, read on by cursor."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from mailwright.dialects.cakemail import queries
from mailwright.dialects.cakemail.contact_shapes import (
    SORTS,
    ContactShape,
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
    Cursor,
    DataPage,
    many,
)
from mailwright.domain.storable import is_storable
from mailwright.errors import InvalidInput
from mailwright.services import list_contacts
from mailwright.services.caller import Caller
from mailwright.services.list_contacts import MemberFilter, Order, ReadOn
from mailwright.services.numbers import numbers_of, uuid_of
from mailwright.services.runtime import Runtime

router = APIRouter(prefix="/lists/{list_id}", tags=["contacts"])


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
