"""What may be sent to `/v2/emails`: the seed's form, and that of Cakemail's own program.

The first API, at `/emails`, shares its parts (`transactional_email_fields.py`).
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Mapping
from typing import Annotated, Any, cast

from pydantic import AliasChoices, BeforeValidator, Field, model_validator

from mailwright.dialects.cakemail.fields import Body, Number, example
from mailwright.domain.email_stream import Stream
from mailwright.errors import InvalidInput
from mailwright.mail.attachments import Attachment
from mailwright.services.emails import NewEmail

#: Content types by the document's words for them.
TYPES: Mapping[str, str] = {
    "csv": "text/csv",
    "doc": "application/msword",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "calendar": "text/calendar",
    "jpeg": "image/jpeg",
    "pdf": "application/pdf",
    "png": "image/png",
    "xls": "application/vnd.ms-excel",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}

#: Each required by seed 001, in its order. `content.html` may also be `text` or a template.
REQUIRED = ("list_id", "sender.id", "email", "content.type", "content.subject", "content.html")
_REQUIRED_WORDS = "This field is required."


class Named(Body):
    """A name and its value."""

    name: Annotated[str, Field(min_length=1)]
    value: str


class File(Body):
    """A file in base64; `type` is one of the document's words, or a content type."""

    filename: Annotated[str, Field(validation_alias=AliasChoices("filename", "name"))]
    type: Annotated[str, Field(validation_alias=AliasChoices("type", "content_type"))]
    content: str

    def ours(self) -> Attachment:
        """The file itself. Raises InvalidInput for what is no base64."""
        try:
            body = b64decode("".join(self.content.split()), validate=True)
        except (binascii.Error, ValueError):
            raise InvalidInput.field("attachment", "Give the file in base64.") from None
        return Attachment(self.filename, TYPES.get(self.type, self.type), body)


class Tracking(Body):
    """What is tracked; all of it unless told otherwise."""

    opens: bool = True
    clicks_html: bool = True
    clicks_text: bool = True


class TemplateRef(Body):
    """A template, which says what the mail does not; `custom_attributes` fill its merge tags."""

    id: Number
    custom_attributes: list[Named] = Field(default_factory=list[Named])


class SenderRef(Body):
    """Who it is from."""

    id: Number | None = None
    name: str | None = None
    email: str | None = None


class Words(Body):
    """What it says, but for the subject."""

    html: Annotated[str, Field(min_length=1)] | None = None
    text: Annotated[str, Field(min_length=1)] | None = None
    encoding: str = "utf-8"
    template: TemplateRef | None = None
    custom_attributes: list[Named] = Field(default_factory=list[Named])

    def data(self) -> dict[str, str]:
        """What fills the merge tags."""
        of_template = [] if self.template is None else self.template.custom_attributes
        return {each.name: each.value for each in (*of_template, *self.custom_attributes)}


class Content(Words):
    """What it says."""

    type: Stream = Stream.TRANSACTIONAL
    subject: Annotated[str, Field(min_length=1)] | None = None
    markup: dict[str, Any] | None = None


def _files(value: object) -> object:
    return [cast("dict[str, object]", value)] if isinstance(value, dict) else value


def _headers(value: object) -> object:
    """Also as an object, as Cakemail's program sends them."""
    if isinstance(value, dict):
        pairs = cast("dict[object, object]", value)
        return [{"name": str(name), "value": str(text)} for name, text in pairs.items()]
    return value


def _tracking(value: object) -> object:
    is_one = isinstance(value, bool)
    return dict.fromkeys(("opens", "clicks_html", "clicks_text"), value) if is_one else value


Headers = Annotated[list[Named], BeforeValidator(_headers)]
Files = Annotated[list[File], BeforeValidator(_files)]
Tracked = Annotated[Tracking, BeforeValidator(_tracking)]


class EmailBody(Body):
    """A mail to one recipient. In the form with `to`, list, sender and type have defaults."""

    list_id: Number | None = None
    sender: SenderRef = Field(default_factory=SenderRef)
    email: str = ""
    contact_id: Number | None = None  # may stand for the address
    content: Content = Field(default_factory=Content)
    tags: Annotated[list[Annotated[str, Field(min_length=1, max_length=255)]], Field()] = Field(
        default_factory=list[str]
    )
    tracking: Tracked = Field(default_factory=Tracking)
    additional_headers: Headers = Field(default_factory=list[Named])
    attachment: Files = Field(default_factory=list[File])
    reply_to: str | None = None
    params: dict[str, Any] = Field(default_factory=dict[str, Any])
    lacking: list[str] = Field(default_factory=list[str], exclude=True)

    model_config = example(
        {
            "list_id": 1,
            "sender": {"id": "1"},
            "email": "ada@example.org",
            "content": {
                "type": "transactional",
                "subject": "Password reset",
                "html": "<p>Click to reset.</p>",
            },
            "tags": ["password-reset", "auth"],
        }
    )

    @model_validator(mode="before")
    @classmethod
    def _in_one_form(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        given = dict(cast("dict[str, Any]", value))
        given.pop("lacking", None)  # ours
        if "to" in given and "email" not in given:
            return _from_program(given)
        given["lacking"] = [place for place in REQUIRED if _is_missing(given, place)]
        return given

    def ours(self) -> NewEmail:
        """The mail as the service takes it, but for its template and the address of a contact.

        Raises InvalidInput.
        """
        if self.lacking:
            raise InvalidInput.fields({place: [_REQUIRED_WORDS] for place in self.lacking})
        if self.content.markup:
            why = "Mailwright adds no JSON-LD to a mail; write it into the html."
            raise InvalidInput.field("content.markup", why)
        return NewEmail(
            to=self.email,
            stream=self.content.type,
            subject=self.content.subject,
            html=self.content.html,
            text=self.content.text,
            encoding=self.content.encoding,
            data={**self.params, **self.content.data()},
            sender=self.sender.id,
            from_email=self.sender.email,
            from_name=self.sender.name,
            reply_to=self.reply_to,
            list=self.list_id,
            headers=[(each.name, each.value) for each in self.additional_headers],
            attachments=[each.ours() for each in self.attachment],
            tags=self.tags,
            track_opens=self.tracking.opens,
            track_clicks=self.tracking.clicks_html,
            track_text_clicks=self.tracking.clicks_text,
        )


def _from_program(given: dict[str, Any]) -> dict[str, Any]:
    """`{to, subject, html, from, template_id, headers, attachments}` in the document's places."""
    content = dict(given.get("content") or {})
    for name in ("subject", "html", "text", "type", "encoding"):
        if given.get(name) is not None:
            content.setdefault(name, given[name])
    if given.get("template_id") is not None:
        content.setdefault("template", {"id": given["template_id"]})
    sender = dict(given.get("sender") or given.get("from") or {})
    if given.get("sender_id") is not None:
        sender.setdefault("id", given["sender_id"])
    return {
        **given,
        "email": given["to"],
        "content": content,
        "sender": sender,
        "additional_headers": given.get("additional_headers", given.get("headers", [])),
        "attachment": given.get("attachment", given.get("attachments", [])),
    }


def _is_missing(given: Mapping[str, Any], place: str) -> bool:
    head, _, name = place.partition(".")
    value: Any = given.get(head)
    if place == "email" and given.get("contact_id"):
        return False
    if not name:
        return value is None or value == ""
    inner = cast("dict[str, Any]", value) if isinstance(value, dict) else {}
    if name == "html" and (inner.get("text") or inner.get("template")):
        return False
    return inner.get(name) is None or inner.get(name) == ""
