"""What a single mail is asked to be, and the same checked: no input or output here."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

import orjson

from mailwright.domain.email_address import EmailAddress
from mailwright.domain.email_stream import Stream
from mailwright.domain.locales import parse_locale
from mailwright.domain.storable import is_storable
from mailwright.errors import InvalidInput
from mailwright.mail import charsets
from mailwright.mail.attachments import Attachment, check_attachments
from mailwright.mail.extra_headers import check_headers

SUBJECT_LENGTH_MAX = 998  # characters; design section 6, "Limits of length"
HTML_LENGTH_MAX = 1_000_000
NAME_LENGTH_MAX = 255
TAGS_MAX = 20
TAG_LENGTH_MAX = 255
METADATA_MAX = 50
DATA_BYTES_MAX = 100_000
SCHEDULE_DAYS_MAX = 366
#: As for campaigns: a time that passed no longer ago means now.
PAST_GRACE = timedelta(seconds=60)

_TAG = re.compile(r"[A-Za-z0-9_.:-]{1,255}")

#: What is neither an address nor held to an alphabet of its own.
_KEPT_AS_GIVEN = ("subject", "preheader", "html", "text", "template", "data", "metadata")

#: A thing by its uuid, or by the number that Cakemail's clients know it by.
Ref = UUID | int


@dataclass(frozen=True, slots=True)
class NewEmail:
    """One mail to one recipient.

    It says `subject` with `html` and/or `text` (templates with merge tags), or what a published
    template version says: `template_version_uuid`, or `template` (a slug; the newest version, in
    `locale`). An own `subject` wins over the template's. `data` fills the merge tags, over the
    fields of the contact of that address.

    In whose name: `sender`, else the sender with the address `from_email`, else the project's, else
    the tenant's first. Marketing needs a subscribed contact, or a `list` that a new address joins.
    `track_*`: None: as the stream has it, on for marketing. `at_most_once`: rather lost than sent
    twice. `expires_at`: never sent later. `sandbox`: goes to the built-in inbox.
    """

    to: str
    to_name: str | None = None
    stream: Stream = Stream.TRANSACTIONAL
    subject: str | None = None
    preheader: str | None = None
    html: str | None = None
    text: str | None = None
    encoding: str = "utf-8"
    language: str | None = None  # of the footer; BCP 47
    template: str | None = None
    template_version_uuid: UUID | None = None
    locale: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict[str, Any])
    fallbacks: Mapping[str, str] = field(default_factory=dict[str, str])  # without data
    sender: Ref | None = None
    from_email: str | None = None
    from_name: str | None = None
    reply_to: str | None = None
    project: Ref | None = None
    list: Ref | None = None
    headers: Sequence[tuple[str, str]] = ()
    attachments: Sequence[Attachment] = ()
    tags: Sequence[str] = ()
    metadata: Mapping[str, str] = field(default_factory=dict[str, str])
    track_opens: bool | None = None
    track_clicks: bool | None = None
    track_text_clicks: bool = False  # links of the text part, too
    at_most_once: bool = False
    scheduled_at: datetime | None = None
    expires_at: datetime | None = None
    sandbox: bool = False


@dataclass(frozen=True, slots=True)
class CheckedEmail:
    """A mail whose own fields are in order; whom and what it names is not looked up yet."""

    asked: NewEmail
    to: EmailAddress
    from_key: str | None
    reply_to: str | None
    encoding: str
    language: str | None
    tags: tuple[str, ...]
    headers: tuple[tuple[str, str], ...]
    scheduled_at: datetime | None  # None: now
    track_opens: bool
    track_clicks: bool

    @property
    def is_templated(self) -> bool:
        """Whether its words are a template's."""
        return self.asked.template is not None or self.asked.template_version_uuid is not None


def check_email(asked: NewEmail, now: datetime) -> CheckedEmail:
    """The mail with every field checked. Raises InvalidInput naming the field."""
    _check_storable(asked)
    _check_words(asked)
    _check_texts(asked)
    marketing = asked.stream is Stream.MARKETING
    scheduled_at = _schedule(asked.scheduled_at, now)
    _check_expiry(asked.expires_at, scheduled_at or now)
    check_attachments(asked.attachments)
    return CheckedEmail(
        asked=asked,
        to=_address("to", asked.to),
        from_key=None if asked.from_email is None else _address("from_email", asked.from_email).key,
        reply_to=None if not asked.reply_to else _address("reply_to", asked.reply_to).text,
        encoding=charsets.parse_charset(asked.encoding, field="encoding"),
        language=None if asked.language is None else parse_locale(asked.language, field="language"),
        tags=_tags(asked.tags),
        headers=check_headers(asked.headers),
        scheduled_at=scheduled_at,
        track_opens=marketing if asked.track_opens is None else asked.track_opens,
        track_clicks=marketing if asked.track_clicks is None else asked.track_clicks,
    )


def _check_storable(asked: NewEmail) -> None:
    for name in _KEPT_AS_GIVEN:
        value: object = getattr(asked, name)
        if isinstance(value, Mapping):
            value = dict(cast("Mapping[str, object]", value))
        if not is_storable(value):
            raise InvalidInput.field(name, "NUL characters and lone surrogates cannot be stored.")


def _check_words(asked: NewEmail) -> None:
    has_words = bool((asked.html or "").strip() or (asked.text or "").strip())
    templated = asked.template is not None or asked.template_version_uuid is not None
    if templated and has_words:
        raise InvalidInput.field("html", "Give a template or words of your own, not both.")
    if asked.template is not None and asked.template_version_uuid is not None:
        raise InvalidInput.field("template", "Give a slug or a version, not both.")
    if templated:
        return
    missing: dict[str, list[str]] = {}
    if not (asked.subject or "").strip():
        missing["subject"] = ["Give it a subject."]
    if not has_words:
        missing["html"] = ["Give it html, text, or a template."]
    if missing:
        raise InvalidInput.fields(missing)


def _check_texts(asked: NewEmail) -> None:
    for name, length_max in (
        ("subject", SUBJECT_LENGTH_MAX),
        ("preheader", SUBJECT_LENGTH_MAX),
        ("from_name", NAME_LENGTH_MAX),
        ("to_name", NAME_LENGTH_MAX),
        ("html", HTML_LENGTH_MAX),
        ("text", HTML_LENGTH_MAX),
    ):
        text = getattr(asked, name) or ""
        if len(text) > length_max:
            raise InvalidInput.field(name, f"At most {length_max} characters.")
        if length_max <= SUBJECT_LENGTH_MAX and not text.replace("\t", " ").isprintable():
            raise InvalidInput.field(name, "One line, without control characters.")
    if len(asked.metadata) > METADATA_MAX or not all(
        len(key) <= NAME_LENGTH_MAX and len(value) <= SUBJECT_LENGTH_MAX
        for key, value in asked.metadata.items()
    ):
        raise InvalidInput.field(
            "metadata",
            f"At most {METADATA_MAX} entries of up to {SUBJECT_LENGTH_MAX} characters.",
        )
    try:
        size = len(orjson.dumps(asked.data))
    except (TypeError, orjson.JSONEncodeError):
        raise InvalidInput.field("data", "Give an object of JSON.") from None
    if size > DATA_BYTES_MAX:
        raise InvalidInput.field("data", f"At most {DATA_BYTES_MAX} bytes of JSON.")


def _tags(given: Sequence[str]) -> tuple[str, ...]:
    tags = tuple(dict.fromkeys(given))
    if len(tags) > TAGS_MAX:
        raise InvalidInput.field("tags", f"At most {TAGS_MAX} tags.")
    for tag in tags:
        if not _TAG.fullmatch(tag):
            raise InvalidInput.field(
                "tags", f"A tag is 1 to {TAG_LENGTH_MAX} letters, digits or one of - _ . :"
            )
    return tags


def _schedule(asked: datetime | None, now: datetime) -> datetime | None:
    if asked is None:
        return None
    if asked.tzinfo is None:
        raise InvalidInput.field("scheduled_at", "Give the time with its zone.")
    if asked < now - PAST_GRACE:
        raise InvalidInput.field("scheduled_at", "That time has passed.")
    if asked > now + timedelta(days=SCHEDULE_DAYS_MAX):
        raise InvalidInput.field("scheduled_at", f"At most {SCHEDULE_DAYS_MAX} days from now.")
    return asked if asked > now else None


def _check_expiry(expires_at: datetime | None, begins_at: datetime) -> None:
    if expires_at is not None and (expires_at.tzinfo is None or expires_at <= begins_at):
        raise InvalidInput.field("expires_at", "After the time at which it is to be sent.")


def _address(name: str, text: str) -> EmailAddress:
    try:
        return EmailAddress.parse(text)
    except InvalidInput as error:
        raise InvalidInput.field(name, error.message) from None
