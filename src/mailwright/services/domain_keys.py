"""DKIM keys by themselves, for doors whose clients know keys rather than domains."""

from __future__ import annotations

from dataclasses import dataclass

from mailwright.domain.sending_domain import KeyState, parse_domain
from mailwright.errors import NotFound
from mailwright.services import audit, domains
from mailwright.services.caller import Caller
from mailwright.services.domain_defaults import default_row
from mailwright.services.domain_records import dkim_host
from mailwright.services.runtime import Runtime
from mailwright.store import domains as store


@dataclass(frozen=True, slots=True)
class DomainKey:
    """A key. `is_default`: of the account's default domain, and not retired."""

    number: int
    state: str
    selector: str
    domain: str
    public_key: str
    is_default: bool


async def every_key(runtime: Runtime, caller: Caller) -> list[DomainKey]:
    """All keys of the account, the oldest first."""
    caller.require("domains:read")
    async with runtime.database.reading() as connection:
        default = await default_row(connection, caller.tenant_id)
        rows = await store.every_key(connection, caller.tenant_id)
    return [
        DomainKey(
            row["id"],
            row["state"],
            row["selector"],
            row["domain"],
            row["public_key"],
            is_default=default is not None
            and default["name"] == row["domain"]
            and row["state"] != KeyState.RETIRED,
        )
        for row in rows
    ]


async def get_key(runtime: Runtime, caller: Caller, number: int) -> DomainKey:
    """One key. Raises NotFound."""
    found = [key for key in await every_key(runtime, caller) if key.number == number]
    if not found:
        raise NotFound("There is no such key.")
    return found[0]


async def create_key(
    runtime: Runtime, caller: Caller, domain: str, selector: str | None = None
) -> DomainKey:
    """A new key of a domain, which becomes a sending domain if it is none yet.

    Raises InvalidInput, Conflict KEY_PENDING.
    """
    caller.require("domains:write")
    name = parse_domain(domain, "domain")
    async with runtime.database.reading() as connection:
        row = await store.by_name(connection, caller.tenant_id, name)
    if row is None:
        await domains.create_domain(runtime, caller, name, selector)
    else:
        await domains.rotate_key(runtime, caller, row["uuid"], selector)
    return [key for key in await every_key(runtime, caller) if key.domain == name][-1]


async def delete_key(runtime: Runtime, caller: Caller, number: int) -> DomainKey:
    """The key that is gone; without another one the domain's mail is signed no more.

    Raises NotFound.
    """
    caller.require("domains:write")
    key = await get_key(runtime, caller, number)
    async with runtime.database.transaction() as connection:
        row = await store.by_name(connection, caller.tenant_id, key.domain)
        await store.remove_key(connection, caller.tenant_id, number)
        if row is not None:  # what was found about this key says nothing any more
            host = dkim_host(key.selector, key.domain)
            kept = {k: v for k, v in row["checks"].items() if v.get("host") != host}
            values = {"checks": kept, "next_check_at": runtime.now()}
            await store.change(connection, caller.tenant_id, row["id"], values)
        about = {"domain": key.domain, "selector": key.selector}
        await audit.record(connection, caller, "domain.delete-key", None, about)
    return key
