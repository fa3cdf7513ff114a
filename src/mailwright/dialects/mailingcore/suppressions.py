"""`/suppressions`: addresses that are not mailed."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from starlette.responses import Response

from mailwright.dialects.mailingcore.dependencies import LIMIT, CallerOf, RuntimeOf
from mailwright.dialects.mailingcore.fields import Address, Body, example
from mailwright.dialects.mailingcore.shapes import DataPage, Moment, Shape, many, nothing, one
from mailwright.services import contact_directory
from mailwright.services import suppressions as service
from mailwright.services.paging import Page
from mailwright.services.suppressions import SuppressionView

router = APIRouter(prefix="/suppressions", tags=["suppressions"])

#: Who unsubscribed still gets single mails (a receipt); the others get nothing.
_SCOPES = {"unsubscribe": "marketing"}


class SuppressionBody(Body):
    """An address to leave alone, and why."""

    email: Address
    reason: Literal["bounce", "complaint", "unsubscribe", "manual"] = "manual"

    model_config = example({"email": "gone@example.com", "reason": "manual"})


class SuppressionShape(Shape):
    """An address that is not mailed."""

    id: str
    email: str
    reason: str
    created_at: Moment


@router.get("", responses={200: {"model": DataPage[SuppressionShape]}})
async def page(
    runtime: RuntimeOf,
    caller: CallerOf,
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
    limit: Annotated[int, Query(ge=1, le=100)] = LIMIT,
    cursor: Annotated[
        int | None, Query(ge=1, le=1_000_000, description="`meta.nextCursor` of the page before.")
    ] = None,
) -> Response:
    """List suppressions, newest first."""
    wanted = Page(cursor or page, limit)
    found = await service.page_suppressions(runtime, caller, wanted)
    more = wanted.offset + len(found.items) < found.total
    following = str(wanted.number + 1) if more else None
    return many([_shape(row) for row in found.items], wanted, found.total, next_cursor=following)


@router.post("", status_code=201, responses={201: {"model": SuppressionShape}})
async def add(runtime: RuntimeOf, caller: CallerOf, body: SuppressionBody) -> Response:
    """Suppress an address. 409 when it is so already."""
    scope = _SCOPES.get(body.reason, "all")
    made = await service.add_suppression(
        runtime, caller, body.email, reason=body.reason, scope=scope
    )
    return one(_shape(made), 201)


@router.delete("/{email}", status_code=204)
async def remove(runtime: RuntimeOf, caller: CallerOf, email: str) -> Response:
    """Lift the suppressions of an address."""
    await contact_directory.remove_suppressions_of(runtime, caller, email)
    return nothing()


def _shape(view: SuppressionView) -> SuppressionShape:
    return SuppressionShape(
        id=str(view.uuid), email=view.email, reason=view.reason, created_at=view.created_at
    )
