"""How a single mail of either API is submitted, and what is wrong with it said in its words."""

from __future__ import annotations

from dataclasses import replace

from mailwright.errors import InvalidInput, NotFound
from mailwright.services import emails as service
from mailwright.services import template_versions, templates
from mailwright.services.caller import Caller
from mailwright.services.email_views import EmailView
from mailwright.services.emails import NewEmail
from mailwright.services.numbers import uuid_of
from mailwright.services.runtime import Runtime

#: Where Cakemail's form has what the service names.
_PLACES = {
    "to": "email",
    "sender": "sender.id",
    "from_email": "sender.email",
    "list": "list_id",
    "encoding": "content.encoding",
    "headers": "additional_headers",
    "attachments": "attachment",
}


async def submit(
    runtime: Runtime, caller: Caller, asked: NewEmail, template: int | None
) -> EmailView:
    """The mail, written down; `template`: the number of the one that says what it does not.

    Raises what `services.emails.submit` raises, with Cakemail's names of fields.
    """
    if template is not None:
        asked = await _with_template(runtime, caller, asked, template)
    try:
        return await service.submit(runtime, caller, asked)
    except InvalidInput as error:
        raise _in_its_words(error) from None
    except NotFound as error:
        raise InvalidInput.field("content.template.id", error.message) from None


async def _with_template(
    runtime: Runtime, caller: Caller, asked: NewEmail, number: int
) -> NewEmail:
    """The words of a template as it is now, where the mail has none of its own."""
    try:
        uuid = await uuid_of(runtime, caller, "template", number)
        versions = (await templates.get_template(runtime, caller, uuid)).versions
        said = await template_versions.get_version(runtime, caller, uuid, versions[0].uuid)
    except NotFound as error:
        raise InvalidInput.field("content.template.id", error.message) from None
    return replace(
        asked,
        subject=asked.subject or said.subject,
        html=asked.html or said.html,
        text=asked.text,
    )


def _in_its_words(error: InvalidInput) -> InvalidInput:
    details = {_PLACES.get(name, name): messages for name, messages in error.details.items()}
    return InvalidInput(error.message, code=error.code, details=details)
