"""`/brands/default/system-emails`: which mails of the system say what a tenant wants.

That is the one to its contacts, `contact_double_opt_in`. Mailwright words the others itself, as
they open accounts and confirm senders: asking for another wording is refused by name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field
from starlette.responses import Response

from mailwright.dialects.cakemail.dependencies import CallerOf, RuntimeOf
from mailwright.dialects.cakemail.fields import Body, Number, example
from mailwright.dialects.cakemail.sender_shapes import language_word
from mailwright.dialects.cakemail.shapes import Data, Digits, Shape, answer, plain
from mailwright.errors import InvalidInput, NotFound
from mailwright.services import confirmation_mails as service
from mailwright.services import numbers
from mailwright.services.caller import Caller
from mailwright.services.confirmation_mails import ConfirmationMailView
from mailwright.services.runtime import Runtime

router = APIRouter(prefix="/brands/default/system-emails", tags=["system-emails"])

KIND = "contact_double_opt_in"
_OURS = ("account_confirm", "user_confirm", "sender_confirm", "password_reset")


class Reference(Body):
    """A thing by its number."""

    id: Number


class SystemEmailBody(Body):
    """One language's mail: a template with `{{ confirm_url }}` in it, a sender, or both."""

    language: str
    template: Reference | None = None
    sender: Reference | None = None


class SystemEmailsBody(Body):
    """The mails by kind."""

    account_confirm: list[SystemEmailBody] | None = None
    user_confirm: list[SystemEmailBody] | None = None
    sender_confirm: list[SystemEmailBody] | None = None
    password_reset: list[SystemEmailBody] | None = None
    contact_double_opt_in: list[SystemEmailBody] | None = Field(default=None, max_length=100)

    model_config = example({KIND: [{"language": "fr_CA"}]})


class TemplateReference(Shape):
    """A template."""

    id: int


class SenderReference(Shape):
    """A sender."""

    id: Digits


class SystemEmailShape(Shape):
    """One language's mail."""

    language: str
    template: TemplateReference | None = None
    sender: SenderReference | None = None


class SystemEmailsShape(Shape):
    """The mails that say what the tenant wants."""

    contact_double_opt_in: list[SystemEmailShape]


class SystemEmailsUpdated(Shape):
    """The same after a change."""

    object: str = "systememails"
    updated: bool = True
    data: SystemEmailsShape


@router.get("", responses={200: {"model": Data[SystemEmailsShape]}})
async def get(runtime: RuntimeOf, caller: CallerOf) -> Response:
    """Show what is set."""
    mails = await service.list_confirmation_mails(runtime, caller)
    return answer({"data": plain(await _shape(runtime, caller, mails))})


@router.put("", responses={200: {"model": SystemEmailsUpdated}})
async def put(runtime: RuntimeOf, caller: CallerOf, body: SystemEmailsBody) -> Response:
    """Set every language's mail."""
    return await _changed(runtime, caller, body, keep_others=False)


@router.patch("", responses={200: {"model": SystemEmailsUpdated}})
async def patch(runtime: RuntimeOf, caller: CallerOf, body: SystemEmailsBody) -> Response:
    """Set the mails of the languages that are sent; the others stay."""
    return await _changed(runtime, caller, body, keep_others=True)


async def _changed(
    runtime: Runtime, caller: Caller, body: SystemEmailsBody, *, keep_others: bool
) -> Response:
    caller.require("account:write")
    for kind in _OURS:
        if getattr(body, kind):
            sentence = f"Mailwright words this mail itself; {KIND} can be set."
            raise InvalidInput.field(kind, sentence)
    given = body.contact_double_opt_in or []
    mails = [
        ConfirmationMailView(
            mail.language,
            await _uuid(runtime, caller, "template", mail.template, f"{KIND}.{number}"),
            await _uuid(runtime, caller, "sender", mail.sender, f"{KIND}.{number}"),
        )
        for number, mail in enumerate(given)
    ]
    made = await service.put_confirmation_mails(
        runtime, caller, mails, keep_others=keep_others, field=KIND, suffix=""
    )
    return answer(plain(SystemEmailsUpdated(data=await _shape(runtime, caller, made))))


async def _uuid(
    runtime: Runtime, caller: Caller, noun: Any, wanted: Reference | None, place: str
) -> UUID | None:
    if wanted is None:
        return None
    try:
        return await numbers.uuid_of(runtime, caller, noun, wanted.id)
    except NotFound as error:
        raise InvalidInput.field(f"{place}.{noun}", error.message) from None


async def _shape(
    runtime: Runtime, caller: Caller, mails: Sequence[ConfirmationMailView]
) -> SystemEmailsShape:
    template = await _numbers(runtime, caller, "template", mails, lambda mail: mail.template_uuid)
    sender = await _numbers(runtime, caller, "sender", mails, lambda mail: mail.sender_uuid)
    return SystemEmailsShape(
        contact_double_opt_in=[
            SystemEmailShape(
                language=language_word(mail.language),
                template=TemplateReference(id=template[mail.template_uuid])
                if mail.template_uuid
                else None,
                sender=SenderReference(id=sender[mail.sender_uuid]) if mail.sender_uuid else None,
            )
            for mail in mails
        ]
    )


async def _numbers(
    runtime: Runtime,
    caller: Caller,
    noun: Any,
    mails: Sequence[ConfirmationMailView],
    uuid_in: Callable[[ConfirmationMailView], UUID | None],
) -> dict[UUID, int]:
    uuids = {uuid for mail in mails if (uuid := uuid_in(mail)) is not None}
    return await numbers.numbers_of(runtime, caller, noun, uuids)
