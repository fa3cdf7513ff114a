"""Contacts in MailingCore's words (vendors.md 2.1, "Contacts")."""

from __future__ import annotations

import re
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, StringConstraints

from mailwright.dialects.mailingcore.fields import Address, Body, example
from mailwright.dialects.mailingcore.shapes import Moment, Shape
from mailwright.services.contact_directory import DirectoryEntry
from mailwright.services.contact_writing import ContactChanges

BULK_MAX = 1_000

ExternalId = Annotated[str, StringConstraints(min_length=1, max_length=128)]
ConsentWord = Annotated[str, StringConstraints(max_length=64)]
Locale = Annotated[str, StringConstraints(max_length=35)]

#: MailingCore's name → ours, for fields that are passed on as they are.
_OURS = {
    "external_id": "external_id",
    "locale": "language",
    "attributes": "attributes",
    "project_id": "project_uuid",
}
_SOURCE = re.compile(r"(?P<source>.*?)(?: ?\(consent version (?P<version>.*)\))?", re.DOTALL)


class ContactPatch(Body):
    """What to change; absent fields stay. `attributes` are merged key by key."""

    external_id: ExternalId | None = None
    locale: Locale | None = None
    opt_in: bool | None = None
    attributes: dict[str, Any] | None = None
    consent_version: ConsentWord | None = None
    source: ConsentWord | None = None
    project_id: UUID | None = None

    model_config = example({"locale": "es", "optIn": True, "attributes": {"plan": "pro"}})

    def ours(self) -> ContactChanges:
        """The fields that the caller sent, as the services call them; consent apart."""
        given = self.given()
        found: Any = {ours: given[theirs] for theirs, ours in _OURS.items() if theirs in given}
        return found

    def consent_source(self) -> str | None:
        """How the caller knows that the person agreed, in the one line that is kept."""
        version = f"(consent version {self.consent_version})" if self.consent_version else ""
        return " ".join(filter(None, (self.source, version))) or None


class ContactPut(ContactPatch):
    """A contact, named by `email` or by the `externalId` it has already."""

    email: Address | None = None

    model_config = example(
        {
            "email": "zoe@example.com",
            "externalId": "shop-1042",
            "locale": "es",
            "optIn": True,
            "consentVersion": "2026-05",
            "source": "checkout",
            "attributes": {"plan": "pro"},
        }
    )


class ContactBulk(Body):
    """1 to 1,000 contacts. A row that is wrong keeps no other back."""

    contacts: list[dict[str, Any]] = Field(min_length=1, max_length=BULK_MAX)

    model_config = example(
        {"contacts": [{"email": "zoe@example.com", "locale": "es", "optIn": True}]}
    )


class ContactShape(Shape):
    """A contact. `suppressed_at`: since when its address is not mailed."""

    id: str
    email: str
    external_id: str | None
    locale: str | None
    opt_in: bool
    attributes: dict[str, Any]
    consent_version: str | None
    source: str | None
    project_id: str | None
    suppressed_at: Moment | None
    created_at: Moment
    updated_at: Moment


class BulkError(Shape):
    """A row that was not taken; `index` counts from 0."""

    index: int
    message: str


class BulkShape(Shape):
    """What became of a bulk call."""

    created: int
    updated: int
    failed: int
    errors: list[BulkError]


def contact_shape(entry: DirectoryEntry) -> ContactShape:
    """The contact in MailingCore's form."""
    found = _SOURCE.fullmatch(entry.consent_source or "")
    return ContactShape(
        id=str(entry.uuid),
        email=entry.email,
        external_id=entry.external_id,
        locale=entry.locale,
        opt_in=entry.consent == "subscribed",
        attributes=entry.attributes,
        consent_version=found["version"] if found else None,
        source=(found["source"] or None) if found else None,
        project_id=str(entry.project_uuid) if entry.project_uuid else None,
        suppressed_at=entry.suppressed_at,
        created_at=entry.created_at,
        updated_at=entry.updated_at,
    )
