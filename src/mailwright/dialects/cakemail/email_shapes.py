"""The forms of single mails, their log and their figures."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from mailwright.dialects.cakemail.email_words import IN_LISTS, LOGGED, STATUS
from mailwright.dialects.cakemail.shapes import Shape, unix
from mailwright.domain.email_event import EventKind as K
from mailwright.domain.email_status import EmailStatus
from mailwright.domain.tag_expression import HasTag, TagExpression, parse_expression
from mailwright.errors import InvalidInput
from mailwright.services.email_log import LoggedEvent, Stretch
from mailwright.services.email_views import EmailRow, EmailView


class SenderShape(Shape):
    """Who it was from."""

    id: str | None
    name: str | None
    email: str


class ContentShape(Shape):
    """What it said."""

    subject: str
    template_id: int | None
    type: str


class TrackingShape(Shape):
    """What was tracked."""

    opens: bool
    clicks_html: bool
    clicks_text: bool


class HeaderShape(Shape):
    """A header of its own."""

    name: str
    value: str


class EmailShape(Shape):
    """A mail as it stands now."""

    email_id: str
    id: str
    status: str
    email: str
    submitted_time: int
    unsubscribed: bool
    global_unsubscribed: bool = False
    soft_bounced: bool = False
    hard_bounced: bool
    reported_as_spam: bool
    open: int
    click: int
    list_id: int | None
    tags: list[str]
    sender: SenderShape
    content: ContentShape
    tracking: TrackingShape
    additional_headers: list[HeaderShape]
    reason: str | None


class LogShape(Shape):
    """Something that happened to a mail."""

    id: str
    type: str
    email_id: str
    time: int | str
    email: str
    subject: str
    tags: list[str]
    sender_name: str | None
    sender_email: str
    metadata: dict[str, Any]


class SummaryShape(Shape):
    """A mail in a list."""

    email_id: str
    status: str
    email: str
    subject: str
    tags: list[str]
    submitted_time: int | str
    delivered_time: int | str | None
    first_open_time: int | str | None
    first_click_time: int | str | None
    unsubscribed: bool
    global_unsubscribed: bool = False
    soft_bounce: bool = False
    hard_bounce: bool
    reported_as_spam: bool
    open: int
    click: int


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when, and how times are written."""

    start: datetime
    end: datetime
    until: datetime | None  # None: whatever has happened when it is read
    iso: bool
    tags: TagExpression | None
    asked_tags: object = None

    def time(self, at: datetime) -> int | str:
        """Unix seconds, or ISO 8601 where it was asked for."""
        return at.strftime("%Y-%m-%dT%H:%M:%SZ") if self.iso else unix(at)

    def maybe(self, at: datetime | None) -> int | str | None:
        """The same of a time that may not have come."""
        return None if at is None else self.time(at)

    def parameters(self) -> dict[str, object]:
        """What was asked for, as the document has it told."""
        told: dict[str, object] = {
            "start_time": self.time(self.start),
            "end_time": self.time(self.end),
            "iso_time": self.iso,
            "timezone": "UTC",
        }
        return told if self.asked_tags is None else {**told, "tags": self.asked_tags}


def read_tags(text: str | None) -> tuple[TagExpression | None, object]:
    """A bare word is that tag, JSON an expression. Also as an object. Raises InvalidInput."""
    if text is None or not text.strip():
        return None, None
    if not text.lstrip().startswith("{"):
        return HasTag(text.strip()), {"is": text.strip()}
    try:
        given: object = json.loads(text)
    except (ValueError, RecursionError):
        raise InvalidInput.field("tags", "A tag, or an expression in JSON.") from None
    return parse_expression(given), given


def email_shape(
    view: EmailView,
    events: Sequence[LoggedEvent],
    *,
    list_id: int | None,
    sender_id: int | None,
    template_id: int | None,
) -> EmailShape:
    """The form of a mail."""
    kinds = [event.kind for event in events]
    return EmailShape(
        email_id=str(view.uuid),
        id=str(view.uuid),
        status=STATUS[view.status],
        email=view.to,
        submitted_time=unix(view.created_at),
        unsubscribed=view.unsubscribed_at is not None,
        hard_bounced=view.bounced_at is not None,
        reported_as_spam=view.complained_at is not None,
        open=kinds.count(K.OPENED),
        click=kinds.count(K.CLICKED),
        list_id=list_id,
        tags=list(view.tags),
        sender=SenderShape(
            id=None if sender_id is None else str(sender_id),
            name=view.from_name,
            email=view.from_email,
        ),
        content=ContentShape(subject=view.subject, template_id=template_id, type=view.stream),
        tracking=TrackingShape(
            opens=view.track_opens,
            clicks_html=view.track_clicks,
            clicks_text=view.track_text_clicks,
        ),
        additional_headers=[HeaderShape(name=name, value=value) for name, value in view.headers],
        reason=view.reason,
    )


def log_shape(event: LoggedEvent, span: Span) -> LogShape:
    """The form of a row of the log. Its id is made of the event's: the document wants a UUID."""
    return LogShape(
        id=str(uuid5(event.email_uuid, str(event.id))),
        type=LOGGED[event.kind],
        email_id=str(event.email_uuid),
        time=span.time(event.at),
        email=event.to,
        subject=event.subject,
        tags=list(event.tags),
        sender_name=event.from_name,
        sender_email=event.from_email,
        metadata=dict(event.data),
    )


def summary_shape(row: EmailRow, span: Span) -> SummaryShape:
    """The form of a mail in a list."""
    return SummaryShape(
        email_id=str(row.uuid),
        status=IN_LISTS[row.status],
        email=row.to,
        subject=row.subject,
        tags=list(row.tags),
        submitted_time=span.time(row.created_at),
        delivered_time=span.maybe(row.sent_at),
        first_open_time=span.maybe(row.opened_at),
        first_click_time=span.maybe(row.clicked_at),
        unsubscribed=row.unsubscribed_at is not None,
        hard_bounce=row.status is EmailStatus.BOUNCED,
        reported_as_spam=row.complained_at is not None,
        open=int(row.opened_at is not None),
        click=int(row.clicked_at is not None),
    )


#: Figures of the document by kind; `unique_…` count mails.
_FIGURES: Mapping[str, K] = {
    "submitted": K.SUBMITTED,
    "queued": K.QUEUED,
    "rejected": K.SKIPPED,
    "error": K.FAILED,
    "delivered": K.SENT,
    "open": K.OPENED,
    "click": K.CLICKED,
    "bounce": K.BOUNCED,
    "hard_bounce": K.BOUNCED,
    "spam": K.COMPLAINED,
    "unsubscribe": K.UNSUBSCRIBED,
}
#: Rates, and what each is a part of.
_RATES = {
    "unique_open_rate": ("unique_open", "delivered"),
    "unique_click_rate": ("unique_click", "delivered"),
    "open_rate": ("open", "delivered"),
    "click_rate": ("click", "delivered"),
    "clickthru_rate": ("unique_click", "unique_open"),
    "delivery_rate": ("delivered", "processed"),
    "error_rate": ("error", "submitted"),
    "reject_rate": ("rejected", "submitted"),
    "bounce_rate": ("bounce", "processed"),
    "global_unsubscribe_rate": ("global_unsubscribe", "delivered"),
    "unsubscribe_rate": ("unsubscribe", "delivered"),
    "spam_rate": ("spam", "delivered"),
}


def stretch_shape(stretch: Stretch, span: Span) -> dict[str, object]:
    """The figures of a stretch of time, and which it is."""
    ends = {"interval_start": span.time(stretch.start), "interval_end": span.time(stretch.end)}
    return {**ends, **figures(stretch)}


def figures(stretch: Stretch) -> dict[str, float]:
    """Counts of a stretch of time, and rates from 0 to 1."""
    counts = {name: stretch.events.get(kind, 0) for name, kind in _FIGURES.items()}
    counts["unique_open"] = stretch.mails.get(K.OPENED, 0)
    counts["unique_click"] = stretch.mails.get(K.CLICKED, 0)
    counts["processed"] = counts["delivered"] + counts["bounce"] + counts["error"]
    counts |= {"soft_bounce": 0, "global_unsubscribe": 0}
    rates = {
        name: round(min(counts[part] / counts[whole], 1.0), 4) if counts[whole] else 0.0
        for name, (part, whole) in _RATES.items()
    }
    return {**counts, **rates}


def empty_stretch(span: Span) -> Stretch:
    """A stretch in which nothing happened."""
    return Stretch(span.start, span.end, {}, {})


def known_uuid(text: str) -> UUID | None:
    """The UUID in `text`, or None."""
    try:
        return UUID(text)
    except ValueError:
        return None
