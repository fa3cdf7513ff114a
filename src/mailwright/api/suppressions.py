"""`/suppressions`: addresses that are not mailed, and why."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import StringConstraints
from starlette.responses import Response

from mailwright.api.dependencies import CallerOf, PageOf, RuntimeOf
from mailwright.api.envelopes import Data, DataPage, many, nothing, one
from mailwright.api.fields import Body, Search, example
from mailwright.services import suppressions as service
from mailwright.services.suppressions import SuppressionView

router = APIRouter(prefix="/suppressions", tags=["suppressions"])


class SuppressionCreate(Body):
    """An address to leave alone; scope `all`: by nobody, `marketing`: not by campaigns."""

    email: Annotated[str, StringConstraints(min_length=1, max_length=1000)]
    reason: Literal["bounce", "complaint", "unsubscribe", "manual"] = "manual"
    scope: Literal["all", "marketing"] = "all"

    model_config = example({"email": "gone@example.com", "reason": "manual", "scope": "all"})


@router.post("", status_code=201, responses={201: {"model": Data[SuppressionView]}})
async def create(runtime: RuntimeOf, caller: CallerOf, body: SuppressionCreate) -> Response:
    """Suppress an address. 409 `DUPLICATE_RESOURCE` when it is suppressed in that scope."""
    view = await service.add_suppression(
        runtime, caller, body.email, reason=body.reason, scope=body.scope
    )
    return one(view, 201)


@router.get("", responses={200: {"model": DataPage[SuppressionView]}})
async def page(
    runtime: RuntimeOf,
    caller: CallerOf,
    page: PageOf,
    search: Annotated[Search | None, Query()] = None,
) -> Response:
    """Suppressions, newest first. `search`: the start of an address."""
    return many(await service.page_suppressions(runtime, caller, page, search=search))


@router.delete("/{suppression_uuid}", status_code=204)
async def delete(runtime: RuntimeOf, caller: CallerOf, suppression_uuid: UUID) -> Response:
    """Lift a suppression. 409 `SUPPRESSION_PERMANENT` for people who were erased."""
    await service.remove_suppression(runtime, caller, suppression_uuid)
    return nothing()
