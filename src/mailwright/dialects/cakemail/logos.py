"""`/brands/default/logos/default`: the account's logo."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import StringConstraints
from starlette.responses import Response

from mailwright.dialects.cakemail.dependencies import CallerOf, RuntimeOf
from mailwright.dialects.cakemail.fields import Body, example
from mailwright.dialects.cakemail.shapes import Shape, answer, plain
from mailwright.services import logos as service

router = APIRouter(prefix="/brands/default/logos/default", tags=["logos"])


class LogoBody(Body):
    """A picture as a data URI."""

    file: Annotated[str, StringConstraints(min_length=1)]

    model_config = example({"file": "data:image/png;base64,iVBORw0KGgo…"})


class LogoUploaded(Shape):
    """Where the logo is."""

    logo: str
    object: str = "logo"
    uploaded: bool = True


class LogoDeleted(Shape):
    """There is none any more."""

    object: str = "logo"
    deleted: bool = True


@router.put("", responses={200: {"model": LogoUploaded}})
async def put(runtime: RuntimeOf, caller: CallerOf, body: LogoBody) -> Response:
    """Set the logo of the pages that recipients see. A picture, judged by its content."""
    view = await service.put_logo(runtime, caller, body.file, field="file")
    return answer(plain(LogoUploaded(logo=view.url)))


@router.delete("", responses={200: {"model": LogoDeleted}})
async def delete(runtime: RuntimeOf, caller: CallerOf) -> Response:
    """Remove the logo."""
    await service.remove_logo(runtime, caller)
    return answer(plain(LogoDeleted()))
