"""The forms of the first API of single mails: its answers, its log and its figures by day."""

from __future__ import annotations

from collections.abc import Mapping

from mailwright.dialects.cakemail.email_shapes import HeaderShape, figures
from mailwright.dialects.cakemail.log_shapes import UserInfo, user_info
from mailwright.dialects.cakemail.log_words import BOUNCES, TYPES
from mailwright.dialects.cakemail.shapes import Shape, Unix
from mailwright.domain.bounce_kind import bounce_kind
from mailwright.domain.email_event import EventKind as K
from mailwright.domain.email_group import groups_of
from mailwright.domain.hit_verdict import MACHINES
from mailwright.services.email_log import LoggedEvent, Stretch

#: What `log_type` asks for.
LOG_TYPES: Mapping[str, tuple[K, ...]] = {
    "bounce": (K.BOUNCED,),
    "clickthru": (K.CLICKED,),
    "sent": (K.SENT,),
    "open": (K.OPENED,),
    "unsubscribe": (K.UNSUBSCRIBED,),
    "resubscribe": (K.RESUBSCRIBED,),
    "spam": (K.COMPLAINED,),
    "global_unsubscribe": (),
    "all": tuple(K),
}


#: What the figures of a day are made of.
COUNTED = (K.SENT, K.BOUNCED, K.FAILED, K.OPENED, K.CLICKED, K.COMPLAINED)


class SentData(Shape):
    """The mail just accepted. `uuid`: how `/v2/emails` and every other door knows it."""

    id: int
    uuid: str


class Sent(Shape):
    """A mail was accepted, and is on its way."""

    id: int
    email: str
    object: str = "email"
    sent: bool = True
    data: SentData


class LogRow(Shape):
    """Something that happened to a mail."""

    type: str
    timestamp: Unix
    email: str
    email_id: int
    group_id: int | None
    user_agent: UserInfo | None
    clickthru_url: str | None
    dsn_message: str | None
    sender_name: str | None
    sender_email: str
    additional_headers: list[HeaderShape]


class DayFigures(Shape):
    """What was sent on a day, and what became of mails on it; rates go from 0 to 1."""

    date: Unix
    sent_emails: int
    open_rate: float
    bounce_rate: float
    click_rate: float
    spam_rate: float


def log_row(event: LoggedEvent, number: int) -> LogRow:
    """The form of a row; `number`: of its mail."""
    agent = event.data.get("agent")
    is_bot = event.data.get("verdict") in MACHINES
    return LogRow(
        type=_type(event),
        timestamp=event.at,
        email=event.to,
        email_id=number,
        group_id=next(iter(groups_of(event.tags)), None),
        user_agent=None if agent is None else user_info(agent, is_bot=is_bot),
        clickthru_url=event.data.get("url") if event.kind is K.CLICKED else None,
        dsn_message=event.data.get("reply") if event.kind is K.BOUNCED else None,
        sender_name=event.from_name,
        sender_email=event.from_email,
        additional_headers=[HeaderShape(name=name, value=value) for name, value in event.headers],
    )


def day_figures(stretch: Stretch) -> DayFigures:
    """The form of a day."""
    known = figures(stretch)
    return DayFigures(
        date=stretch.start,
        sent_emails=int(known["delivered"]),
        open_rate=known["unique_open_rate"],
        bounce_rate=known["bounce_rate"],
        click_rate=known["unique_click_rate"],
        spam_rate=known["spam_rate"],
    )


def _type(event: LoggedEvent) -> str:
    match event.kind:
        case K.CLICKED:
            return "clickthru"  # what `log_type` asks for it by
        case K.BOUNCED:
            return BOUNCES[bounce_kind(event.data.get("reason"))]
        case _:
            return TYPES[event.kind]
