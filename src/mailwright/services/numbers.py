"""Integer ids for doors that need them; inside, things are known by their UUIDs.

Numbers say nothing about a thing but that it exists in the caller's tenant, so they need no scope:
what is then done with the UUID does.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal
from uuid import UUID

from mailwright.errors import NotFound
from mailwright.services.caller import Caller
from mailwright.services.runtime import Runtime
from mailwright.store import numbers as store

Noun = Literal[
    "campaign",
    "contact",
    "email",
    "link",
    "list",
    "segment",
    "sender",
    "template",
    "user",
    "webhook",
]


async def uuid_of(runtime: Runtime, caller: Caller, noun: Noun, number: int) -> UUID:
    """The UUID of the caller's thing of that number. Raises NotFound."""
    async with runtime.database.reading() as connection:
        found = await store.uuid_of(connection, caller.tenant_id, noun, number)
    if found is None:
        raise NotFound(f"There is no such {noun}.")
    return found


async def uuids_of(
    runtime: Runtime, caller: Caller, noun: Noun, numbers: Collection[int]
) -> dict[int, UUID]:
    """The UUIDs of things by number; what is not the caller's is left out."""
    if not numbers:
        return {}
    async with runtime.database.reading() as connection:
        return await store.uuids_of(connection, caller.tenant_id, noun, numbers)


async def numbers_of(
    runtime: Runtime, caller: Caller, noun: Noun, uuids: Collection[UUID]
) -> dict[UUID, int]:
    """The numbers of things by UUID; what is not the caller's is left out."""
    if not uuids:
        return {}
    async with runtime.database.reading() as connection:
        return await store.numbers_of(connection, caller.tenant_id, noun, uuids)


async def number_of(runtime: Runtime, caller: Caller, noun: Noun, uuid: UUID) -> int:
    """The number of the caller's thing. Raises NotFound."""
    found = await numbers_of(runtime, caller, noun, [uuid])
    if uuid not in found:
        raise NotFound(f"There is no such {noun}.")
    return found[uuid]
