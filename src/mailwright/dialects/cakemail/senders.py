"""`/brands/default/senders`: in whose name mail is sent, and the proof that it may be."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import StringConstraints
from starlette.responses import Response

from mailwright.dialects.cakemail.dependencies import CallerOf, RuntimeOf
from mailwright.dialects.cakemail.fields import Address, Body, NumberInPath, example
from mailwright.dialects.cakemail.paging import AskedOf, Sort, SortOf, read_sort
from mailwright.dialects.cakemail.sender_shapes import SORTS, SenderShape, sender_shape
from mailwright.dialects.cakemail.shapes import (
    Changed,
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
from mailwright.services import senders as service
from mailwright.services.caller import Caller
from mailwright.services.numbers import number_of, numbers_of, uuid_of
from mailwright.services.runtime import Runtime
from mailwright.services.sender_confirmations import number_of_link
from mailwright.services.senders import SenderChanges, SenderView

router = APIRouter(prefix="/brands/default/senders", tags=["senders"])

NOUN = "sender"
Words = Annotated[str, StringConstraints(min_length=1, max_length=255)]
Language = Annotated[str, StringConstraints(min_length=2, max_length=35)]


class SenderBody(Body):
    """A new sender."""

    name: Words
    email: Address
    language: Language = "en_US"

    model_config = example({"name": "Harbour Post", "email": "post@harbour.example"})


class SenderPatch(Body):
    """What to change; absent fields stay."""

    name: Words = ""
    language: Language = "en_US"


class Confirmation(Body):
    """The end of the link in the mail that was sent to the address."""

    confirmation_id: Annotated[str, StringConstraints(min_length=1, max_length=500)]


@router.get("", responses={200: {"model": DataPage[SenderShape]}})
async def page(
    runtime: RuntimeOf, caller: CallerOf, asked: AskedOf, sort: SortOf = None
) -> Response:
    """Show all senders."""
    order = read_sort(sort, SORTS, Sort("email"))
    found = await service.page_senders(
        runtime, caller, asked.page, order=order.by, descending=order.descending
    )
    numbers = await numbers_of(runtime, caller, NOUN, [view.uuid for view in found.items])
    return many(
        [sender_shape(view, numbers[view.uuid]) for view in found.items], asked, found.total
    )


@router.post("", status_code=201, responses={201: {"model": Made[SenderShape]}})
async def create(runtime: RuntimeOf, caller: CallerOf, body: SenderBody) -> Response:
    """Add a sender. Your own address is confirmed at once; any other is mailed a link."""
    view = await service.create_sender(
        runtime, caller, body.email, body.name, language=body.language
    )
    return created(NOUN, await _shape(runtime, caller, view))


@router.post("/confirm-email", responses={200: {"model": Data[SenderShape]}})
async def confirm(runtime: RuntimeOf, body: Confirmation) -> Response:
    """Confirm a sender by what its mail said; the proof is in it, so that nobody need sign in."""
    view = await service.confirm_sender(runtime, body.confirmation_id)
    shape = sender_shape(view, number_of_link(runtime, body.confirmation_id))
    return answer({"object": NOUN, "confirmed": True, "data": plain(shape)})


@router.get("/{sender_id}", responses={200: {"model": Data[SenderShape]}})
async def get(runtime: RuntimeOf, caller: CallerOf, sender_id: NumberInPath) -> Response:
    """Show a sender."""
    found = await uuid_of(runtime, caller, NOUN, sender_id)
    return one(sender_shape(await service.get_sender(runtime, caller, found), sender_id))


@router.patch("/{sender_id}", responses={200: {"model": Changed[SenderShape]}})
async def change(
    runtime: RuntimeOf, caller: CallerOf, sender_id: NumberInPath, body: SenderPatch
) -> Response:
    """Change a sender's name or language."""
    found = await uuid_of(runtime, caller, NOUN, sender_id)
    changes: SenderChanges = {}
    if "name" in body.model_fields_set:
        changes["name"] = body.name
    if "language" in body.model_fields_set:
        changes["language"] = body.language
    view = await service.change_sender(runtime, caller, found, changes)
    return changed(NOUN, sender_shape(view, sender_id))


@router.delete("/{sender_id}", responses={200: {"model": Done}})
async def delete(runtime: RuntimeOf, caller: CallerOf, sender_id: NumberInPath) -> Response:
    """Delete a sender that no campaign names."""
    found = await uuid_of(runtime, caller, NOUN, sender_id)
    await service.delete_sender(runtime, caller, found)
    return did(NOUN, str(sender_id), "deleted")


@router.post("/{sender_id}/resend-confirmation-email", responses={200: {"model": Done}})
async def resend(runtime: RuntimeOf, caller: CallerOf, sender_id: NumberInPath) -> Response:
    """Send the confirmation mail again."""
    found = await uuid_of(runtime, caller, NOUN, sender_id)
    await service.resend_confirmation(runtime, caller, found)
    return did(NOUN, str(sender_id), "resent")


async def _shape(runtime: Runtime, caller: Caller, view: SenderView) -> SenderShape:
    return sender_shape(view, await number_of(runtime, caller, NOUN, view.uuid))
