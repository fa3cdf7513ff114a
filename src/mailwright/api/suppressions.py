"""`/suppressions`: addresses that are not mailed, and why."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field, StringConstraints
from starlette.responses import Response

from mailwright.api.dependencies import CallerOf, PageOf, RuntimeOf
from mailwright.api.envelopes import Data, DataPage, many, nothing, one
from mailwright.api.fields import Body, Moment, Search, example
from mailwright.services import suppressions as service
from mailwright.services.suppressions import (
    BULK_MAX,
    BulkSuppressed,
    NewSuppression,
    SuppressionView,
    WaveUndone,
)

router = APIRouter(prefix="/suppressions", tags=["suppressions"])

Address = Annotated[str, StringConstraints(min_length=1, max_length=1000)]
Reason = Literal["bounce", "complaint", "unsubscribe", "manual"]
Scope = Literal["all", "marketing"]


class SuppressionCreate(Body):
    """An address to leave alone; scope `all`: by nobody, `marketing`: not by campaigns."""

    email: Address
    reason: Reason = "manual"
    scope: Scope = "all"

    model_config = example({"email": "gone@example.com", "reason": "manual", "scope": "all"})


class SuppressionRow(Body):
    """A row of a bulk call; an address that is none is told, and keeps no other back."""

    email: Annotated[str, StringConstraints(max_length=1000)]
    reason: Reason = "manual"
    scope: Scope = "all"


class SuppressionBulk(Body):
    """Up to 1,000 addresses."""

    suppressions: Annotated[list[SuppressionRow], Field(min_length=1, max_length=BULK_MAX)]

    model_config = example(
        {"suppressions": [{"email": "gone@example.com"}, {"email": "no@example.com"}]}
    )


class WaveUndo(Body):
    """Which wave: everything of that reason made since then, and before `until` if given."""

    reason: str
    since: Moment
    until: Moment | None = None

    model_config = example({"reason": "bounce", "since": "2026-05-01T08:00:00Z"})


@router.post("", status_code=201, responses={201: {"model": Data[SuppressionView]}})
async def create(runtime: RuntimeOf, caller: CallerOf, body: SuppressionCreate) -> Response:
    """Suppress an address. 409 `DUPLICATE_RESOURCE` when it is suppressed in that scope."""
    view = await service.add_suppression(
        runtime, caller, body.email, reason=body.reason, scope=body.scope
    )
    return one(view, 201)


@router.post("/bulk", responses={200: {"model": Data[BulkSuppressed]}})
async def create_many(runtime: RuntimeOf, caller: CallerOf, body: SuppressionBulk) -> Response:
    """Suppress up to 1,000 addresses. Those suppressed already are counted, wrong ones named."""
    rows = [NewSuppression(row.email, row.reason, row.scope) for row in body.suppressions]
    return one(await service.add_suppressions(runtime, caller, rows))


@router.post("/undo", responses={200: {"model": Data[WaveUndone]}})
async def undo(runtime: RuntimeOf, caller: CallerOf, body: WaveUndo) -> Response:
    """Lift a wave of `bounce` or `manual` suppressions made by somebody's mistake."""
    found = await service.undo_wave(
        runtime, caller, reason=body.reason, since=body.since, until=body.until
    )
    return one(found)


@router.get("", responses={200: {"model": DataPage[SuppressionView]}})
async def page(
    runtime: RuntimeOf,
    caller: CallerOf,
    page: PageOf,
    search: Annotated[Search | None, Query(description="The start of an address.")] = None,
    reason: Annotated[Reason | Literal["erased"] | None, Query()] = None,
) -> Response:
    """List suppressions, newest first."""
    found = await service.page_suppressions(runtime, caller, page, search=search, reason=reason)
    return many(found)


@router.get("/{suppression_uuid}", responses={200: {"model": Data[SuppressionView]}})
async def get(runtime: RuntimeOf, caller: CallerOf, suppression_uuid: UUID) -> Response:
    """Get a suppression with its evidence."""
    return one(await service.get_suppression(runtime, caller, suppression_uuid))


@router.delete("/{suppression_uuid}", status_code=204)
async def delete(runtime: RuntimeOf, caller: CallerOf, suppression_uuid: UUID) -> Response:
    """Lift a suppression. 409 `SUPPRESSION_PERMANENT` for people who were erased."""
    await service.remove_suppression(runtime, caller, suppression_uuid)
    return nothing()
