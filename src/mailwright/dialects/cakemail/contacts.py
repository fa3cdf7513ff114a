"""`/lists/{list_id}/contacts`: the people on a list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from mailwright.dialects.cakemail.contact_attributes import changes_of
from mailwright.dialects.cakemail.contact_shapes import (
    ContactCreate,
    ContactPatch,
    ContactShape,
    contact_shape,
)
from mailwright.dialects.cakemail.dependencies import CallerOf, RuntimeOf
from mailwright.dialects.cakemail.fields import NumberInPath
from mailwright.dialects.cakemail.shapes import (
    Changed,
    Data,
    Done,
    Made,
    answer,
    changed,
    created,
    did,
    one,
    plain,
)
from mailwright.domain.confirmation import DoubleOptIn
from mailwright.errors import InvalidInput
from mailwright.services import custom_fields, list_contacts, list_joining
from mailwright.services.caller import Caller
from mailwright.services.list_contacts import ListContact
from mailwright.services.list_joining import Joining, MemberChanges
from mailwright.services.numbers import number_of, uuid_of
from mailwright.services.runtime import Runtime

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


async def asked_to_confirm(
    send_double_opt_in: Annotated[str, Query(description=f"One of {', '.join(ASK)}.")] = "false",
) -> DoubleOptIn:
    """Who must confirm. Raises InvalidInput."""
    if send_double_opt_in not in ASK:
        raise InvalidInput.field("send_double_opt_in", f"One of: {', '.join(ASK)}.")
    return ASK[send_double_opt_in]


AskOf = Annotated[DoubleOptIn, Depends(asked_to_confirm)]


@dataclass(frozen=True, slots=True)
class OnList:
    """The contact of a path, and the list in it."""

    number: int
    uuid: UUID
    list_uuid: UUID


async def _on_list(
    runtime: RuntimeOf, caller: CallerOf, list_id: NumberInPath, contact_id: NumberInPath
) -> OnList:
    list_uuid = await uuid_of(runtime, caller, "list", list_id)
    uuid = await uuid_of(runtime, caller, "contact", contact_id)
    return OnList(contact_id, uuid, list_uuid)


#: `list_id` and `contact_id` of a path. Raises NotFound.
OnListOf = Annotated[OnList, Depends(_on_list)]


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


@router.get("/contacts/{contact_id}", responses={200: {"model": Data[ContactShape]}})
async def get(runtime: RuntimeOf, caller: CallerOf, contact: OnListOf) -> Response:
    """Show a contact."""
    view = await list_contacts.get(runtime, caller, contact.list_uuid, contact.uuid)
    return one(contact_shape(view, contact.number))


@router.patch("/contacts/{contact_id}", responses={200: {"model": Changed[ContactShape]}})
async def change(
    runtime: RuntimeOf,
    caller: CallerOf,
    contact: OnListOf,
    body: ContactPatch,
) -> Response:
    """Change a contact: all of it or nothing."""
    view = await list_joining.change(
        runtime, caller, contact.list_uuid, contact.uuid, await changes_for(runtime, caller, body)
    )
    return changed("contact", contact_shape(view, contact.number))


@router.delete("/contacts/{contact_id}", responses={200: {"model": Done}})
async def delete(runtime: RuntimeOf, caller: CallerOf, contact: OnListOf) -> Response:
    """Take a contact off the list; one that is on no other list is deleted."""
    await list_joining.remove(runtime, caller, contact.list_uuid, contact.uuid)
    return did("contact", contact.number, "deleted")


@router.post("/contacts/{contact_id}/unsubscribe", responses={200: {"model": Data[ContactShape]}})
async def unsubscribe(runtime: RuntimeOf, caller: CallerOf, contact: OnListOf) -> Response:
    """Unsubscribe a contact from the list; from others it gets mail as before."""
    view = await list_joining.leave(runtime, caller, contact.list_uuid, contact.uuid)
    data = plain(contact_shape(view, contact.number))
    return answer({"id": contact.number, "object": "contact", "subscribed": False, "data": data})


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
        return_source=RESUBSCRIBED,
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
