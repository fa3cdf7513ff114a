"""The forms of templates for single mails (`transactional-email-templates`)."""

from __future__ import annotations

from typing import Annotated, Any, Literal, cast

from pydantic import BeforeValidator, Field, StringConstraints

from mailwright.dialects.cakemail.fields import Address, Body, Number, example
from mailwright.dialects.cakemail.shapes import Shape, Unix
from mailwright.errors import InvalidInput
from mailwright.services.mail_templates import MailTemplate

Words = Annotated[str, StringConstraints(min_length=1)]
Page = Annotated[str, StringConstraints(min_length=1, strip_whitespace=False)]
Kind = Literal["custom", "html", "bee"]

#: What Mailwright does not do for single mails: field → why.
_NOT_DONE = {
    "cc": "A mail goes to one recipient, who is told of no other.",
    "tracking": "Parameters on links are for campaigns; write them into the template's links.",
}


def _pairs(given: object) -> object:
    """`[{name, value}]` as an object, as the vendor's program sends it."""
    if isinstance(given, list):
        rows = cast("list[Any]", given)
        if all(isinstance(row, dict) and "name" in row for row in rows):
            return {row["name"]: row.get("value") for row in rows}
        return rows
    return given


Values = Annotated[dict[str, Any], Field(max_length=200), BeforeValidator(_pairs)]


class SenderRef(Body):
    """Whose name it goes in."""

    id: Number


class MailContent(Body):
    """What it says, or the template that it is copied from."""

    type: Kind | None = None
    subject: Words | None = None
    html: Page | None = None
    design: dict[str, Any] | None = Field(default=None, alias="json")
    template_id: Number | None = None


class MailTemplateBody(Body):
    """A template for single mails. The vendor's program sends `subject` and the like flat."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=255)] | None = None
    sender: SenderRef | None = None
    sender_id: Number | None = None
    reply_to: Address | None = None
    cc: list[str] | None = None
    content: MailContent | None = None
    tracking: Any = None
    subject: Words | None = None
    html: Page | None = None
    text: Page | None = None

    model_config = example(
        {
            "name": "Code",
            "sender": {"id": "3"},
            "content": {"type": "html", "subject": "Your code", "html": "<p>{{ code }}</p>"},
        }
    )

    def sender_number(self) -> int | None:
        """Whose name it goes in, if that is said."""
        return self.sender.id if self.sender is not None else self.sender_id

    def ours(self) -> dict[str, Any]:
        """The changes in our words, but for the sender. Raises InvalidInput by name."""
        for name, why in _NOT_DONE.items():
            if getattr(self, name):
                raise InvalidInput.field(name, why)
        if self.content is not None and self.content.design is not None:
            why = "A design alone cannot be sent; give its page as `html`."
            raise InvalidInput.field("content.json", why)
        content = self.content or MailContent()
        found = {
            "name": self.name,
            "subject": content.subject or self.subject,
            "html": content.html or self.html,
            "text": self.text,
        }
        changes: dict[str, Any] = {name: said for name, said in found.items() if said is not None}
        if "reply_to" in self.model_fields_set:
            changes["reply_to"] = self.reply_to
        return changes


class MailSending(Body):
    """Whom to send it to, and the values of its merge tags."""

    contact_id: Number | None = None
    email: Address | None = None
    custom_attributes: Values = Field(default_factory=dict[str, Any])
    variables: Values = Field(default_factory=dict[str, Any])  # the vendor's program's word
    attachments: list[Any] | None = None

    model_config = example({"contact_id": 7, "custom_attributes": [{"name": "code", "value": "7"}]})

    def values(self) -> dict[str, Any]:
        """The values of its merge tags."""
        return {**self.custom_attributes, **self.variables}


class MailSender(Shape):
    """In whose name it goes."""

    name: str | None = None
    email: str | None = None


class MailContentSummary(Shape):
    """What it says, in short."""

    type: Kind = "html"
    subject: str | None = None


class MailContentShape(MailContentSummary):
    """What it says."""

    html: str | None = None


class MailTemplateSummary(Shape):
    """A template for single mails among others."""

    id: int
    name: str
    status: str = "active"
    created_on: Unix
    sender: MailSender
    content: MailContentSummary
    thumbnail_url: str = ""


class MailTemplateShape(MailTemplateSummary):
    """A template for single mails in full."""

    updated_on: Unix
    reply_to: str | None = None
    content: MailContentShape  # pyright: ignore[reportIncompatibleVariableOverride]


class Sent(Shape):
    """Whose mail it was."""

    contact_id: int


def summary(view: MailTemplate, number: int) -> MailTemplateSummary:
    """The form of `view` among others."""
    return MailTemplateSummary(
        id=number,
        name=view.name,
        created_on=view.created_at,
        sender=_sender(view),
        content=MailContentSummary(subject=view.subject),
    )


def shape(view: MailTemplate, number: int) -> MailTemplateShape:
    """The form of `view` in full."""
    return MailTemplateShape(
        id=number,
        name=view.name,
        created_on=view.created_at,
        updated_on=view.updated_at,
        sender=_sender(view),
        reply_to=view.reply_to,
        content=MailContentShape(subject=view.subject, html=view.html),
    )


def _sender(view: MailTemplate) -> MailSender:
    return MailSender(name=view.sender_name, email=view.sender_email)
