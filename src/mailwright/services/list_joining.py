"""Coming to a list, changing while on it, leaving it, being taken off it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.confirmation import DoubleOptIn, is_asked
from mailwright.domain.email_address import EmailAddress
from mailwright.domain.webhook_event import EventType
from mailwright.errors import Conflict
from mailwright.services import (
    confirmations,
    contact_writing,
    contacts,
    list_contacts,
    tags,
    webhook_events,
)
from mailwright.services.caller import Caller
from mailwright.services.contact_writing import ContactChanges
from mailwright.services.forgotten import refuse_forgotten
from mailwright.services.interests import ids_of, list_id_of
from mailwright.services.list_contacts import ListContact
from mailwright.services.runtime import Runtime
from mailwright.services.webhook_events import Fact
from mailwright.store import contact_bulk, interests, labels, lists
from mailwright.store import contacts as contact_store
from mailwright.store import list_contacts as store
from mailwright.store.rows import Row


@dataclass(frozen=True, slots=True)
class Joining:
    """Who comes to a list, and how.

    `tags` and `interests` are added. `ask`: who must confirm first, by a link in a mail.
    `resubscribe`: somebody who left comes back; `source` says how we know that people want to, and
    `return_source`, where it says more, how we know of those who come back.
    """

    email: str
    fields: ContactChanges = field(default_factory=ContactChanges)
    tags: Sequence[str] = ()
    interests: Sequence[str] = ()
    ask: DoubleOptIn = DoubleOptIn.NEVER
    resubscribe: bool = False
    source: str | None = None
    return_source: str | None = None


@dataclass(frozen=True, slots=True)
class MemberChanges:
    """What to change of a member; None: stays. `tags` and `interests` replace those there are."""

    fields: ContactChanges = field(default_factory=ContactChanges)
    email: str | None = None
    tags: Sequence[str] | None = None
    interests: Sequence[str] | None = None


async def join(runtime: Runtime, caller: Caller, list_uuid: UUID, joining: Joining) -> ListContact:
    """The member: made, or the contact of that address with the fields set, all or nothing.

    Who left the list, or all mail, stays so unless the call says otherwise; then it is recorded.
    Raises NotFound, InvalidInput, or Conflict LIST_ARCHIVED.
    """
    caller.require("contacts:write")
    address = EmailAddress.parse(joining.email)
    async with runtime.database.transaction() as connection:
        list_id = await open_list_id(connection, caller, list_uuid)
        contact_id, present = await _contact(connection, runtime, caller, address, joining)
        await _come(connection, runtime, caller, list_id, contact_id, present, joining)
        await _label(connection, runtime, caller, list_id, contact_id, joining)
        row = (await store.of_ids(connection, caller.tenant_id, list_id, [contact_id]))[contact_id]
        made = await list_contacts.view(connection, caller.tenant_id, list_id, row)
    await confirmations.send_waiting(runtime, caller.tenant_id)
    return made


async def change(
    runtime: Runtime, caller: Caller, list_uuid: UUID, contact_uuid: UUID, changes: MemberChanges
) -> ListContact:
    """The member with `changes` made, all or none.

    Raises NotFound, InvalidInput, or Conflict when the address is another contact's.
    """
    caller.require("contacts:write")
    async with runtime.database.transaction() as connection:
        list_id = await list_id_of(connection, caller, list_uuid)
        await list_contacts.member(connection, caller, list_id, contact_uuid)
        row = await contacts.existing(connection, caller, contact_uuid, lock=True)
        await contact_writing.save(connection, caller, row, changes.fields, now=runtime.now())
        if changes.email is not None:
            key = EmailAddress.parse(changes.email).key
            await refuse_forgotten(connection, runtime, caller.tenant_id, key)
            await contact_writing.change_address(
                connection, caller, row, changes.email, now=runtime.now()
            )
        if changes.tags is not None:
            await tags.replace(connection, runtime, caller, row["id"], changes.tags)
        if changes.interests is not None:
            await _replace_interests(connection, caller, list_id, row["id"], changes.interests)
        row = await list_contacts.member(connection, caller, list_id, contact_uuid)
        return await list_contacts.view(connection, caller.tenant_id, list_id, row)


async def leave(
    runtime: Runtime, caller: Caller, list_uuid: UUID, contact_uuid: UUID
) -> ListContact:
    """The member, who gets no more mail of this list; of others it does. Raises NotFound."""
    caller.require("contacts:write")
    tenant_id = caller.tenant_id
    async with runtime.database.transaction() as connection:
        list_id = await list_id_of(connection, caller, list_uuid)
        row = await list_contacts.member(connection, caller, list_id, contact_uuid)
        if row["standing"] != "unsubscribed":
            await store.set_state(connection, tenant_id, list_id, row["id"], "unsubscribed")
            now = runtime.now()
            left = webhook_events.left(
                tenant_id, row["id"], now, caller.door.value, list_id=list_id
            )
            await webhook_events.emit(connection, left)
            row = await list_contacts.member(connection, caller, list_id, contact_uuid)
        return await list_contacts.view(connection, tenant_id, list_id, row)


async def remove(runtime: Runtime, caller: Caller, list_uuid: UUID, contact_uuid: UUID) -> None:
    """The contact is off the list; one that is on no other is deleted. Raises NotFound."""
    caller.require("contacts:write")
    async with runtime.database.transaction() as connection:
        list_id = await list_id_of(connection, caller, list_uuid)
        row = await list_contacts.member(connection, caller, list_id, contact_uuid)
        await take_off(connection, runtime, caller, list_id, [row])


async def take_off(
    connection: AsyncConnection,
    runtime: Runtime,
    caller: Caller,
    list_id: int,
    rows: Collection[Row],
) -> None:
    """The members of `rows` are off the list; who is then on none at all is deleted.

    Whoever had left is kept from mail as a suppression, or the next import would bring them back.
    """
    ids, now = [row["id"] for row in rows], runtime.now()
    await store.take_off(connection, caller.tenant_id, list_id, ids)
    gone = await store.without_any_list(connection, caller.tenant_id, ids)
    left = {row["id"] for row in rows if row["standing"] == "unsubscribed"}
    facts = [_removed(caller, list_id, row, now) for row in rows]
    for contact in gone:
        said_no = contact["id"] in left
        facts += await contacts.remove(
            connection, caller, contact["uuid"], now=now, said_no=said_no
        )
    await webhook_events.emit(connection, facts)


def _removed(caller: Caller, list_id: int, row: Row, at: datetime) -> Fact:
    return Fact(
        caller.tenant_id,
        EventType.CONTACT_REMOVED_FROM_LIST,
        at,
        list_id=list_id,
        numbers={"contact_id": row["id"]},
        data={
            "contact_uuid": row["uuid"],
            "email": row["email"],
            "source": caller.door.value,
        },
    )


async def open_list_id(connection: AsyncConnection, caller: Caller, list_uuid: UUID) -> int:
    """The id of a list that people can join. Raises NotFound, Conflict LIST_ARCHIVED."""
    list_id = await list_id_of(connection, caller, list_uuid)
    row = await lists.by_id(connection, caller.tenant_id, list_id)
    if row is None or row["state"] != "active":
        raise Conflict("The list is archived; nobody can join it.", code="LIST_ARCHIVED")
    return list_id


async def _contact(
    connection: AsyncConnection,
    runtime: Runtime,
    caller: Caller,
    address: EmailAddress,
    joining: Joining,
) -> tuple[int, Row | None]:
    """The contact's id, and its row before the call; None: it was made just now."""
    held = await contact_bulk.held(connection, caller.tenant_id, [address.key], [])
    if held:
        await contact_writing.save(connection, caller, held[0], joining.fields, now=runtime.now())
        return held[0]["id"], held[0]
    await refuse_forgotten(connection, runtime, caller.tenant_id, address.key)
    asked = is_asked(joining.ask, None)
    contact_id, _ = await contact_writing.insert(
        connection,
        caller,
        address,
        joining.fields,
        consent="unconfirmed" if asked else "subscribed",
        source=joining.source or caller.door.value,
        now=runtime.now(),
    )
    return contact_id, None


async def _come(
    connection: AsyncConnection,
    runtime: Runtime,
    caller: Caller,
    list_id: int,
    contact_id: int,
    present: Row | None,
    joining: Joining,
) -> None:
    """Puts the contact on the list with the standing that the call comes to."""
    tenant_id = caller.tenant_id
    found = await store.of_ids(connection, tenant_id, list_id, [contact_id])
    standing = found[contact_id]["standing"] if contact_id in found else None
    if is_asked(joining.ask, standing):
        await store.put(connection, tenant_id, list_id, [contact_id], "unconfirmed")
        await confirmations.ask(connection, runtime, caller, list_id, [contact_id])
    elif standing is None and (present is None or present["consent"] != "unsubscribed"):
        await store.put(connection, tenant_id, list_id, [contact_id], "subscribed")
    elif standing != "subscribed" and joining.resubscribe:
        await store.put(connection, tenant_id, list_id, [contact_id], "subscribed")
        await _agree(connection, runtime, caller, contact_id, present, joining)
    elif standing is None:
        await store.put(connection, tenant_id, list_id, [contact_id], "unsubscribed")
    if standing is None:
        source = joining.source or caller.door.value
        facts = contact_writing.added_to_lists(
            caller, contact_id, [list_id], runtime.now(), source=source
        )
        await webhook_events.emit(connection, facts)


async def _agree(
    connection: AsyncConnection,
    runtime: Runtime,
    caller: Caller,
    contact_id: int,
    present: Row | None,
    joining: Joining,
) -> None:
    """Records that somebody who was not subscribed agreed again, and how we know."""
    source = joining.return_source or joining.source or caller.door.value
    if present is not None and present["consent"] != "subscribed":
        values: dict[str, Any] = {
            "consent": "subscribed",
            "unsubscribed_at": None,
            "opted_in_at": runtime.now(),
            "consent_source": source,
        }
        await contact_store.change(connection, caller.tenant_id, contact_id, values)
    await contact_writing.record_consent(connection, caller, contact_id, "subscribed", source)
    agreed = webhook_events.opted_in(caller.tenant_id, contact_id, runtime.now(), source)
    await webhook_events.emit(connection, [agreed])


async def _label(
    connection: AsyncConnection,
    runtime: Runtime,
    caller: Caller,
    list_id: int,
    contact_id: int,
    joining: Joining,
) -> None:
    found = await tags.ensure(connection, caller, tags.checked(joining.tags))
    pairs = [(one, contact_id) for one in found.values()]
    _, told = await tags.told(connection, runtime, caller.tenant_id) if pairs else (None, None)
    await labels.add_pairs(connection, caller.tenant_id, labels.TAGS, pairs, told)
    known = await interests.of_list(connection, caller.tenant_id, list_id)
    pairs = [(one, contact_id) for one in ids_of(known, joining.interests)]
    await labels.add_pairs(connection, caller.tenant_id, labels.INTERESTS, pairs)


async def _replace_interests(
    connection: AsyncConnection,
    caller: Caller,
    list_id: int,
    contact_id: int,
    names: Sequence[str],
) -> None:
    known = await interests.of_list(connection, caller.tenant_id, list_id)
    ids = ids_of(known, names)
    tenant_id, kind = caller.tenant_id, labels.INTERESTS
    await labels.detach_others(connection, tenant_id, kind, ids, contact_id, list_id=list_id)
    await labels.add_pairs(connection, tenant_id, kind, [(one, contact_id) for one in ids])
