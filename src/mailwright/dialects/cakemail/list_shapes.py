"""The forms of lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, cast

from pydantic import Field, StringConstraints

from mailwright.dialects.cakemail.fields import Body, Number, example
from mailwright.dialects.cakemail.shapes import Shape, Unix
from mailwright.domain.webhook_event import EventType, WebhookDialect
from mailwright.errors import InvalidInput
from mailwright.services.list_settings import ListSettings, SettingsChanges
from mailwright.services.list_webhooks import ListHook

#: The words of `filter` and `sort`, and ours for them.
FILTERS = ("status", "name")
SORTS = {"name": "name", "created_on": "created_at"}

ACTIVE = "active"
ARCHIVED = "archived"
STATUSES = (ACTIVE, ARCHIVED)
LANGUAGE = "en_US"  # the document's default

#: What a list's webhook is told, by the document's actions. A bounce is one for good; those that
#: its further words part, by the reason the server had, are not told from one another.
ACTIONS: Mapping[str, Sequence[EventType]] = {
    "subscribe": (EventType.CONTACT_ADDED_TO_LIST, EventType.CONTACT_OPTED_IN),
    "unsubscribe": (EventType.CONTACT_UNSUBSCRIBED,),
    "update": (EventType.CONTACT_UPDATED,),
    "delete": (EventType.CONTACT_REMOVED_FROM_LIST,),
    "spam": (EventType.EMAIL_COMPLAINED,),
    "bounce": (EventType.EMAIL_BOUNCED,),
    "bounce_hb": (EventType.EMAIL_BOUNCED,),
}
EVERY_ACTION = "all"

Name = Annotated[str, StringConstraints(min_length=1, max_length=255)]


class SenderRef(Body):
    """A sender by its id, under the document's name or the seed's."""

    id: Number | None = None
    sender_id: Number | None = None

    @property
    def number(self) -> int | None:
        """The id that was given."""
        return self.id if self.id is not None else self.sender_id


class Redirections(Body):
    """Where people go on after they came or left."""

    after_opt_in: str | None = None
    after_double_opt_in: str | None = None
    after_opt_out: str | None = None


class ListWebhook(Body):
    """An address that is told of the list, and of what; without `actions` of all of them."""

    url: Annotated[str, StringConstraints(min_length=1, max_length=2083)] | None = None
    actions: Annotated[list[str], Field(min_length=1, max_length=16)] | None = None

    def ours(self) -> ListHook | None:
        """The same as the service takes it; None for the empty one. Raises InvalidInput."""
        if self.url is None and self.actions is None:
            return None
        actions = self.actions or [EVERY_ACTION]
        if foreign := sorted({*actions} - {EVERY_ACTION, *ACTIONS}):
            told = ", ".join(foreign)
            message = f"Nobody tells {told} apart; one of: {EVERY_ACTION}, {', '.join(ACTIONS)}."
            raise InvalidInput.field("webhook.actions", message)
        chosen = ACTIONS if EVERY_ACTION in actions else actions
        events = [event for action in chosen for event in ACTIONS[action]]
        return ListHook(self.url, events, {"actions": actions}, WebhookDialect.CAKEMAIL)


class ListFields(Body):
    """What can be set on a list."""

    default_sender: SenderRef | None = None
    language: str | None = None
    redirections: Redirections | None = None
    webhook: ListWebhook | None = None

    @property
    def sender_number(self) -> int | None:
        """The id of the sender that was given."""
        return self.default_sender.number if self.default_sender else None

    def ours(self) -> SettingsChanges:
        """The fields that were sent, as the services call them; the sender is looked up apart."""
        given = self.given()
        found: dict[str, Any] = {
            name: given[name] for name in ("name", "language") if name in given
        }
        if self.redirections is not None:
            found["redirections"] = self.redirections.given()
        if "webhook" in given:
            found["webhook"] = self.webhook.ours() if self.webhook else None
        return cast("SettingsChanges", found)


class ListCreate(ListFields):
    """A new list."""

    name: Name

    model_config = example({"name": "Newsletter", "default_sender": {"id": "1"}})


class ListPatch(ListFields):
    """What to change; absent fields stay."""

    name: Name = ""

    model_config = example({"language": "fr_CA"})


class ListSender(Shape):
    """Whose name stands on mail to a list when nobody says otherwise."""

    name: str | None = None
    email: str | None = None


class ListSummary(Shape):
    """A list as it stands among others."""

    id: int
    name: str
    status: str
    language: str
    created_on: Unix
    default_sender: ListSender


class ListShape(ListSummary):
    """A list in full. `pages`: Mailwright has no hosted forms, so there are none."""

    policy_accepted: bool
    redirections: dict[str, str]
    pages: dict[str, str]
    webhook: dict[str, Any]


def list_summary(view: ListSettings, number: int) -> ListSummary:
    """The form of `view`, whose number is `number`, among others."""
    return ListSummary(**_summary(view, number))


def list_shape(view: ListSettings, number: int) -> ListShape:
    """The form of `view`, whose number is `number`."""
    return ListShape(
        **_summary(view, number),
        policy_accepted=view.policy_accepted_at is not None,
        redirections=view.redirections,
        pages={},
        webhook=view.webhook or {},
    )


def _summary(view: ListSettings, number: int) -> dict[str, Any]:
    sender = view.sender
    return {
        "id": number,
        "name": view.name,
        "status": view.status,
        "language": view.language.replace("-", "_") if view.language else LANGUAGE,
        "created_on": view.created_at,
        "default_sender": ListSender(name=sender.name, email=sender.email)
        if sender
        else ListSender(),
    }
