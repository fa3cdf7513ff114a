"""The forms of contacts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, cast

from pydantic import BeforeValidator, Field, StringConstraints

from mailwright.dialects.cakemail.contact_attributes import attributes_of
from mailwright.dialects.cakemail.fields import Address, Body, Number, example
from mailwright.dialects.cakemail.interests import Interest
from mailwright.dialects.cakemail.shapes import Shape, Unix
from mailwright.dialects.cakemail.tags import Tag
from mailwright.services.list_contacts import ListContact

#: Our standings in Cakemail's words, and back.
STATUS: Mapping[str, str] = {
    "subscribed": "active",
    "unconfirmed": "pending",
    "unsubscribed": "unsubscribed",
}
STANDING: Mapping[str, str] = {
    **{theirs: ours for ours, theirs in STATUS.items()},
    "subscribed": "subscribed",  # the vendor's program's word
}
FILTERS = ("status", "email", "tags", "interests")
SORTS = {
    "id": "id",
    "email": "email",
    "status": "status",
    "subscribed_on": "joined_at",
    "created_on": "joined_at",  # what the vendor's program sorts by
    "last_bounce_type": "last_bounce",
    "bounces_count": "bounces_count",
}
AT_ONCE_MAX = 1_024  # of tags and contacts in one call
INTERESTS_MAX = 16


def _pairs(given: object) -> object:
    """`[{name, value}]`, or an object as the vendor's program sends."""
    if isinstance(given, dict):
        found = cast("dict[object, object]", given)
        return [{"name": name, "value": value} for name, value in found.items()]
    return given


class AttributeValue(Body):
    """What a contact has in one attribute; null or nothing clears it."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=255)]
    value: str | int | float | bool | None = None


Attributes = Annotated[list[AttributeValue], Field(max_length=200), BeforeValidator(_pairs)]


class ContactFields(Body):
    """What can be set on a contact. Names may also stand on top, as the vendor's program has it."""

    custom_attributes: Attributes | None = None
    first_name: str | None = None
    last_name: str | None = None
    language: str | None = None
    phone: str | None = None
    tags: Annotated[list[Tag], Field(max_length=AT_ONCE_MAX)] | None = None
    interests: Annotated[list[Interest], Field(max_length=AT_ONCE_MAX)] | None = None

    def attributes(self) -> dict[str, Any]:
        """Everything that is said about the person, by name."""
        given = self.given()
        names = ("first_name", "last_name", "language", "phone")
        found = {name: given[name] for name in names if name in given}
        return found | {one.name: one.value for one in self.custom_attributes or ()}


class ContactCreate(ContactFields):
    """Somebody who comes to a list."""

    email: Address

    model_config = example(
        {"email": "ada@example.com", "custom_attributes": [{"name": "city", "value": "London"}]}
    )


class ContactPatch(ContactFields):
    """What to change. Tags and interests replace those there are."""

    email: Address = ""

    model_config = example({"tags": ["vip"]})


class TagsBody(Body):
    """Tags for one contact."""

    tags: list[Tag] = Field(min_length=1, max_length=AT_ONCE_MAX)

    model_config = example({"tags": ["vip"]})


class Whom(Body):
    """Some contacts, or those a query fits."""

    contact_ids: Annotated[list[Number], Field(min_length=1, max_length=AT_ONCE_MAX)] | None = None
    query: str | None = None
    fiql: str | None = None
    json_: dict[str, Any] | None = Field(None, alias="json")


class TagsForMany(Whom):
    """Tags for many contacts."""

    tags: list[Tag] = Field(min_length=1, max_length=AT_ONCE_MAX)

    model_config = example({"tags": ["vip"], "contact_ids": [1, 2]})


class InterestsForMany(Whom):
    """Interests for many contacts."""

    interests: list[Interest] = Field(min_length=1, max_length=INTERESTS_MAX)

    model_config = example({"interests": ["hiking"], "query": 'city = "London"'})


class ContactShape(Shape):
    """A contact on a list. Nothing is null."""

    id: int
    email: str
    status: str
    subscribed_on: Unix
    last_bounce_type: str
    bounces_count: int
    custom_attributes: list[dict[str, str]]
    tags: list[str]
    interests: list[str]


def contact_shape(view: ListContact, number: int) -> ContactShape:
    """The form of `view`, whose number is `number`."""
    return ContactShape(
        id=number,
        email=view.contact.email,
        status=STATUS[view.standing],
        subscribed_on=view.joined_at,
        last_bounce_type="hard" if view.bounces_count else "none",
        bounces_count=view.bounces_count,
        custom_attributes=attributes_of(view.contact),
        tags=view.tags,
        interests=view.interests,
    )
