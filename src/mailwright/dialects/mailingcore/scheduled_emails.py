"""`/scheduled-emails`: single mails for later, until their time comes."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from mailwright.dialects.mailingcore.dependencies import CallerOf, PageOf, RuntimeOf, known
from mailwright.dialects.mailingcore.email_shapes import (
    EmailLogShape,
    QueuedShape,
    ScheduleBody,
    log_shape,
)
from mailwright.dialects.mailingcore.emails import once, submitted
from mailwright.dialects.mailingcore.shapes import DataPage, many, nothing, one
from mailwright.domain.email_status import EmailStatus
from mailwright.services import emails as service

router = APIRouter(prefix="/scheduled-emails", tags=["emails"])


@router.post("", status_code=202, responses={202: {"model": QueuedShape}})
async def create(
    runtime: RuntimeOf, caller: CallerOf, request: Request, body: ScheduleBody
) -> Response:
    """Schedule a mail, up to a year ahead. A past time is refused."""
    return await once(
        runtime,
        caller,
        request,
        body.idempotency_key,
        lambda: submitted(runtime, caller, body.ours()),
    )


@router.get("", responses={200: {"model": DataPage[EmailLogShape]}})
async def page(runtime: RuntimeOf, caller: CallerOf, page: PageOf) -> Response:
    """List mails whose time has not come, the last accepted first."""
    wanted = service.email_filter(statuses=(EmailStatus.SCHEDULED,))
    found = await service.page_emails(
        runtime, caller, wanted, per_page=page.per_page, offset=page.offset
    )
    total = await service.count_emails(runtime, caller, wanted)
    return many([log_shape(row) for row in found.items], page, total)


@router.get("/{email_id}", responses={200: {"model": EmailLogShape}})
async def get(runtime: RuntimeOf, caller: CallerOf, email_id: str) -> Response:
    """Get a scheduled mail."""
    return one(log_shape(await service.get_email(runtime, caller, known(email_id, "email"))))


@router.delete("/{email_id}", status_code=204)
async def delete(runtime: RuntimeOf, caller: CallerOf, email_id: str) -> Response:
    """Cancel a mail that was not sent yet. 409 when it is too late."""
    await service.cancel_email(runtime, caller, known(email_id, "email"))
    return nothing()
