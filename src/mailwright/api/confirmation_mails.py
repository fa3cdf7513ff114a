"""`/account/confirmation-mails`: what the mail says that asks whether somebody wants a list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field
from starlette.responses import Response

from mailwright.api.dependencies import CallerOf, RuntimeOf
from mailwright.api.envelopes import Data, one
from mailwright.api.fields import Body, example
from mailwright.services import confirmation_mails as service
from mailwright.services.confirmation_mails import ConfirmationMailView

router = APIRouter(prefix="/account/confirmation-mails", tags=["account"])


class ConfirmationMailBody(Body):
    """One language's mail: a template with `{{ confirm_url }}` in it, a sender, or both."""

    language: str
    template_uuid: UUID | None = None
    sender_uuid: UUID | None = None


class ConfirmationMailsBody(Body):
    """Every language's mail; what is not here is in Mailwright's own words."""

    mails: Annotated[list[ConfirmationMailBody], Field(max_length=service.LANGUAGES_MAX)]

    model_config = example({"mails": [{"language": "fr"}]})


@dataclass(frozen=True, slots=True)
class ConfirmationMails:
    """Every language that has a mail of its own."""

    mails: list[ConfirmationMailView]


@router.get("", responses={200: {"model": Data[ConfirmationMails]}})
async def get(runtime: RuntimeOf, caller: CallerOf) -> Response:
    """Get what the mails say that ask for a confirmation, where it is your own words."""
    return one(ConfirmationMails(mails=await service.list_confirmation_mails(runtime, caller)))


@router.put("", responses={200: {"model": Data[ConfirmationMails]}})
async def put(runtime: RuntimeOf, caller: CallerOf, body: ConfirmationMailsBody) -> Response:
    """Set all of them. Beside `confirm_url`, `account` and `list_name` are filled in."""
    mails = [
        ConfirmationMailView(mail.language, mail.template_uuid, mail.sender_uuid)
        for mail in body.mails
    ]
    made = await service.put_confirmation_mails(runtime, caller, mails)
    return one(ConfirmationMails(mails=made))
