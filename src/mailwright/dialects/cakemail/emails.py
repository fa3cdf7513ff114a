"""`/v2/emails`: single mails (seed 001)."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import HTMLResponse, Response

from mailwright.dialects.cakemail import email_submission
from mailwright.dialects.cakemail.dependencies import CallerOf, RuntimeOf
from mailwright.dialects.cakemail.email_fields import EmailBody
from mailwright.dialects.cakemail.email_shapes import EmailShape, email_shape
from mailwright.dialects.cakemail.paging import AskedOf
from mailwright.dialects.cakemail.shapes import Shape, answer, plain
from mailwright.domain.email_address import email_key_of
from mailwright.errors import InvalidInput, NotFound
from mailwright.services import contacts, email_log, email_previews
from mailwright.services import emails as service
from mailwright.services.caller import Caller
from mailwright.services.numbers import Noun, numbers_of, uuid_of
from mailwright.services.runtime import Runtime

router = APIRouter(tags=["emails"])

EVENTS_MAX = 1_000  # opens and clicks counted with a mail


class SubmittedData(Shape):
    """The mail just accepted."""

    id: str
    status: str


class Submitted(Shape):
    """A mail was accepted."""

    email: str
    object: str = "email"
    submitted: bool = True
    data: SubmittedData


class TagsPage(Shape):
    """One page of tags."""

    pagination: dict[str, int]
    data: list[str]


@router.post("/v2/emails", status_code=201, responses={201: {"model": Submitted}})
async def submit(runtime: RuntimeOf, caller: CallerOf, body: EmailBody) -> Response:
    """Submit an email: written down before it is answered, and on its way at once."""
    asked = body.ours()
    if body.contact_id is not None:
        asked = replace(asked, to=await _address(runtime, caller, body.contact_id, body.email))
    template = body.content.template
    view = await email_submission.submit(
        runtime, caller, asked, None if template is None else template.id
    )
    data = SubmittedData(id=str(view.uuid), status="queued")
    shape = plain(Submitted(email=view.to, data=data))
    return answer({"id": data.id, "status": data.status, **shape}, 201)


@router.get("/v2/emails/{email_id}", responses={200: {"model": EmailShape}})
async def get(runtime: RuntimeOf, caller: CallerOf, email_id: UUID) -> Response:
    """Show an email as it stands now."""
    view = await service.get_email(runtime, caller, email_id)
    events = await email_log.events_of(runtime, caller, email_id, limit=EVENTS_MAX)
    shape = email_shape(
        view,
        events,
        list_id=await _number(runtime, caller, "list", view.list_uuid),
        sender_id=await _number(runtime, caller, "sender", view.sender_uuid),
        template_id=None,
    )
    return answer(plain(shape))


@router.get("/v2/emails/{email_id}/render")
async def render(
    runtime: RuntimeOf,
    caller: CallerOf,
    email_id: UUID,
    *,
    as_submitted: bool = False,
    tracking: bool = False,
) -> Response:
    """Show what an email says, as a page."""
    said = await email_previews.render_email(
        runtime, caller, email_id, as_submitted=as_submitted, tracking=tracking, sanitize=False
    )
    return HTMLResponse(
        said.html or said.text,
        media_type="text/html" if said.html else "text/plain",
        headers={"Content-Security-Policy": "sandbox", "X-Content-Type-Options": "nosniff"},
    )


@router.get("/email-tags", responses={200: {"model": TagsPage}})
async def tags(
    runtime: RuntimeOf,
    caller: CallerOf,
    asked: AskedOf,
    name: str | None = Query(None, max_length=255, description="A tag, exactly or after `~~`."),
) -> Response:
    """List the tags of all emails, by name."""
    found = await email_log.page_tags(runtime, caller, asked.page, name=name)
    pagination = {"page": asked.page.number, "per_page": asked.page.per_page, "count": found.total}
    return answer({"pagination": pagination, "data": list(found.items)})


async def _address(runtime: Runtime, caller: Caller, number: int, email: str) -> str:
    """The contact's; `email`: what the call says it is, if it does. Raises InvalidInput."""
    try:
        uuid = await uuid_of(runtime, caller, "contact", number)
        contact = await contacts.get_contact(runtime, caller, uuid)
    except NotFound as error:
        raise InvalidInput.field("contact_id", error.message) from None
    if email and email_key_of(email) != email_key_of(contact.email):
        raise InvalidInput.field("email", "This is not the address of that contact.")
    return contact.email


async def _number(runtime: Runtime, caller: Caller, noun: Noun, uuid: UUID | None) -> int | None:
    return None if uuid is None else (await numbers_of(runtime, caller, noun, [uuid])).get(uuid)
