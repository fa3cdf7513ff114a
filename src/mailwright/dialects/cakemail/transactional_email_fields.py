"""What may be sent to `/emails`, the first of Cakemail's two APIs of single mails."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from mailwright.dialects.cakemail.email_fields import (
    File,
    Files,
    Headers,
    Named,
    Tracked,
    Tracking,
    Words,
)
from mailwright.dialects.cakemail.fields import Address, Body, Number, example
from mailwright.domain.email_group import group_tag
from mailwright.domain.email_stream import Stream
from mailwright.errors import InvalidInput
from mailwright.services.emails import NewEmail

Line = Annotated[str, Field(min_length=1)]


class Sender(Body):
    """Who it is from."""

    id: Number
    name: Line | None = None


class Content(Words):
    """What it says."""

    subject: Line


class TransactionalEmailBody(Body):
    """A mail to one recipient, who asked for it by what they did. It is on no list."""

    email: Address
    sender: Sender
    content: Content
    group_id: Number | None = None
    tracking: Tracked = Field(default_factory=Tracking)
    additional_headers: Headers = Field(default_factory=list[Named])
    attachment: Files = Field(default_factory=list[File])
    queue: Literal[0, 1] = 0

    model_config = example(
        {
            "email": "ada@example.org",
            "sender": {"id": "1"},
            "group_id": 7,
            "content": {"subject": "Your receipt", "html": "<p>Thank you.</p>"},
        }
    )

    def ours(self) -> NewEmail:
        """The mail as the service takes it, but for its template. Raises InvalidInput."""
        if self.queue:
            raise InvalidInput.field("queue", "There is one queue for single mails; give 0.")
        return NewEmail(
            to=self.email,
            stream=Stream.TRANSACTIONAL,
            subject=self.content.subject,
            html=self.content.html,
            text=self.content.text,
            encoding=self.content.encoding,
            data=self.content.data(),
            sender=self.sender.id,
            from_name=self.sender.name,
            headers=[(each.name, each.value) for each in self.additional_headers],
            attachments=[each.ours() for each in self.attachment],
            tags=[] if self.group_id is None else [group_tag(self.group_id)],
            track_opens=self.tracking.opens,
            track_clicks=self.tracking.clicks_html,
            track_text_clicks=self.tracking.clicks_text,
        )
