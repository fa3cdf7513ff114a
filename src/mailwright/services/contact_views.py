"""A contact as its tenant sees it: short in lists, whole when asked for by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from mailwright.domain.custom_field import CustomField
from mailwright.store.rows import Row


@dataclass(frozen=True, slots=True)
class ContactRow:
    """A contact in a list. `status`: subscribed, unconfirmed, unsubscribed or suppressed.

    `project_uuid`: the project whose audience the person belongs to; null: to none in particular.
    """

    uuid: UUID
    email: str
    first_name: str | None
    last_name: str | None
    phone: str | None
    external_id: str | None
    language: str | None
    country_code: str | None
    attributes: dict[str, Any]
    project_uuid: UUID | None
    status: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class ListName:
    """A list the contact is on."""

    uuid: UUID
    name: str


@dataclass(frozen=True, slots=True)
class FieldValue:
    """What a contact has in one custom field; null: nothing."""

    field_key: str
    value: Any


@dataclass(frozen=True, slots=True)
class Subscription:
    """Whether the person agreed to marketing mail, and how we know."""

    consent: str
    source: str | None
    opted_in_at: datetime | None
    unsubscribed_at: datetime | None


@dataclass(frozen=True, slots=True)
class SuppressionNote:
    """Why the address is not mailed; scope `all`: by nobody, `marketing`: not by campaigns."""

    reason: str
    scope: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Deliverability:
    """Whether mail to the address is tried at all."""

    deliverable: bool
    suppressions: list[SuppressionNote]


@dataclass(frozen=True, slots=True)
class Engagement:
    """When we last mailed the person, and when it last opened or clicked."""

    last_sent_at: datetime | None
    last_opened_at: datetime | None
    last_clicked_at: datetime | None


@dataclass(frozen=True, slots=True)
class ContactView(ContactRow):
    """A contact in full."""

    lists: list[ListName]
    custom_fields: list[FieldValue]
    subscription: Subscription
    deliverability: Deliverability
    engagement: Engagement


def row_view(row: Row) -> ContactRow:
    """A row of `store.contacts.rows` as a row of a list."""
    return ContactRow(**_basics(row))


def full_view(
    row: Row,
    *,
    lists: Sequence[Row],
    fields: Mapping[str, CustomField],
    suppressions: Sequence[Row],
    engagement: Row,
) -> ContactView:
    """The contact in full, from the rows that tell of it."""
    return ContactView(
        **_basics(row),
        lists=[ListName(found["uuid"], found["name"]) for found in lists],
        custom_fields=field_values(row, fields),
        subscription=Subscription(
            row["consent"], row["consent_source"], row["opted_in_at"], row["unsubscribed_at"]
        ),
        deliverability=Deliverability(
            not any(found["scope"] == "all" for found in suppressions),
            [
                SuppressionNote(found["reason"], found["scope"], found["created_at"])
                for found in suppressions
            ],
        ),
        engagement=Engagement(**engagement),
    )


def field_values(row: Row, fields: Mapping[str, CustomField]) -> list[FieldValue]:
    """Every custom field of the tenant with the contact's value."""
    return [FieldValue(key, row["attributes"].get(key)) for key in fields]


def _basics(row: Row) -> dict[str, Any]:
    return {
        "uuid": row["uuid"],
        "email": row["email"],
        "first_name": row["first_name"],
        "last_name": row["last_name"],
        "phone": row["phone"],
        "external_id": row["external_id"],
        "language": row["locale"],
        "country_code": row["country_code"],
        "attributes": row["attributes"],
        "project_uuid": row["project_uuid"],
        "status": _status(row),
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
    }


def _status(row: Row) -> str:
    if row["suppressed"]:
        return "suppressed"
    return row["consent"]
