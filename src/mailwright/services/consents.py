"""Taking people off all marketing mail and back on, as the tenant does it for them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.services import contacts, webhook_events
from mailwright.services.caller import Caller
from mailwright.services.contact_views import ContactView
from mailwright.services.runtime import Runtime
from mailwright.store import consents
from mailwright.store import contacts as store
from mailwright.store.rows import Row


async def unsubscribe_contact(runtime: Runtime, caller: Caller, contact_uuid: UUID) -> ContactView:
    """The contact, who gets no marketing mail from now on. Idempotent. Raises NotFound."""
    return await _change_consent(runtime, caller, contact_uuid, "unsubscribed")


async def resubscribe_contact(runtime: Runtime, caller: Caller, contact_uuid: UUID) -> ContactView:
    """The contact, subscribed again; a suppression of its address stays. Raises NotFound."""
    return await _change_consent(runtime, caller, contact_uuid, "subscribed")


async def _change_consent(
    runtime: Runtime, caller: Caller, contact_uuid: UUID, consent: str
) -> ContactView:
    caller.require("contacts:write")
    async with runtime.database.transaction() as connection:
        row = await contacts.existing(connection, caller, contact_uuid, lock=True)
        if row["consent"] != consent:
            await _save(connection, caller, row, consent, runtime.now())
        row = await contacts.existing(connection, caller, contact_uuid)
        return await contacts.view(connection, caller.tenant_id, row)


async def _save(
    connection: AsyncConnection, caller: Caller, row: Row, consent: str, now: datetime
) -> None:
    source = caller.door.value
    values: dict[str, Any] = {"consent": consent, "unsubscribed_at": now}
    if consent == "subscribed":
        values |= {"unsubscribed_at": None, "opted_in_at": now, "consent_source": source}
    await store.change(connection, caller.tenant_id, row["id"], values)
    await consents.record(
        connection,
        caller.tenant_id,
        row["id"],
        consent=consent,
        source=source,
        actor=caller.actor,
        door=caller.door.value,
    )
    if consent == "unsubscribed":
        facts = webhook_events.left(caller.tenant_id, row["id"], now, source)
    else:
        facts = [webhook_events.opted_in(caller.tenant_id, row["id"], now, source)]
    await webhook_events.emit(connection, facts)
