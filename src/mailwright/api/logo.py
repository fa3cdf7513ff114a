"""`/account/logo`: the picture on the pages that recipients see."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import StringConstraints
from starlette.responses import Response

from mailwright.api.dependencies import CallerOf, RuntimeOf
from mailwright.api.envelopes import Data, nothing, one
from mailwright.api.fields import Body, example
from mailwright.api.problems import errors
from mailwright.services import logos as service
from mailwright.services.logos import LogoView

router = APIRouter(prefix="/account/logo", tags=["account"])

_UNKNOWN = errors("RESOURCE_NOT_FOUND")


class LogoBody(Body):
    """A PNG, JPEG, WebP or GIF, at most 1 MB, 1,600 pixels a side: a data URI, or base64 alone."""

    image: Annotated[str, StringConstraints(min_length=1)]

    model_config = example(
        {
            "image": "data:image/png;base64,"
            "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR42mP4"
            "DwABAQEAHLCMmQAAAABJRU5ErkJggg=="
        }
    )


@router.get("", responses={200: {"model": Data[LogoView]}, **_UNKNOWN})
async def get(runtime: RuntimeOf, caller: CallerOf) -> Response:
    """Get where the logo is."""
    return one(await service.get_logo(runtime, caller))


@router.put("", responses={200: {"model": Data[LogoView]}})
async def put(runtime: RuntimeOf, caller: CallerOf, body: LogoBody) -> Response:
    """Set the logo. It is judged by its content and written anew; its address changes with it."""
    return one(await service.put_logo(runtime, caller, body.image))


@router.delete("", status_code=204, responses=_UNKNOWN)
async def delete(runtime: RuntimeOf, caller: CallerOf) -> Response:
    """Remove the logo."""
    await service.remove_logo(runtime, caller)
    return nothing()
