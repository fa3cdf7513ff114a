"""`/emails`: single mails, alone, by template and by the hundred, and their log."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from mailwright.dialects.mailingcore.dependencies import CallerOf, PageOf, RuntimeOf, known
from mailwright.dialects.mailingcore.email_shapes import (
    STATUSES,
    BatchBody,
    BatchResult,
    BatchShape,
    EmailLogShape,
    QueuedShape,
    SendBody,
    TemplateSendBody,
    log_shape,
    queued_shape,
)
from mailwright.dialects.mailingcore.errors import sentence_of
from mailwright.dialects.mailingcore.fields import Search
from mailwright.dialects.mailingcore.quota_headers import quota_headers
from mailwright.dialects.mailingcore.shapes import DataPage, many, one
from mailwright.errors import InvalidInput, MailwrightError, NotFound, NotReady
from mailwright.services import emails as service
from mailwright.services import idempotency
from mailwright.services.caller import Caller
from mailwright.services.emails import EmailView, NewEmail
from mailwright.services.idempotency import Answer
from mailwright.services.runtime import Runtime

router = APIRouter(prefix="/emails", tags=["emails"])

SYNC_SECONDS = 10.0

#: What is not there where a field names it is unknown here; what the account lacks, not ready.
_BY_FIELD: dict[str, type[MailwrightError]] = {
    "project": NotFound,
    "template": NotFound,
    "template_version_uuid": NotFound,
    "sender": NotReady,
}
_QUEUED: dict[int | str, dict[str, Any]] = {202: {"model": QueuedShape}}
Sync = Annotated[bool, Query(description="Wait up to 10 s for the outcome (for development).")]


@router.post("/send", status_code=202, responses=_QUEUED)
async def send(
    runtime: RuntimeOf, caller: CallerOf, request: Request, body: SendBody, sync: Sync = False
) -> Response:
    """Send a mail: words of its own, or a template version's. 422 for a suppressed recipient."""
    return await once(
        runtime,
        caller,
        request,
        body.idempotency_key,
        lambda: submitted(runtime, caller, body.ours(), sync=sync),
    )


@router.post("/send-template", status_code=202, responses=_QUEUED)
async def send_template(
    runtime: RuntimeOf,
    caller: CallerOf,
    request: Request,
    body: TemplateSendBody,
    sync: Sync = False,
) -> Response:
    """Send a mail in the words of a published template, in the reader's language."""
    return await once(
        runtime,
        caller,
        request,
        body.idempotency_key,
        lambda: submitted(runtime, caller, body.ours(), sync=sync),
    )


@router.post("/batch", responses={200: {"model": BatchShape}})
async def batch(
    runtime: RuntimeOf, caller: CallerOf, request: Request, body: BatchBody
) -> Response:
    """Send the same to up to 100 people. One that is refused keeps none of the others back."""

    async def act() -> Response:
        answers = await service.submit_all(runtime, caller, body.ours())
        results = [
            _result(asked.to, answer)
            for asked, answer in zip(body.recipients, answers, strict=True)
        ]
        accepted = sum(result.id is not None for result in results)
        shape = BatchShape(results=results, accepted=accepted, rejected=len(results) - accepted)
        return one(shape, headers=await quota_headers(runtime, caller))

    return await once(runtime, caller, request, body.idempotency_key, act)


@router.get("/logs", responses={200: {"model": DataPage[EmailLogShape]}})
async def page_log(
    runtime: RuntimeOf,
    caller: CallerOf,
    page: PageOf,
    status: Annotated[str | None, Query(description="Such as DELIVERED or BOUNCED.")] = None,
    tag: Annotated[Search | None, Query()] = None,
    to_email: Annotated[Search | None, Query(alias="toEmail")] = None,
) -> Response:
    """List mails, newest first."""
    if status is not None and status not in STATUSES:
        raise InvalidInput.field("status", f"One of {', '.join(STATUSES)}.")
    wanted = service.email_filter(tag=tag, statuses=STATUSES.get(status or "", ()), to=to_email)
    found = await service.page_emails(
        runtime, caller, wanted, per_page=page.per_page, offset=page.offset
    )
    total = await service.count_emails(runtime, caller, wanted)
    return many([log_shape(row) for row in found.items], page, total)


@router.get("/logs/{email_id}", responses={200: {"model": EmailLogShape}})
async def get_log(runtime: RuntimeOf, caller: CallerOf, email_id: str) -> Response:
    """Get a mail as it stands now."""
    return one(log_shape(await service.get_email(runtime, caller, known(email_id, "email"))))


async def once(
    runtime: Runtime,
    caller: Caller,
    request: Request,
    key: str | None,
    act: Callable[[], Awaitable[Response]],
) -> Response:
    """What `act` answers; under a key that was used within 24 hours, what it answered then.

    MailingCore gives the first answer whatever the second call says.
    """
    if key is None:
        return await act()

    async def acted() -> Answer:
        response = await act()
        return Answer(response.status_code, bytes(response.body))

    asked = f"mailingcore {request.method} {request.url.path}".encode()
    answer = await idempotency.once(runtime, caller, key, asked, acted)
    headers = await quota_headers(runtime, caller)
    return Response(answer.body, answer.status, headers, media_type="application/json")


async def submitted(
    runtime: Runtime, caller: Caller, asked: NewEmail, *, sync: bool = False
) -> Response:
    """The answer of a mail written down or, with `sync`, sent."""
    try:
        view = await service.submit(runtime, caller, asked)
    except InvalidInput as error:
        raise _in_its_words(error) from None
    if sync:
        view = await service.wait_for(runtime, caller, view.uuid, seconds=SYNC_SECONDS)
    position = 0 if sync else await service.queue_position(runtime, caller, view.uuid)
    shape = queued_shape(view, position)
    return one(shape, 202 if shape.queued else 200, await quota_headers(runtime, caller))


def _in_its_words(error: InvalidInput) -> MailwrightError:
    kind = next((_BY_FIELD[name] for name in error.details if name in _BY_FIELD), None)
    return error if kind is None or error.code != InvalidInput.code else kind(error.message)


def _result(to: str, answer: EmailView | MailwrightError) -> BatchResult:
    if isinstance(answer, MailwrightError):
        return BatchResult(to=to, id=None, status="REJECTED", error=sentence_of(answer))
    return BatchResult(to=to, id=str(answer.uuid), status="QUEUED")
