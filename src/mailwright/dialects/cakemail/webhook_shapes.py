"""The forms of webhooks, and whose words are whose."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from mailwright.dialects.cakemail.fields import Body, example
from mailwright.dialects.cakemail.shapes import Digits, Shape, Unix
from mailwright.domain.webhook_event import EventType
from mailwright.domain.webhook_signature import parse_secret
from mailwright.domain.webhook_words import CAKEMAIL_REFUSED, CAKEMAIL_WORDS
from mailwright.errors import InvalidInput
from mailwright.services.webhooks import WebhookChanges, WebhookView

ACTIVE = "active"
ARCHIVED = "archived"

RATE_LIMIT = 50  # a second, the document's default

_OURS: Mapping[str, EventType] = {word: EventType(ours) for ours, word in CAKEMAIL_WORDS.items()}

_Url = Annotated[str, StringConstraints(min_length=1, max_length=2083)]
_Rate = Annotated[int, Field(ge=1, le=10_000)]
_Period = Literal["second", "minute"]


class _WebhookFields(Body):
    """The document knows one `event`, the vendor's program several `events`."""

    event: str | None = None
    events: list[str] = Field(default_factory=list)
    name: Annotated[str, StringConstraints(max_length=255)] | None = None
    secret: str | None = None

    def types(self) -> list[EventType]:
        """What is told, in our words. Raises InvalidInput for an event nobody tells."""
        words = [*([self.event] if self.event else []), *self.events]
        return [_type_of(word, "event" if word == self.event else "events") for word in words]


class WebhookCreate(_WebhookFields):
    """A new webhook."""

    url: _Url
    rate_limit: _Rate = RATE_LIMIT
    rate_limit_period: _Period = "second"

    model_config = example({"event": "Email.Bounced", "url": "https://shop.example/hooks/mail"})


class WebhookPatch(_WebhookFields):
    """What to change; absent fields stay."""

    url: _Url | None = None
    rate_limit: _Rate | None = None
    rate_limit_period: _Period | None = None

    model_config = example({"url": "https://shop.example/hooks/other"})

    def ours(self) -> WebhookChanges:
        """The same as the service takes it. Raises InvalidInput, for a weak secret too."""
        changes: WebhookChanges = {}
        if self.secret is not None:
            parse_secret(self.secret)
        if self.url is not None:
            changes["url"] = self.url
        if self.name is not None:
            changes["description"] = self.name
        if types := self.types():
            changes["events"] = types
        if self.rate_limit is not None:
            changes["rate_limit"] = self.rate_limit
        if self.rate_limit_period is not None:
            changes["rate_limit_period"] = self.rate_limit_period
        return changes


class WebhookShape(Shape):
    """A webhook. `event` is the first of its `events`."""

    id: Digits
    status: str
    event: str
    events: list[str]
    name: str | None = None
    url: str
    archived_at: Unix | None = None
    rate_limit: int | None = None
    rate_limit_period: str | None = None


def webhook_shape(view: WebhookView, number: int) -> WebhookShape:
    """The form of an endpoint, whatever door made it."""
    words = [CAKEMAIL_WORDS.get(word, word) for word in view.events]
    return WebhookShape(
        id=number,
        status=ACTIVE if view.enabled else ARCHIVED,
        event=words[0],
        events=words,
        name=view.description,
        url=view.url,
        archived_at=None if view.enabled else view.updated_at,
        rate_limit=view.rate_limit,
        rate_limit_period=view.rate_limit_period,
    )


def signature(key: str | None) -> dict[str, Any]:
    """How to verify what comes; the key is shown to whoever may change the webhook."""
    return {**({"key": key} if key else {}), "hash_function": "sha256"}


def _type_of(word: str, field: str) -> EventType:
    """`Email.Opened`, or `email.opened` as the vendor's program has it."""
    if word in _OURS:
        return _OURS[word]
    if word in set(EventType):
        return EventType(word)
    if word in CAKEMAIL_REFUSED:
        raise InvalidInput.field(field, f"{word} is not told. {CAKEMAIL_REFUSED[word]}.")
    raise InvalidInput.field(field, f"Nobody tells {word}; one of: {', '.join(_OURS)}.")
