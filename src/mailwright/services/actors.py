"""Who did something, by a name that people know: members by address, keys by name.

Deeds are written down under `member:UUID`, `key:UUID` or the name of a part of ours; what is gone
since has no name any more and keeps its id.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from mailwright.domain.ids import parse_id
from mailwright.errors import NotFound
from mailwright.services.caller import Caller
from mailwright.services.runtime import Runtime
from mailwright.store import api_keys, members


async def names_of(runtime: Runtime, caller: Caller, actors: Iterable[str]) -> Mapping[str, str]:
    """The names of those actors that have one."""
    caller.require("members:read")
    caller.require("api-keys:read")
    by_kind: dict[str, dict[UUID, str]] = {"member": {}, "key": {}}
    for actor in actors:
        kind, _, text = actor.partition(":")
        if kind in by_kind and (found := _uuid(text)):
            by_kind[kind][found] = actor
    async with runtime.database.reading() as connection:
        people = await members.by_uuids(connection, caller.tenant_id, list(by_kind["member"]))
        keys = await api_keys.by_uuids(connection, caller.tenant_id, list(by_kind["key"]))
    named = {by_kind["member"][row["uuid"]]: row["email"] for row in people}
    return named | {by_kind["key"][row["uuid"]]: f"key “{row['name']}”" for row in keys}


def _uuid(text: str) -> UUID | None:
    try:
        return parse_id(text, "actor")
    except NotFound:
        return None
