"""`/lists/{list_uuid}/settings`: a list's sender, language and pages; archiving it."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import StringConstraints
from starlette.responses import Response

from mailwright.api.dependencies import CallerOf, RuntimeOf
from mailwright.api.envelopes import Data, one
from mailwright.api.fields import Body, example
from mailwright.services import list_settings as service
from mailwright.services.list_settings import ListSettings

router = APIRouter(prefix="/lists/{list_uuid}", tags=["lists"])

Url = Annotated[str, StringConstraints(max_length=2_083)]


class RedirectionsBody(Body):
    """Where people go on after they joined, confirmed or left; null takes one away."""

    after_opt_in: Url | None = None
    after_double_opt_in: Url | None = None
    after_opt_out: Url | None = None


class SettingsPatch(Body):
    """What to change; absent fields stay, null clears."""

    language: str | None = None
    sender_uuid: UUID | None = None
    redirections: RedirectionsBody = RedirectionsBody()

    model_config = example(
        {"language": "fr", "redirections": {"after_opt_out": "https://shop.example/goodbye"}}
    )


@router.get("/settings", responses={200: {"model": Data[ListSettings]}})
async def get(runtime: RuntimeOf, caller: CallerOf, list_uuid: UUID) -> Response:
    """A list's settings."""
    return one(await service.get(runtime, caller, list_uuid))


@router.patch("/settings", responses={200: {"model": Data[ListSettings]}})
async def change(
    runtime: RuntimeOf, caller: CallerOf, list_uuid: UUID, body: SettingsPatch
) -> Response:
    """Change a list's settings."""
    changes = body.changes()
    if "redirections" in changes:
        changes["redirections"] = body.redirections.changes()
    return one(await service.change(runtime, caller, list_uuid, changes))


@router.post("/archive", responses={200: {"model": Data[ListSettings]}})
async def archive(runtime: RuntimeOf, caller: CallerOf, list_uuid: UUID) -> Response:
    """Put a list aside: it is kept with its people, shown and mailed no more."""
    return one(await service.archive(runtime, caller, list_uuid))


@router.post("/unarchive", responses={200: {"model": Data[ListSettings]}})
async def unarchive(runtime: RuntimeOf, caller: CallerOf, list_uuid: UUID) -> Response:
    """Take a list back into use."""
    return one(await service.unarchive(runtime, caller, list_uuid))
