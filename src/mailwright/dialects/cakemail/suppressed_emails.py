"""`/suppressed-emails`: addresses, domains (`*@example.com`) and names (`noreply@*`) left alone."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import StringConstraints
from starlette.responses import Response

from mailwright.dialects.cakemail.dependencies import CallerOf, RuntimeOf
from mailwright.dialects.cakemail.fields import Body, example
from mailwright.dialects.cakemail.paging import AskedOf, FilterOf, read_filter
from mailwright.dialects.cakemail.shapes import DataPage, Shape, answer, many
from mailwright.errors import Conflict
from mailwright.services import contact_directory
from mailwright.services import suppressions as service
from mailwright.services.suppressions import SuppressionView

router = APIRouter(prefix="/suppressed-emails", tags=["suppressed emails"])

FILTERS = ("email",)


class SuppressedBody(Body):
    """What to leave alone."""

    email: Annotated[str, StringConstraints(min_length=1, max_length=1000)]

    model_config = example({"email": "*@example.com"})


class SuppressedShape(Shape):
    """What is left alone, and why."""

    email: str
    source: str
    reason: str


class SuppressedDone(Shape):
    """What was done."""

    email: str


@router.get("", responses={200: {"model": DataPage[SuppressedShape]}})
async def page(
    runtime: RuntimeOf, caller: CallerOf, asked: AskedOf, filter_: FilterOf = None
) -> Response:
    """Show suppressed addresses, newest first."""
    email = read_filter(filter_, FILTERS).get("email")
    found = await service.page_suppressions(runtime, caller, asked.page, email=email)
    return many([_shape(view) for view in found.items], asked, found.total)


@router.post("", status_code=201, responses={201: {"model": SuppressedDone}})
async def add(runtime: RuntimeOf, caller: CallerOf, body: SuppressedBody) -> Response:
    """Leave an address alone, whatever is sent. Doing so twice changes nothing."""
    try:
        email = (await service.add_suppression(runtime, caller, body.email)).email
    except Conflict:
        email = body.email
    return answer({"email": email, "object": "suppressed-email", "created": True}, 201)


@router.delete("/{email}", responses={200: {"model": SuppressedDone}})
async def remove(runtime: RuntimeOf, caller: CallerOf, email: str) -> Response:
    """Let an address be mailed again. A pattern is removed as it was written."""
    await contact_directory.remove_suppressions_of(runtime, caller, email)
    return answer({"email": email, "object": "suppressed-email", "deleted": True})


def _shape(view: SuppressionView) -> SuppressedShape:
    return SuppressedShape(email=view.email, source=view.source or view.reason, reason=view.reason)
