"""`/emails`: single mails, one recipient each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel
from starlette.responses import Response

from mailwright.api.dependencies import CallerOf, PageOf, RuntimeOf
from mailwright.api.email_fields import EmailBatch, EmailCreate, Tag
from mailwright.api.envelopes import Data, OnePage, one, paged
from mailwright.api.errors import told
from mailwright.api.fields import Moment, Search
from mailwright.api.idempotency import OnceOf
from mailwright.api.problems import errors
from mailwright.domain.email_status import EmailStatus
from mailwright.domain.email_stream import Stream
from mailwright.errors import InvalidInput, MailwrightError
from mailwright.services import email_log, email_previews, email_resending
from mailwright.services import emails as service
from mailwright.services.email_log import LoggedEvent
from mailwright.services.email_previews import RenderedEmail
from mailwright.services.email_views import EmailRow, EmailView

router = APIRouter(prefix="/emails", tags=["emails"])

EVENTS_MAX = 100  # newest events shown with a mail; `/events?email_uuid=` reads on

_KEYED = ("IDEMPOTENCY_KEY_REUSED", "IDEMPOTENCY_KEY_IN_USE")
_REFUSED = errors(
    *_KEYED,
    "RESOURCE_NOT_FOUND",
    "RECIPIENT_SUPPRESSED",
    "RECIPIENT_UNSUBSCRIBED",
    "SENDER_NOT_CONFIRMED",
    "SENDER_DISABLED",
    "DOMAIN_NOT_AUTHENTICATED",
    "TEMPLATE_VERSION_UNPUBLISHED",
    "QUOTA_EXCEEDED",
)
#: The service's names of what the native form has a uuid for.
_FIELDS = {"sender": "sender_uuid", "project": "project_uuid", "list": "list_uuid"}


@dataclass(frozen=True, slots=True)
class EmailHistory:
    """A mail in full, with what happened to it, oldest first."""

    email: EmailView
    events: list[LoggedEvent]


class BatchRow(BaseModel):
    """What became of one of the mails: accepted as `email`, or refused with `error`."""

    to: str
    email: EmailView | None
    error: dict[str, Any] | None


class BatchAnswer(BaseModel):
    """What became of each, in their order."""

    accepted: int
    rejected: int
    results: list[BatchRow]


@router.post("", status_code=201, responses={201: {"model": Data[EmailView]}, **_REFUSED})
async def create(runtime: RuntimeOf, caller: CallerOf, body: EmailCreate, once: OnceOf) -> Response:
    """Send a mail, now or when it is scheduled. Answered once it is written down."""

    async def act() -> Response:
        try:
            return one(await service.submit(runtime, caller, body.asked()), 201)
        except InvalidInput as error:
            raise _in_our_words(error) from None

    return await once(act)


@router.post("/batch", responses={200: {"model": Data[BatchAnswer]}, **errors(*_KEYED)})
async def create_all(
    runtime: RuntimeOf, caller: CallerOf, body: EmailBatch, once: OnceOf
) -> Response:
    """Send up to 100 mails. One that is refused keeps none of the others back."""

    async def act() -> Response:
        asked = [each.asked() for each in body.emails]
        answers = await service.submit_all(runtime, caller, asked)
        rows = [_batch_row(each.to, answer) for each, answer in zip(asked, answers, strict=True)]
        accepted = sum(row["error"] is None for row in rows)
        rejected = len(rows) - accepted
        return one({"accepted": accepted, "rejected": rejected, "results": rows})

    return await once(act)


@router.get("", responses={200: {"model": OnePage[EmailRow]}})
async def page(
    runtime: RuntimeOf,
    caller: CallerOf,
    page: PageOf,
    tag: Annotated[Tag | None, Query()] = None,
    status: Annotated[EmailStatus | None, Query()] = None,
    stream: Annotated[Stream | None, Query()] = None,
    to: Annotated[Search | None, Query(description="The recipient's address.")] = None,
    since: Annotated[Moment | None, Query()] = None,
    until: Annotated[Moment | None, Query()] = None,
    cursor: Annotated[str | None, Query(max_length=64)] = None,
) -> Response:
    """List mails, newest first. There is no total; `next_cursor` reads on, null at the end."""
    wanted = service.email_filter(
        tag=tag, status=status, stream=stream, to=to, since=since, until=until
    )
    found = await service.page_emails(
        runtime, caller, wanted, per_page=page.per_page, offset=page.offset, cursor=cursor
    )
    return paged(found, page)


@router.get(
    "/{email_uuid}",
    responses={200: {"model": Data[EmailHistory]}, **errors("RESOURCE_NOT_FOUND")},
)
async def get(runtime: RuntimeOf, caller: CallerOf, email_uuid: UUID) -> Response:
    """Get a mail as it stands now, and what happened to it."""
    email = await service.get_email(runtime, caller, email_uuid)
    events = await email_log.events_of(runtime, caller, email_uuid, limit=EVENTS_MAX)
    return one(EmailHistory(email, list(events)))


@router.get(
    "/{email_uuid}/render",
    responses={200: {"model": Data[RenderedEmail]}, **errors("RESOURCE_NOT_FOUND")},
)
async def render(
    runtime: RuntimeOf,
    caller: CallerOf,
    email_uuid: UUID,
    *,
    as_submitted: bool = False,
    tracking: bool = False,
) -> Response:
    """Show what a mail says to its recipient; its HTML is safe to show in a page."""
    found = await email_previews.render_email(
        runtime, caller, email_uuid, as_submitted=as_submitted, tracking=tracking
    )
    return one(found)


@router.post(
    "/{email_uuid}/cancel",
    responses={
        200: {"model": Data[EmailView]},
        **errors("RESOURCE_NOT_FOUND", "EMAIL_NOT_CANCELABLE"),
    },
)
async def cancel(runtime: RuntimeOf, caller: CallerOf, email_uuid: UUID) -> Response:
    """Cancel a mail that still waits."""
    return one(await service.cancel_email(runtime, caller, email_uuid))


@router.post(
    "/{email_uuid}/resend",
    status_code=201,
    responses={201: {"model": Data[EmailView]}, **_REFUSED, **errors("EMAIL_NOT_RESENDABLE")},
)
async def resend(runtime: RuntimeOf, caller: CallerOf, email_uuid: UUID, once: OnceOf) -> Response:
    """Send a mail that did not arrive once more, now, as a new mail that says the same."""

    async def act() -> Response:
        try:
            return one(await email_resending.resend_email(runtime, caller, email_uuid), 201)
        except InvalidInput as error:
            raise _in_our_words(error) from None

    return await once(act)


def _batch_row(to: str, answer: EmailView | MailwrightError) -> dict[str, Any]:
    if isinstance(answer, MailwrightError):
        error = _in_our_words(answer) if isinstance(answer, InvalidInput) else answer
        return {"to": to, "email": None, "error": told(error)}
    return {"to": to, "email": answer, "error": None}


def _in_our_words(error: InvalidInput) -> InvalidInput:
    details = {_FIELDS.get(name, name): messages for name, messages in error.details.items()}
    return InvalidInput(error.message, code=error.code, details=details)
