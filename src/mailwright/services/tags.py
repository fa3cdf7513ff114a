"""Tags: words a tenant puts on its contacts, to find them again by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain import labels as words
from mailwright.domain.webhook_event import EventType
from mailwright.errors import Conflict, InvalidInput, NotFound
from mailwright.services import contacts, tag_references, webhook_events
from mailwright.services.caller import Caller
from mailwright.services.paging import Page, Paged
from mailwright.services.runtime import Runtime
from mailwright.services.selections import Selection, condition_of
from mailwright.services.webhook_events import Telling
from mailwright.store import labels
from mailwright.store import tags as store
from mailwright.store.contacts import limit_time
from mailwright.store.rows import Row

TAGS_MAX = 10_000  # of one tenant
SECONDS_MAX = 20  # for putting tags on everybody a rule fits


@dataclass(frozen=True, slots=True)
class TagView:
    """A tag. `contacts_count`: who has it."""

    uuid: UUID
    name: str
    contacts_count: int
    created_at: datetime


async def create_tag(runtime: Runtime, caller: Caller, name: str) -> TagView:
    """The new tag. Raises InvalidInput, or Conflict when there is one of that name."""
    caller.require("contacts:write")
    name = words.tag_name(name)
    async with runtime.database.transaction() as connection:
        await _require_room(connection, caller, 1)
        row = await store.add(connection, caller.tenant_id, name)
    if row is None:
        raise _taken()
    return _view(row)


async def get_tag(runtime: Runtime, caller: Caller, tag: UUID | str) -> TagView:
    """One tag, by uuid or by name. Raises NotFound."""
    caller.require("contacts:read")
    async with runtime.database.reading() as connection:
        return _view(await _existing(connection, caller, tag))


async def page_tags(runtime: Runtime, caller: Caller, page: Page) -> Paged[TagView]:
    """Tags by name."""
    caller.require("contacts:read")
    async with runtime.database.reading() as connection:
        rows, total = await store.page(
            connection, caller.tenant_id, limit=page.per_page, offset=page.offset
        )
    return Paged([_view(row) for row in rows], total, page)


async def rename_tag(runtime: Runtime, caller: Caller, tag: UUID | str, name: str) -> TagView:
    """The tag under another name, in segments and filters too.

    Raises NotFound, InvalidInput, or Conflict when the name is taken.
    """
    caller.require("contacts:write")
    name = words.tag_name(name)
    async with runtime.database.transaction() as connection:
        row = await _existing(connection, caller, tag)
        if row["name"] != name:
            try:
                await store.rename(connection, caller.tenant_id, row["id"], name)
            except IntegrityError:
                raise _taken() from None
            await tag_references.rename(connection, caller.tenant_id, row["name"], name)
        return _view({**row, "name": name})


async def delete_tag(runtime: Runtime, caller: Caller, tag: UUID | str) -> TagView:
    """The tag as it was; now nobody has it, and rules that ask for it fit nobody.

    Raises NotFound.
    """
    caller.require("contacts:write")
    async with runtime.database.transaction() as connection:
        row = await _existing(connection, caller, tag)
        await store.remove(connection, caller.tenant_id, row["id"])
    return _view(row)


async def change_tags(
    runtime: Runtime,
    caller: Caller,
    wanted: Selection,
    *,
    add: Sequence[str] = (),
    remove: Sequence[str] = (),
) -> None:
    """Puts tags on everybody of the selection and takes others off; new words become tags.

    Raises InvalidInput.
    """
    caller.require("contacts:write")
    added, removed = checked(add), checked(remove)
    if not added and not removed:
        raise InvalidInput.field("tags", "Name at least one tag.")
    async with runtime.database.transaction() as connection:
        await limit_time(connection, seconds=SECONDS_MAX)
        who = await condition_of(connection, caller, wanted)
        tenant_id = caller.tenant_id
        gone = await store.ids_of(connection, tenant_id, removed)
        off, on = await told(connection, runtime, tenant_id)
        await labels.detach(connection, tenant_id, labels.TAGS, gone.values(), who, off)
        ids = await ensure(connection, caller, added)
        await labels.attach(connection, tenant_id, labels.TAGS, ids.values(), who, on)


async def tags_of(runtime: Runtime, caller: Caller, contact_uuid: UUID) -> list[str]:
    """The names of the contact's tags. Raises NotFound."""
    caller.require("contacts:read")
    async with runtime.database.reading() as connection:
        row = await contacts.existing(connection, caller, contact_uuid)
        found = await labels.names_of(connection, caller.tenant_id, labels.TAGS, [row["id"]])
    return found.get(row["id"], [])


async def set_tags(
    runtime: Runtime, caller: Caller, contact_uuid: UUID, names: Sequence[str]
) -> list[str]:
    """The contact's tags are now these and no others. Raises NotFound, InvalidInput."""
    caller.require("contacts:write")
    async with runtime.database.transaction() as connection:
        row = await contacts.existing(connection, caller, contact_uuid, lock=True)
        await replace(connection, runtime, caller, row["id"], names)
    return sorted(words.tag_names(names))


async def replace(
    connection: AsyncConnection,
    runtime: Runtime,
    caller: Caller,
    contact_id: int,
    names: Sequence[str],
) -> None:
    """The tags of one contact become these. Raises InvalidInput."""
    ids = await ensure(connection, caller, words.tag_names(names))
    tenant_id, kind = caller.tenant_id, labels.TAGS
    off, on = await told(connection, runtime, tenant_id)
    await labels.detach_others(connection, tenant_id, kind, ids.values(), contact_id, told=off)
    pairs = [(one, contact_id) for one in ids.values()]
    await labels.add_pairs(connection, tenant_id, kind, pairs, on)


async def told(
    connection: AsyncConnection, runtime: Runtime, tenant_id: int
) -> tuple[Telling | None, Telling | None]:
    """How to tell of tags taken off and put on; None where nobody listens."""
    now = runtime.now()
    return (
        await webhook_events.telling(connection, tenant_id, EventType.CONTACT_UNTAGGED, now),
        await webhook_events.telling(connection, tenant_id, EventType.CONTACT_TAGGED, now),
    )


def checked(names: Sequence[str]) -> list[str]:
    """The names, each once. Raises InvalidInput for one that cannot be a tag's."""
    return words.tag_names(names)


async def ensure(
    connection: AsyncConnection, caller: Caller, names: Sequence[str]
) -> dict[str, int]:
    """The ids of checked names; what is no tag yet becomes one. Raises InvalidInput: too many."""
    if not names:
        return {}
    known = await store.ids_of(connection, caller.tenant_id, names)
    if len(known) == len(set(names)):
        return known
    await _require_room(connection, caller, len(set(names)) - len(known))
    return await store.ensure(connection, caller.tenant_id, names)


async def _require_room(connection: AsyncConnection, caller: Caller, more: int) -> None:
    if await store.count(connection, caller.tenant_id) + more > TAGS_MAX:
        raise InvalidInput.field("tags", f"An account has at most {TAGS_MAX} tags.")


async def _existing(connection: AsyncConnection, caller: Caller, tag: UUID | str) -> Row:
    row = await store.get(connection, caller.tenant_id, tag)
    if row is None:
        raise NotFound("There is no such tag.")
    return row


def _taken() -> Conflict:
    message = "There is a tag of that name already."
    return Conflict(message, code="DUPLICATE_RESOURCE", details={"name": [message]})


def _view(row: Row) -> TagView:
    return TagView(row["uuid"], row["name"], row["contacts_count"], row["created_at"])
