"""What a single mail may contain, in the native form."""

from __future__ import annotations

import binascii
from base64 import b64decode
from typing import Annotated, Any
from uuid import UUID

from pydantic import BeforeValidator, Field, StringConstraints

from mailwright.api.fields import Body, Moment, Name, example
from mailwright.domain.email_stream import Stream
from mailwright.mail.attachments import Attachment
from mailwright.services.emails import BATCH_MAX, NewEmail


def _decoded(value: object) -> object:
    """Strictly: what is no base64 was meant otherwise."""
    if not isinstance(value, str):
        return value
    try:
        return b64decode("".join(value.split()), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("Give the file in base64.") from None


FileBytes = Annotated[bytes, BeforeValidator(_decoded, json_schema_input_type=str)]
Tag = Annotated[str, StringConstraints(max_length=255)]
_RECEIPT: dict[str, Any] = {
    "to": "ada@example.org",
    "subject": "Your order {{ order }}",
    "html": "<p>Dear {{ first_name | default: 'customer' }}, thank you for order {{ order }}.</p>",
    "data": {"order": "4711"},
    "tags": ["receipt"],
}


class Header(Body):
    """A header of your own, such as `X-Order` or `In-Reply-To`."""

    name: Annotated[str, StringConstraints(max_length=60)]
    value: Annotated[str, StringConstraints(max_length=998)]


class File(Body):
    """A file: `content` in base64. With `content_id` it is a picture of the HTML (`cid:…`)."""

    name: Annotated[str, StringConstraints(max_length=120)]
    content_type: Annotated[str, StringConstraints(max_length=141)]
    content: FileBytes
    content_id: Annotated[str, StringConstraints(max_length=161)] | None = None


class EmailCreate(Body):
    """A mail to one recipient.

    It says `subject` with `html` and/or `text`, or what a published template version says
    (`template`: its slug, or `template_version_uuid`). `data` fills the merge tags.
    """

    to: Annotated[str, StringConstraints(max_length=320)]
    to_name: Name | None = None
    stream: Stream = Stream.TRANSACTIONAL
    subject: str | None = None
    preheader: str | None = None
    html: str | None = None
    text: str | None = None
    encoding: Annotated[str, Field(description="The charset the mail carries.")] = "utf-8"
    language: str | None = None
    template: Name | None = None
    template_version_uuid: UUID | None = None
    locale: str | None = None
    data: dict[str, Any] = Field(default_factory=dict[str, Any])
    sender_uuid: UUID | None = None
    from_email: Annotated[str, StringConstraints(max_length=320)] | None = None
    from_name: Name | None = None
    reply_to: Annotated[str, StringConstraints(max_length=320)] | None = None
    project_uuid: UUID | None = None
    list_uuid: UUID | None = None
    headers: list[Header] = Field(default_factory=list[Header])
    attachments: list[File] = Field(default_factory=list[File])
    tags: list[Tag] = Field(default_factory=list[Tag])
    metadata: dict[str, str] = Field(default_factory=dict[str, str])
    track_opens: bool | None = None
    track_clicks: bool | None = None
    track_text_clicks: bool = Field(default=False, description="Links of the text part, too.")
    at_most_once: Annotated[
        bool, Field(description="Rather lost than sent twice: for codes and one-time links.")
    ] = False
    scheduled_at: Moment | None = None
    expires_at: Annotated[Moment | None, Field(description="Never sent later than this.")] = None

    model_config = example(_RECEIPT)

    def asked(self) -> NewEmail:
        """The mail as the service takes it."""
        apart = {"sender_uuid", "project_uuid", "list_uuid", "headers", "attachments"}
        plain = {name: getattr(self, name) for name in type(self).model_fields if name not in apart}
        return NewEmail(
            **plain,
            sender=self.sender_uuid,
            project=self.project_uuid,
            list=self.list_uuid,
            headers=[(header.name, header.value) for header in self.headers],
            attachments=[
                Attachment(file.name, file.content_type, file.content, file.content_id)
                for file in self.attachments
            ],
        )


class EmailBatch(Body):
    """Up to 100 mails, each accepted or refused for itself."""

    emails: Annotated[list[EmailCreate], Field(min_length=1, max_length=BATCH_MAX)]

    model_config = example({"emails": [_RECEIPT]})
