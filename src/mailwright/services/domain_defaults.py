"""The account's default domain, for doors that know only one.

It is the domain of the account's usual sender, else the oldest.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.sending_domain import domain_of, parse_domain, parse_host
from mailwright.services import domains
from mailwright.services.caller import Caller
from mailwright.services.domain_views import DomainView
from mailwright.services.domains import DomainChanges
from mailwright.services.runtime import Runtime
from mailwright.store import domains as store
from mailwright.store import projects, senders
from mailwright.store.rows import Row


async def default_row(connection: AsyncConnection, tenant_id: int) -> Row | None:
    """The row of the default domain; None while there is no domain."""
    rows = await store.all_of(connection, tenant_id)
    project = await projects.default(connection, tenant_id)
    sender = None
    if project is not None and project["sender_id"] is not None:
        sender = await senders.by_id(connection, tenant_id, project["sender_id"])
    sender = sender or await senders.first_enabled(connection, tenant_id)
    wanted = domain_of(sender["email_key"]) if sender is not None else None
    named = [row for row in rows if row["name"] == wanted]
    return next(iter([*named, *rows]), None)


async def default_domain(runtime: Runtime, caller: Caller) -> DomainView | None:
    """The default domain, or None while there is none."""
    caller.require("domains:read")
    async with runtime.database.reading() as connection:
        row = await default_row(connection, caller.tenant_id)
    return None if row is None else await domains.get_domain(runtime, caller, row["uuid"])


async def name_hosts(runtime: Runtime, caller: Caller, changes: DomainChanges) -> DomainView:
    """The domain that these hosts are below, with them; it is added where it is not there yet.

    Raises InvalidInput.
    """
    caller.require("domains:write")
    async with runtime.database.reading() as connection:
        rows = await store.all_of(connection, caller.tenant_id)
        default = await default_row(connection, caller.tenant_id)
    hosts = [str(host).strip().rstrip(".").lower() for host in changes.values()]
    row = _above(rows, hosts) or (default if not hosts else None)
    if row is not None:
        return await domains.change_domain(runtime, caller, row["uuid"], changes)
    field, host = next(iter(changes.items()), ("tracking_host", ""))
    name = parse_domain(str(host).partition(".")[2], field)
    for each, below in changes.items():
        parse_host(str(below), each, name)  # before anything is made
    made = await domains.create_domain(runtime, caller, name)
    return await domains.change_domain(runtime, caller, made.uuid, changes)


async def check_default(runtime: Runtime, caller: Caller) -> DomainView | None:
    """The default domain as DNS shows it now, or None while there is none."""
    found = await default_domain(runtime, caller)
    return None if found is None else await domains.verify_domain(runtime, caller, found.uuid)


def _above(rows: Sequence[Row], hosts: Sequence[str]) -> Row | None:
    """The domain with the longest name that all of the hosts are below."""
    fitting = [
        row for row in rows if hosts and all(host.endswith(f".{row['name']}") for host in hosts)
    ]
    return max(fitting, key=lambda row: len(row["name"]), default=None)
