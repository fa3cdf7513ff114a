"""What happened to a contact: what they agreed to, and what they were sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from mailwright.services import contacts
from mailwright.services.caller import Caller
from mailwright.services.runtime import Runtime
from mailwright.store import consents, contact_messages

SHOWN = 50  # of each, the newest


@dataclass(frozen=True, slots=True)
class ConsentChange:
    """A change of consent. `source`: how we know; `actor` and `door`: who wrote it down."""

    at: datetime
    consent: str
    source: str
    actor: str
    door: str


@dataclass(frozen=True, slots=True)
class ReceivedMessage:
    """A mail to the contact; a single mail has no campaign. `reason`: of an outcome but sent."""

    state: str
    reason: str | None
    sent_at: datetime | None
    opened_at: datetime | None
    clicked_at: datetime | None
    campaign_uuid: UUID | None
    campaign_name: str | None


@dataclass(frozen=True, slots=True)
class ContactHistory:
    """Both, the newest first, of each at most 50."""

    consents: list[ConsentChange]
    messages: list[ReceivedMessage]


async def get_history(runtime: Runtime, caller: Caller, contact_uuid: UUID) -> ContactHistory:
    """The contact's history. Raises NotFound."""
    caller.require("contacts:read")
    async with runtime.database.reading() as connection:
        row = await contacts.existing(connection, caller, contact_uuid)
        key = (connection, caller.tenant_id, row["id"])
        changes = await consents.of_contact(*key, limit=SHOWN)
        sent = await contact_messages.of_contact(*key, limit=SHOWN)
    fields = ReceivedMessage.__dataclass_fields__
    return ContactHistory(
        [
            ConsentChange(one["at"], one["consent"], one["source"], one["actor"], one["door"])
            for one in changes
        ],
        [ReceivedMessage(**{name: one[name] for name in fields}) for one in sent],
    )
