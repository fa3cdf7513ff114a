"""Up to 1,000 people a call onto a list, off it, or away: checked row by row, then all at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.confirmation import DoubleOptIn, is_asked
from mailwright.domain.email_address import email_key_of
from mailwright.domain.webhook_event import EventType
from mailwright.errors import Conflict, InvalidInput, MailwrightError
from mailwright.services import confirmations, list_contacts, list_joining, tags, webhook_events
from mailwright.services.caller import Caller
from mailwright.services.contact_bulk import BULK_MAX, carry_out
from mailwright.services.contact_bulk_plan import BulkContact, Plan, Planner
from mailwright.services.contact_writing import ContactChanges, added_to_lists
from mailwright.services.interests import ids_of, list_id_of
from mailwright.services.list_contacts import ListContact
from mailwright.services.runtime import Runtime
from mailwright.store import contact_bulk, imports, interests, labels
from mailwright.store import list_contacts as store
from mailwright.store.rows import Row


class ImportTo(StrEnum):
    """What becomes of the people in an import."""

    ACTIVE = "active"
    UNSUBSCRIBED = "unsubscribed"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class ListRow:
    """One person. `tags`, `interests`: None: the row says nothing about them."""

    email: str
    fields: ContactChanges
    tags: Sequence[str] | None = None
    interests: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class HowToImport:
    """`resubscribe`: who left comes back; `source` says how we know that they want to.

    `replace_tags`, `replace_interests`: those of the row instead of those there are, none where it
    has none; else they are added.
    """

    to: ImportTo = ImportTo.ACTIVE
    resubscribe: bool = False
    source: str | None = None
    replace_tags: bool = False
    replace_interests: bool = False
    ask: DoubleOptIn = DoubleOptIn.NEVER


@dataclass(frozen=True, slots=True)
class RowError:
    """A row that was not imported, and why. `is_unknown`: there is no such person."""

    index: int
    field: str
    message: str
    is_unknown: bool = False


@dataclass(frozen=True, slots=True)
class ImportedToList:
    """Who was imported, in the order of the rows, or removed, and which rows were not."""

    contacts: list[ListContact]
    removed_ids: list[int]
    errors: list[RowError]


async def import_to_list(
    runtime: Runtime,
    caller: Caller,
    list_uuid: UUID,
    rows: Sequence[ListRow],
    how: HowToImport,
    *,
    room: int = 0,
) -> ImportedToList:
    """Imports the rows that are right. `room`: rows of the call that its door could not read.

    Raises NotFound, Conflict LIST_ARCHIVED, InvalidInput for too many rows.
    """
    caller.require("contacts:write")
    if not 1 <= len(rows) + room <= BULK_MAX:
        raise InvalidInput.field("contacts", f"1 to {BULK_MAX} contacts a call.")
    try:
        async with runtime.database.transaction() as connection:
            await imports.take_turn(connection, caller.tenant_id)
            if how.to is ImportTo.DELETED:
                done = await _delete(connection, runtime, caller, list_uuid, rows)
            else:
                run = _Run(connection, runtime, caller, how)
                done = await run.work(list_uuid, rows)
    except asyncpg.UniqueViolationError:
        raise Conflict(
            "Somebody else changed one of these contacts in the same moment; try again."
        ) from None
    await confirmations.send_waiting(runtime, caller.tenant_id)
    return replace(done, errors=sorted(done.errors, key=lambda error: error.index))


class _Run:
    """One call's work, in its transaction."""

    def __init__(
        self, connection: AsyncConnection, runtime: Runtime, caller: Caller, how: HowToImport
    ) -> None:
        self._connection = connection
        self._runtime = runtime
        self._caller = caller
        self._tenant_id = caller.tenant_id
        self._how = how
        self._errors: list[RowError] = []

    async def work(self, list_uuid: UUID, rows: Sequence[ListRow]) -> ImportedToList:
        """The rows carried out, for people who come or who left."""
        list_id = await list_joining.open_list_id(self._connection, self._caller, list_uuid)
        known = await interests.of_list(self._connection, self._tenant_id, list_id)
        labelled = self._labelled(rows, known)
        ids = await self._carry_out(rows, labelled)
        before = await store.of_ids(self._connection, self._tenant_id, list_id, ids.values())
        await self._stand(list_id, ids, before)
        await self._tell(list_id, {one for one in ids.values() if one not in before})
        await self._label(list_id, {ids[index]: rows[index] for index in ids}, known)
        after = await store.of_ids(self._connection, self._tenant_id, list_id, ids.values())
        ordered = [after[ids[index]] for index in sorted(ids)]
        views = await list_contacts.views(self._connection, self._tenant_id, list_id, ordered)
        return ImportedToList(views, [], self._errors)

    def _labelled(self, rows: Sequence[ListRow], known: Mapping[str, Row]) -> list[int]:
        """The rows whose tags and interests can be kept."""
        good: list[int] = []
        for index, row in enumerate(rows):
            try:
                tags.checked(row.tags or ())
                ids_of(known, row.interests or ())
                good.append(index)
            except MailwrightError as error:
                self._refuse(index, error)
        return good

    async def _carry_out(self, rows: Sequence[ListRow], good: Sequence[int]) -> dict[int, int]:
        """Makes and changes the contacts; their ids by the number of the row."""
        how, caller = self._how, self._caller
        leaving = how.to is ImportTo.UNSUBSCRIBED
        asked = how.to is ImportTo.ACTIVE and is_asked(how.ask, None)
        new = "unsubscribed" if leaving else "unconfirmed" if asked else "subscribed"
        returns = how.resubscribe and not leaving and how.ask is DoubleOptIn.NEVER
        source = how.source or caller.door.value
        planner = Planner(caller, self._runtime, source, resubscribe=returns)
        bulk = [
            BulkContact(
                index,
                rows[index].email,
                rows[index].fields,
                "subscribed" if returns else None,
                if_new=new,
            )
            for index in good
        ]
        plans, rejected = await planner.plan(self._connection, bulk)
        done, late = await carry_out(self._connection, self._runtime, caller, plans)
        for found in (*rejected, *late):
            for field, messages in (found.errors or {}).items():
                self._errors.append(RowError(found.index, field, messages[0]))
                break
        return await self._ids(done)

    async def _ids(self, plans: Sequence[Plan]) -> dict[int, int]:
        keys = [plan.values["email_key"] for plan in plans]
        rows = await contact_bulk.held(self._connection, self._tenant_id, keys, [])
        by_key = {row["email_key"]: row["id"] for row in rows}
        return {plan.index: by_key[plan.values["email_key"]] for plan in plans}

    async def _stand(self, list_id: int, ids: Mapping[int, int], before: Mapping[int, Row]) -> None:
        """Gives everybody the standing on the list that the call comes to."""
        how, everybody = self._how, set(ids.values())
        if how.to is ImportTo.UNSUBSCRIBED:
            await self._put(list_id, everybody, "unsubscribed")
            return
        standing = {one: before[one]["standing"] if one in before else None for one in everybody}
        asked = {one for one in everybody if is_asked(how.ask, standing[one])}
        await self._put(list_id, asked, "unconfirmed")
        if asked:
            await confirmations.ask(
                self._connection, self._runtime, self._caller, list_id, sorted(asked)
            )
        rest = everybody - asked
        comes = {one for one in rest if standing[one] is None or how.resubscribe}
        await self._put(list_id, comes, "subscribed")

    async def _tell(self, list_id: int, new: set[int]) -> None:
        """Tells who is new on the list, where somebody listens."""
        type_ = EventType.CONTACT_ADDED_TO_LIST
        if new and await webhook_events.is_heard(self._connection, self._tenant_id, type_):
            source, now = self._how.source or self._caller.door.value, self._runtime.now()
            facts = [
                fact
                for who in sorted(new)
                for fact in added_to_lists(self._caller, who, [list_id], now, source=source)
            ]
            await webhook_events.emit(self._connection, facts)

    async def _put(self, list_id: int, who: set[int], state: str) -> None:
        await store.put(self._connection, self._tenant_id, list_id, who, state)

    async def _label(
        self, list_id: int, rows: Mapping[int, ListRow], known: Mapping[str, Row]
    ) -> None:
        how = self._how
        connection, tenant_id = self._connection, self._tenant_id
        off, on = await tags.told(connection, self._runtime, tenant_id)
        if how.replace_tags:
            await labels.clear(connection, tenant_id, labels.TAGS, rows, told=off)
        if how.replace_interests:
            await labels.clear(connection, tenant_id, labels.INTERESTS, rows, list_id=list_id)
        names = {name for row in rows.values() for name in tags.checked(row.tags or ())}
        found = await tags.ensure(connection, self._caller, sorted(names))
        pairs = [
            (found[name], who) for who, row in rows.items() for name in tags.checked(row.tags or ())
        ]
        await labels.add_pairs(connection, tenant_id, labels.TAGS, pairs, on)
        pairs = [
            (one, who) for who, row in rows.items() for one in ids_of(known, row.interests or ())
        ]
        await labels.add_pairs(connection, tenant_id, labels.INTERESTS, pairs)

    def _refuse(self, index: int, error: MailwrightError) -> None:
        details: Mapping[str, Any] = error.details or {}
        field = next(iter(details), "contact")
        self._errors.append(RowError(index, field, error.message))


async def _delete(
    connection: AsyncConnection,
    runtime: Runtime,
    caller: Caller,
    list_uuid: UUID,
    rows: Sequence[ListRow],
) -> ImportedToList:
    """Takes the people of the rows off the list; whom it does not have is told."""
    list_id = await list_id_of(connection, caller, list_uuid)
    keys = [email_key_of(row.email) for row in rows]
    held = await contact_bulk.held(connection, caller.tenant_id, keys, [])
    members = await store.of_ids(connection, caller.tenant_id, list_id, [row["id"] for row in held])
    by_key = {row["email_key"]: row for row in members.values()}
    unknown = [
        RowError(index, "email", "There is no such contact on this list.", is_unknown=True)
        for index, key in enumerate(keys)
        if key not in by_key
    ]
    await list_joining.take_off(connection, runtime, caller, list_id, list(by_key.values()))
    return ImportedToList([], [row["id"] for row in by_key.values()], unknown)
