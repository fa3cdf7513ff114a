"""`/audit-log`: who did what that only some may do."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel
from starlette.responses import Response

from mailwright.api.dependencies import CallerOf, RuntimeOf
from mailwright.api.envelopes import json_response
from mailwright.api.fields import Search
from mailwright.services import audit as service
from mailwright.services.audit import AuditEntry
from mailwright.services.paging import PER_PAGE_MAX

router = APIRouter(prefix="/audit-log", tags=["audit-log"])


class Position(BaseModel):
    """`next_cursor`: give it as `cursor` to read on; null at the end."""

    per_page: int
    next_cursor: str | None


class AuditAnswer(BaseModel):
    """One page of entries."""

    data: list[AuditEntry]
    pagination: Position


@router.get("", responses={200: {"model": AuditAnswer}})
async def page(
    runtime: RuntimeOf,
    caller: CallerOf,
    cursor: Annotated[str | None, Query(max_length=64)] = None,
    per_page: Annotated[int, Query(ge=1, le=PER_PAGE_MAX)] = PER_PAGE_MAX,
    action: Annotated[
        Search | None, Query(description="The start of an action, such as `project.`.")
    ] = None,
) -> Response:
    """List deeds, newest first. Each entry's hash covers the one before it."""
    found = await service.page_audit_log(
        runtime, caller, cursor=cursor, action=action, per_page=per_page
    )
    position = {"per_page": found.per_page, "next_cursor": found.next_cursor}
    return json_response({"data": found.items, "pagination": position})
