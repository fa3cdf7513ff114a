"""Erasing a person: nothing that names them stays, but a hash that keeps them from coming back.

Rows of the ledger and events stay, without address, words or data: every campaign still adds up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.email_address import EmailAddress
from mailwright.domain.forgotten import forgotten_key
from mailwright.domain.ids import new_id
from mailwright.domain.webhook_event import EventType
from mailwright.services import audit, contacts, import_files, quota, webhook_events
from mailwright.services.caller import Caller
from mailwright.services.runtime import Runtime
from mailwright.services.webhook_events import Fact
from mailwright.store import contacts as contact_store
from mailwright.store import emails, imports, suppressions
from mailwright.store import erasure as store
from mailwright.store.erasure import Person


@dataclass(frozen=True, slots=True)
class Erasure:
    """What was done. `messages`: mails whose recipient is nobody now; `canceled`: of those, the
    ones that had not left; `contact`: whether there was one."""

    contact: bool
    messages: int
    canceled: int


async def erase_contact(runtime: Runtime, caller: Caller, contact_uuid: UUID) -> Erasure:
    """The person is forgotten, for good. Raises NotFound."""
    caller.require("contacts:write")
    async with runtime.database.transaction() as connection:
        row = await contacts.existing(connection, caller, contact_uuid, lock=True)
        person = Person(row["email"], row["email_key"], row["id"], contact_uuid)
        return await _erase(connection, runtime, caller, person)


async def erase_address(runtime: Runtime, caller: Caller, email: str) -> Erasure:
    """As `erase_contact`, of an address, which may be of nobody's contact. Raises InvalidInput."""
    caller.require("contacts:write")
    address = EmailAddress.parse(email)
    async with runtime.database.transaction() as connection:
        person = Person(address.text, address.key, None, None)
        found = await contact_store.of_address(connection, caller.tenant_id, address.key)
        if found is not None:
            person = Person(found["email"], address.key, found["id"], found["uuid"])
        return await _erase(connection, runtime, caller, person)


async def _erase(
    connection: AsyncConnection, runtime: Runtime, caller: Caller, person: Person
) -> Erasure:
    tenant_id = caller.tenant_id
    await imports.take_turn(connection, tenant_id)  # else one under way could bring them back
    canceled = await _cancel_waiting(connection, tenant_id, person)
    list_ids: list[int] = []
    if person.contact_uuid is not None:
        list_ids = await contact_store.list_ids_of(connection, tenant_id, person.contact_uuid)
        await contact_store.remove(connection, tenant_id, person.contact_uuid)
    message_ids = await store.messages_of(connection, tenant_id, person)
    await store.scrub(connection, tenant_id, person, message_ids)
    await suppressions.add(
        connection,
        tenant_id,
        {
            "uuid": new_id(),
            "email_key": forgotten_key(runtime.keys, tenant_id, person.email_key),
            "reason": "erased",
            "scope": "all",
            "source": caller.actor,
        },
    )
    done = Erasure(person.contact_id is not None, len(message_ids), canceled)
    await _tell(connection, runtime, caller, person, done, list_ids)
    await _forget_in_files(connection, runtime, tenant_id, person)
    return done


async def _forget_in_files(
    connection: AsyncConnection, runtime: Runtime, tenant_id: int, person: Person
) -> None:
    """Rejected rows of imports forget them; as the last step, for no rollback mends a file."""
    for row in await store.error_files(connection, tenant_id):
        path = import_files.folder(runtime.settings) / row["error_file"]
        length = await asyncio.to_thread(import_files.forget, path, person.words)
        if length is not None:
            await imports.change(connection, tenant_id, row["id"], {"error_bytes": length})


async def _cancel_waiting(connection: AsyncConnection, tenant_id: int, person: Person) -> int:
    """Cancels the single mails that wait; campaigns leave out whoever is no contact any more."""
    waiting = await store.waiting_of(connection, tenant_id, person)
    canceled = 0
    for row in waiting:
        if await emails.cancel(connection, tenant_id, row["id"]):
            canceled += 1
            if row["lane"] != 0:
                await quota.release(connection, tenant_id, row["created_at"])
    return canceled


async def _tell(
    connection: AsyncConnection,
    runtime: Runtime,
    caller: Caller,
    person: Person,
    done: Erasure,
    list_ids: Iterable[int],
) -> None:
    """Webhooks hear which contact is gone, and the audit log how much; neither hears who it was."""
    subject = None
    if person.contact_uuid is not None and person.contact_id is not None:
        subject = f"contact:{person.contact_uuid}"
        fact = Fact(
            caller.tenant_id,
            EventType.CONTACT_DELETED,
            runtime.now(),
            numbers={"contact_id": person.contact_id},
            data={"contact_uuid": person.contact_uuid, "source": "erased"},
        )
        off = replace(fact, type=EventType.CONTACT_REMOVED_FROM_LIST)
        facts = [*(replace(off, list_id=list_id) for list_id in list_ids), fact]
        await webhook_events.emit(connection, facts)
    about = {"messages": done.messages, "canceled": done.canceled}
    await audit.record(connection, caller, "contact.erase", subject, about)
