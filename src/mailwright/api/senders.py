"""`/sender-identities` as easymail's clients read it, and `/senders`, the same ones to write."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import StringConstraints
from starlette.responses import Response

from mailwright.api.dependencies import CallerOf, PageOf, RuntimeOf
from mailwright.api.envelopes import Data, DataPage, many, nothing, one
from mailwright.api.fields import Body, Name, example
from mailwright.api.problems import errors
from mailwright.services import senders as service
from mailwright.services.senders import SenderIdentity, SenderView

identities = APIRouter(prefix="/sender-identities", tags=["senders"])
router = APIRouter(prefix="/senders", tags=["senders"])

Email = Annotated[str, StringConstraints(max_length=320)]


class SenderCreate(Body):
    """A new sender."""

    email: Email
    name: Name
    reply_to: Email | None = None
    language: str = "en"

    model_config = example({"name": "Harbour Post", "email": "post@harbour.example"})


class SenderPatch(Body):
    """What to change; absent fields stay."""

    name: Name = ""
    reply_to: Email | None = None
    enabled: bool = True
    language: str = "en"

    model_config = example({"enabled": False})


@identities.get("", responses={200: {"model": DataPage[SenderIdentity]}})
async def page_identities(runtime: RuntimeOf, caller: CallerOf, page: PageOf) -> Response:
    """List the senders that campaigns can use, by address."""
    return many(await service.page_identities(runtime, caller, page))


@router.post(
    "",
    status_code=201,
    responses={201: {"model": Data[SenderView]}, **errors("DUPLICATE_RESOURCE")},
)
async def create(runtime: RuntimeOf, caller: CallerOf, body: SenderCreate) -> Response:
    """Create a sender. Unless its address is known to be yours it is mailed a link to confirm."""
    made = await service.create_sender(
        runtime, caller, body.email, body.name, body.reply_to, body.language
    )
    return one(made, 201)


@router.get("", responses={200: {"model": DataPage[SenderView]}})
async def page(runtime: RuntimeOf, caller: CallerOf, page: PageOf) -> Response:
    """List senders by address, disabled ones among them."""
    return many(await service.page_senders(runtime, caller, page))


@router.get(
    "/{sender_uuid}",
    responses={200: {"model": Data[SenderView]}, **errors("RESOURCE_NOT_FOUND")},
)
async def get(runtime: RuntimeOf, caller: CallerOf, sender_uuid: UUID) -> Response:
    """Get a sender."""
    return one(await service.get_sender(runtime, caller, sender_uuid))


@router.patch(
    "/{sender_uuid}",
    responses={
        200: {"model": Data[SenderView]},
        **errors("RESOURCE_NOT_FOUND", "SENDER_NOT_CONFIRMED"),
    },
)
async def change(
    runtime: RuntimeOf, caller: CallerOf, sender_uuid: UUID, body: SenderPatch
) -> Response:
    """Change a sender; `enabled: false` keeps campaigns from using it."""
    return one(await service.change_sender(runtime, caller, sender_uuid, body.changes()))


@router.delete(
    "/{sender_uuid}",
    status_code=204,
    responses=errors("RESOURCE_NOT_FOUND", "SENDER_IN_USE"),
)
async def delete(runtime: RuntimeOf, caller: CallerOf, sender_uuid: UUID) -> Response:
    """Delete a sender that no campaign names."""
    await service.delete_sender(runtime, caller, sender_uuid)
    return nothing()


@router.post(
    "/{sender_uuid}/resend-confirmation",
    responses={
        200: {"model": Data[SenderView]},
        **errors("RESOURCE_NOT_FOUND", "SENDER_CONFIRMED", "CONFIRMATION_NOT_SENT"),
    },
)
async def resend_confirmation(runtime: RuntimeOf, caller: CallerOf, sender_uuid: UUID) -> Response:
    """Mail the link to confirm once more; five times an hour at most."""
    return one(await service.resend_confirmation(runtime, caller, sender_uuid))
