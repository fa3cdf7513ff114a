"""Single mails in MailingCore's words (vendors.md 2.1, "sending")."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from mailwright.dialects.mailingcore import fields
from mailwright.dialects.mailingcore.fields import Address, Body, example
from mailwright.dialects.mailingcore.shapes import Moment, Shape
from mailwright.domain.email_status import EmailStatus as S
from mailwright.services.emails import EmailRow, EmailView, NewEmail

#: Our word → MailingCore's: QUEUED → SENT → DELIVERED or BOUNCED. We learn no more of a mail than
#: SMTP says, so SENT is never shown; who read it is told by times. The last four words are ours.
STATUS: Mapping[S, str] = {
    S.QUEUED: "QUEUED",
    S.DEFERRED: "QUEUED",
    S.SCHEDULED: "SCHEDULED",
    S.DELIVERED: "DELIVERED",
    S.OPENED: "DELIVERED",
    S.CLICKED: "DELIVERED",
    S.BOUNCED: "BOUNCED",
    S.COMPLAINED: "COMPLAINED",
    S.FAILED: "FAILED",
    S.SKIPPED: "REJECTED",
    S.CANCELED: "CANCELLED",
}
#: And back; of several the words of each are asked for.
STATUSES: Mapping[str, tuple[S, ...]] = {
    word: tuple(status for status in S if STATUS[status] == word) for word in STATUS.values()
}

Subject = Annotated[str, StringConstraints(max_length=998)]
Text = Annotated[str, StringConstraints(strip_whitespace=False)]
Language = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$")]
Scalar = str | int | float | bool | None

_UNSUBSCRIBE_TAG = re.compile(r"(\{\{-?\s*unsubscribe(?:Url|_url)\s*-?\}\})(?!\?)")


class EmailFields(Body):
    """What any call that sends may say besides the words."""

    from_email: Address | None = None
    from_name: str | None = None
    reply_to: Address | None = None
    tags: list[str] = Field(default=[])
    metadata: dict[str, Scalar] = Field(default={})
    idempotency_key: str | None = Field(
        None, description="The same key within 24 hours gets the first answer again."
    )
    project_id: UUID | None = None
    unsubscribe_lang: Language | None = Field(
        None, description="The language of the unsubscribe page."
    )

    def _shared(self) -> dict[str, Any]:
        metadata = {name: _as_text(value) for name, value in self.metadata.items()}
        return {
            "from_email": self.from_email,
            "from_name": self.from_name,
            "reply_to": self.reply_to,
            "tags": self.tags,
            "metadata": metadata,
            "project": self.project_id,
            "language": self.unsubscribe_lang,
        }


class WordsBody(EmailFields):
    """Words of its own, or a template version's."""

    subject: Subject | None = None
    html_body: Text | None = None
    text_body: Text | None = None
    template_version_id: UUID | None = None
    data: dict[str, Any] = Field(default={}, description="Values for the merge words.")

    def words(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """As the service calls them; `data` over that of all."""
        return self._shared() | {
            "subject": self.subject,
            "html": self._with_language(self.html_body),
            "text": self._with_language(self.text_body),
            "template_version_uuid": self.template_version_id,
            "data": {**self.data, **data},
        }

    def _with_language(self, text: str | None) -> str | None:
        """The text with the language in its links to the unsubscribe page."""
        if text is None or self.unsubscribe_lang is None:
            return text
        return _UNSUBSCRIBE_TAG.sub(rf"\1?lang={self.unsubscribe_lang}", text)


class SendBody(WordsBody):
    """One mail."""

    to: str

    model_config = example(
        {
            "to": "ada@example.org",
            "subject": "Your receipt",
            "htmlBody": "<p>Thank you, {{ firstName }}.</p>",
            "data": {"firstName": "Ada"},
            "tags": ["receipt"],
            "idempotencyKey": "order-1042",
        }
    )

    def ours(self) -> NewEmail:
        """As the service takes it."""
        return NewEmail(self.to, **self.words({}))


class ScheduleBody(SendBody):
    """One mail, for later."""

    scheduled_at: fields.Moment

    model_config = example(
        {
            "to": "ada@example.org",
            "subject": "See you tomorrow",
            "htmlBody": "<p>At nine.</p>",
            "scheduledAt": "2027-07-01T09:00:00.000Z",
        }
    )

    def ours(self) -> NewEmail:
        """As the service takes it."""
        return NewEmail(self.to, **self.words({}), scheduled_at=self.scheduled_at)


class TemplateSendBody(EmailFields):
    """One mail in the words of a template, the variant of its reader's language."""

    slug: str
    to: str
    data: dict[str, Any] = Field(default={})
    subject: Subject | None = None
    locale: str | None = None

    model_config = example(
        {"slug": "order-shipped", "to": "ada@example.org", "data": {"order_number": "1042"}}
    )

    def ours(self) -> NewEmail:
        """As the service takes it."""
        return NewEmail(
            self.to,
            **self._shared(),
            template=self.slug,
            locale=self.locale,
            subject=self.subject,
            data=self.data,
        )


class RecipientBody(Body):
    """Who gets one, and the values of their merge words."""

    to: str
    vars: dict[str, Any] = Field(default={})


class BatchBody(WordsBody):
    """The same to up to 100 people, each with values of their own."""

    slug: str | None = Field(None, description="A template, instead of `templateVersionId`.")
    recipients: list[RecipientBody] = Field(min_length=1, max_length=100)

    model_config = example(
        {
            "subject": "Doors open at {{ hour }}",
            "htmlBody": "<p>See you, {{ name }}.</p>",
            "recipients": [{"to": "ada@example.org", "vars": {"name": "Ada", "hour": "9"}}],
        }
    )

    def ours(self) -> list[NewEmail]:
        """As the service takes them."""
        return [
            NewEmail(each.to, **self.words(each.vars), template=self.slug)
            for each in self.recipients
        ]


class QueuedShape(Shape):
    """A mail written down. `position`: how many are sent before it, itself included; 0: none."""

    id: str
    status: str
    queued: bool
    position: int
    scheduled_at: Moment | None = None


class BatchResult(Shape):
    """What became of one recipient: QUEUED with an id, or REJECTED with the reason."""

    to: str
    id: str | None
    status: Literal["QUEUED", "REJECTED"]
    error: str | None = None


class BatchShape(Shape):
    """What became of all of them, in their order."""

    results: list[BatchResult]
    accepted: int
    rejected: int


class EmailLogShape(Shape):
    """A mail in the log. `error`: the server's last words, or why it was never tried."""

    id: str
    to_email: str
    from_email: str
    subject: str
    status: str
    provider: str
    message_id: str
    tags: list[str]
    error: str | None
    created_at: Moment
    scheduled_at: Moment | None
    sent_at: Moment | None
    bounced_at: Moment | None
    opened_at: Moment | None
    clicked_at: Moment | None


def queued_shape(view: EmailView, position: int) -> QueuedShape:
    """A mail just accepted, or waited for, in MailingCore's form."""
    status = STATUS[view.status]
    queued = status in {"QUEUED", "SCHEDULED"}
    return QueuedShape(
        id=str(view.uuid),
        status=status,
        queued=queued,
        position=position,
        scheduled_at=view.scheduled_at,
    )


_WENT_WRONG = frozenset({S.BOUNCED, S.FAILED, S.SKIPPED, S.DEFERRED})


def log_shape(row: EmailRow) -> EmailLogShape:
    """A mail in MailingCore's form."""
    return EmailLogShape(
        id=str(row.uuid),
        to_email=row.to,
        from_email=row.from_email,
        subject=row.subject,
        status=STATUS[row.status],
        provider="inbox" if row.sandbox else "smtp",
        message_id=row.message_id,
        tags=list(row.tags),
        error=(row.reply or row.reason) if row.status in _WENT_WRONG else None,
        created_at=row.created_at,
        scheduled_at=row.scheduled_at,
        sent_at=row.sent_at,
        bounced_at=row.bounced_at,
        opened_at=row.opened_at,
        clicked_at=row.clicked_at,
    )


def _as_text(value: Scalar) -> str:
    return value if isinstance(value, str) else json.dumps(value)
