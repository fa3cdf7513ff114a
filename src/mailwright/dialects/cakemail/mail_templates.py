"""`/lists/{id}/transactional-email-templates`: templates for single mails to a list's people."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import HTMLResponse, Response

from mailwright.dialects.cakemail.dependencies import CallerOf, RuntimeOf
from mailwright.dialects.cakemail.fields import NumberInPath
from mailwright.dialects.cakemail.mail_template_shapes import (
    MailSending,
    MailTemplateBody,
    MailTemplateShape,
    MailTemplateSummary,
    Sent,
    shape,
    summary,
)
from mailwright.dialects.cakemail.paging import AskedOf
from mailwright.dialects.cakemail.shapes import (
    Changed,
    Data,
    DataPage,
    Made,
    answer,
    changed,
    created,
    many,
    one,
    plain,
)
from mailwright.errors import InvalidInput
from mailwright.services import contacts, template_versions, templates
from mailwright.services import mail_templates as service
from mailwright.services.caller import Caller
from mailwright.services.mail_templates import MailTemplate, MailTemplateChanges
from mailwright.services.numbers import number_of, numbers_of, uuid_of
from mailwright.services.runtime import Runtime

router = APIRouter(prefix="/lists/{list_id}/transactional-email-templates", tags=["emails"])

_NOUN = "transactional-email-template"
_ONE = "/{transactional_email_template_id}"


@router.get("", responses={200: {"model": DataPage[MailTemplateSummary]}})
async def page(
    runtime: RuntimeOf, caller: CallerOf, list_id: NumberInPath, asked: AskedOf
) -> Response:
    """Show all templates for single mails to a list."""
    list_uuid = await uuid_of(runtime, caller, "list", list_id)
    found = await service.page_mail_templates(runtime, caller, list_uuid, asked.page)
    numbers = await numbers_of(runtime, caller, "template", [view.uuid for view in found.items])
    shapes = [summary(view, numbers[view.uuid]) for view in found.items]
    return many(shapes, asked, found.total)


@router.post("", status_code=201, responses={201: {"model": Made[MailTemplateShape]}})
async def create(
    runtime: RuntimeOf, caller: CallerOf, list_id: NumberInPath, body: MailTemplateBody
) -> Response:
    """Make a template for single mails. Without a sender it is the account's default."""
    list_uuid = await uuid_of(runtime, caller, "list", list_id)
    changes = await _changes(runtime, caller, body)
    view = await service.create_mail_template(runtime, caller, list_uuid, changes)
    return created(_NOUN, await _shape(runtime, caller, view))


@router.get(_ONE, responses={200: {"model": Data[MailTemplateShape]}})
async def get(
    runtime: RuntimeOf,
    caller: CallerOf,
    list_id: NumberInPath,
    transactional_email_template_id: NumberInPath,
) -> Response:
    """Show a template for single mails."""
    key = await _key(runtime, caller, list_id, transactional_email_template_id)
    view = await service.get_mail_template(runtime, caller, *key)
    return one(await _shape(runtime, caller, view))


@router.patch(_ONE, responses={200: {"model": Changed[MailTemplateShape]}})
async def change(
    runtime: RuntimeOf,
    caller: CallerOf,
    list_id: NumberInPath,
    transactional_email_template_id: NumberInPath,
    body: MailTemplateBody,
) -> Response:
    """Change a template for single mails; mails accepted before say what they said."""
    key = await _key(runtime, caller, list_id, transactional_email_template_id)
    changes = await _changes(runtime, caller, body)
    view = await service.change_mail_template(runtime, caller, *key, changes)
    return changed(_NOUN, await _shape(runtime, caller, view))


@router.delete(_ONE, responses={200: {"model": Made[MailTemplateShape]}})
async def delete(
    runtime: RuntimeOf,
    caller: CallerOf,
    list_id: NumberInPath,
    transactional_email_template_id: NumberInPath,
) -> Response:
    """Delete a template for single mails."""
    key = await _key(runtime, caller, list_id, transactional_email_template_id)
    view = await service.get_mail_template(runtime, caller, *key)
    gone = await _shape(runtime, caller, view)
    await service.delete_mail_template(runtime, caller, *key)
    return changed(_NOUN, gone, "deleted")


@router.post(_ONE + "/send", responses={200: {"model": Data[Sent]}})
async def send(
    runtime: RuntimeOf,
    caller: CallerOf,
    list_id: NumberInPath,
    transactional_email_template_id: NumberInPath,
    body: MailSending,
) -> Response:
    """Send it to one contact, or to an address, which is then kept as a contact."""
    if body.attachments:
        raise InvalidInput.field("attachments", "Files go with /v2/emails.")
    key = await _key(runtime, caller, list_id, transactional_email_template_id)
    to = body.email or await _address(runtime, caller, body.contact_id)
    sent, contact_uuid = await service.send_from_template(
        runtime, caller, *key, to, data=body.values(), keep=True
    )
    assert contact_uuid is not None  # `keep` made it
    data = Sent(contact_id=await number_of(runtime, caller, "contact", contact_uuid))
    return answer(
        {
            "id": str(sent.uuid),
            "email": sent.to,
            "object": _NOUN,
            "sent": True,
            "data": plain(data),
        }
    )


@router.post(_ONE + "/send-test")
async def send_test(
    runtime: RuntimeOf,
    caller: CallerOf,
    list_id: NumberInPath,
    transactional_email_template_id: NumberInPath,
    body: MailSending,
) -> Response:
    """Send it to an address to look at; nobody is kept as a contact."""
    if body.email is None:
        raise InvalidInput.field("email", "This field is required.")
    key = await _key(runtime, caller, list_id, transactional_email_template_id)
    await service.send_from_template(runtime, caller, *key, body.email, data=body.values())
    return answer({"object": "transactional-email-test", "sent": True})


@router.post(_ONE + "/render")
async def render(
    runtime: RuntimeOf,
    caller: CallerOf,
    list_id: NumberInPath,
    transactional_email_template_id: NumberInPath,
    body: MailSending,
) -> Response:
    """Show it as a contact would read it; without one as a sample person would."""
    key = await _key(runtime, caller, list_id, transactional_email_template_id)
    contact_uuid = None
    if body.contact_id is not None:
        contact_uuid = await uuid_of(runtime, caller, "contact", body.contact_id)
    html = await service.render_mail_template(
        runtime, caller, *key, contact_uuid=contact_uuid, data=body.values()
    )
    return HTMLResponse(html)


async def _key(
    runtime: Runtime, caller: Caller, list_id: int, template_id: int
) -> tuple[UUID, UUID]:
    return (
        await uuid_of(runtime, caller, "list", list_id),
        await uuid_of(runtime, caller, "template", template_id),
    )


async def _changes(runtime: Runtime, caller: Caller, body: MailTemplateBody) -> MailTemplateChanges:
    """The body in our words; the words of another template are copied."""
    changes = body.ours()
    number = body.sender_number()
    if number is not None:
        changes["sender_uuid"] = await uuid_of(runtime, caller, "sender", number)
    if body.content is not None and body.content.template_id is not None:
        source = await uuid_of(runtime, caller, "template", body.content.template_id)
        versions = (await templates.get_template(runtime, caller, source)).versions
        said = await template_versions.get_version(runtime, caller, source, versions[0].uuid)
        changes.setdefault("subject", said.subject)
        changes.setdefault("html", said.html)
    return cast("MailTemplateChanges", changes)


async def _address(runtime: Runtime, caller: Caller, contact_id: int | None) -> str:
    if contact_id is None:
        raise InvalidInput.field("contact_id", "Give a contact_id or an email.")
    contact_uuid = await uuid_of(runtime, caller, "contact", contact_id)
    return (await contacts.get_contact(runtime, caller, contact_uuid)).email


async def _shape(runtime: Runtime, caller: Caller, view: MailTemplate) -> MailTemplateShape:
    return shape(view, await number_of(runtime, caller, "template", view.uuid))
