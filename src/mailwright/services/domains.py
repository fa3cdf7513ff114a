"""Sending domains: added, checked, given new keys, removed."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, TypedDict
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.ids import new_id
from mailwright.domain.sending_domain import (
    RETURN_PATH_LABEL,
    TRACKING_LABEL,
    KeyState,
    RecordKind,
    RecordState,
    is_authenticated,
    is_valid,
    missing,
    parse_domain,
    parse_host,
    parse_selector,
)
from mailwright.errors import Conflict, InvalidInput, NotFound
from mailwright.mail.dkim import DkimKey
from mailwright.services import audit, domain_checks
from mailwright.services.caller import Caller
from mailwright.services.domain_records import Wanted, https_port, sending_host, wanted_records
from mailwright.services.domain_views import DomainView, domain_view, shown_domain
from mailwright.services.paging import Page, Paged
from mailwright.services.runtime import Runtime
from mailwright.store import domains as store
from mailwright.store import senders
from mailwright.store.rows import Row
from mailwright.wire.dns import Dns

log = structlog.get_logger()

#: Until the next look: soon while somebody is setting a domain up, then a few times a day.
SETTING_UP = timedelta(days=2)
SOON = timedelta(minutes=10)
LATER = timedelta(hours=6)


class DomainChanges(TypedDict, total=False):
    """The fields a call sets; absent ones stay as they are."""

    tracking_host: str
    return_path_host: str


async def create_domain(
    runtime: Runtime, caller: Caller, name: str, selector: str | None = None
) -> DomainView:
    """The new domain, whose key waits for its record. `selector`: of the key; None: a fresh one.

    Raises InvalidInput, Conflict DUPLICATE_RESOURCE.
    """
    caller.require("domains:write")
    name = parse_domain(name)
    values: dict[str, object] = {
        "uuid": new_id(),
        "name": name,
        "tracking_host": f"{TRACKING_LABEL}.{name}",
        "return_path_host": f"{RETURN_PATH_LABEL}.{name}",
        "next_check_at": runtime.now() + SOON,
    }
    key = await _new_key(runtime, selector)
    async with runtime.database.transaction() as connection:
        row = await store.add(connection, caller.tenant_id, values)
        if row is None:
            message = "This domain is among your sending domains already."
            raise Conflict(message, code="DUPLICATE_RESOURCE", details={"name": [message]})
        await store.add_key(connection, caller.tenant_id, row["id"], key)
        view = await domain_view(runtime, connection, row)
        await _record(connection, caller, "create", row)
    return view


async def get_domain(runtime: Runtime, caller: Caller, domain_uuid: UUID) -> DomainView:
    """One domain. Raises NotFound."""
    caller.require("domains:read")
    async with runtime.database.reading() as connection:
        row = await _existing(connection, caller, domain_uuid)
        return await domain_view(runtime, connection, row)


async def page_domains(runtime: Runtime, caller: Caller, page: Page) -> Paged[DomainView]:
    """Domains by name."""
    caller.require("domains:read")
    async with runtime.database.reading() as connection:
        rows, total = await store.page(
            connection, caller.tenant_id, limit=page.per_page, offset=page.offset
        )
        sending = await sending_host(runtime, connection, caller.tenant_id)
        keys = await store.keys_of(connection, caller.tenant_id, [row["id"] for row in rows])
    views = [
        shown_domain(runtime, row, [key for key in keys if key["domain_id"] == row["id"]], sending)
        for row in rows
    ]
    return Paged(views, total, page)


async def change_domain(
    runtime: Runtime, caller: Caller, domain_uuid: UUID, changes: DomainChanges
) -> DomainView:
    """The domain with its hosts renamed; what was found about them is forgotten.

    Raises NotFound, InvalidInput for a host that is not below the domain.
    """
    caller.require("domains:write")
    async with runtime.database.transaction() as connection:
        row = await _existing(connection, caller, domain_uuid, lock=True)
        values: dict[str, object] = {
            field: parse_host(host, field, row["name"])
            for field, host in changes.items()
            if isinstance(host, str)
        }
        values = {field: host for field, host in values.items() if host != row[field]}
        if values:
            hosts = set(values.values()) | {row[field] for field in values}
            kept = {k: v for k, v in row["checks"].items() if v.get("host") not in hosts}
            values |= {"checks": kept, "next_check_at": runtime.now() + SOON}
            row = await store.change(connection, caller.tenant_id, row["id"], values)
        view = await domain_view(runtime, connection, row)
        await _record(connection, caller, "change", row, changed=sorted(changes))
    return view


async def delete_domain(runtime: Runtime, caller: Caller, domain_uuid: UUID) -> None:
    """The domain and its keys are gone; its mail is signed no more. Raises NotFound."""
    caller.require("domains:write")
    async with runtime.database.transaction() as connection:
        row = await _existing(connection, caller, domain_uuid, lock=True)
        await store.remove(connection, caller.tenant_id, domain_uuid)
        await _record(connection, caller, "delete", row)


async def verify_domain(runtime: Runtime, caller: Caller, domain_uuid: UUID) -> DomainView:
    """The domain as DNS shows it now. Raises NotFound."""
    caller.require("domains:write")
    async with runtime.database.reading() as connection:
        row = await _existing(connection, caller, domain_uuid)
    await check_domain(runtime, caller.tenant_id, row["id"])
    async with runtime.database.transaction() as connection:
        row = await _existing(connection, caller, domain_uuid)
        view = await domain_view(runtime, connection, row)
        await _record(connection, caller, "verify", row, state=view.state)
    return view


async def rotate_key(
    runtime: Runtime, caller: Caller, domain_uuid: UUID, selector: str | None = None
) -> DomainView:
    """The domain with a new key beside the present one, which signs until the new record is seen.

    Raises NotFound, InvalidInput for a selector that is none or in use, Conflict KEY_PENDING while
    one waits for its record already.
    """
    caller.require("domains:write")
    key = await _new_key(runtime, selector)
    async with runtime.database.transaction() as connection:
        row = await _existing(connection, caller, domain_uuid, lock=True)
        present = await store.keys_of(connection, caller.tenant_id, [row["id"]])
        if any(each["selector"] == key["selector"] for each in present):
            raise InvalidInput.field("selector", "A key of this domain has that selector already.")
        if await store.add_key(connection, caller.tenant_id, row["id"], key) is None:
            raise Conflict(
                "A new key waits for its record already; publish that first.", code="KEY_PENDING"
            )
        row = await store.change(
            connection, caller.tenant_id, row["id"], {"next_check_at": runtime.now() + SOON}
        )
        view = await domain_view(runtime, connection, row)
        await _record(connection, caller, "rotate-key", row, selector=str(key["selector"]))
    return view


async def check_domain(runtime: Runtime, tenant_id: int, domain_id: int) -> None:
    """Asks DNS about all records and keeps what it says; nothing where the domain is gone.

    A new key whose record is seen takes over. Once SPF and DKIM hold, the domain's addresses are
    proved to be the tenant's, and its senders are confirmed.
    """
    async with runtime.database.reading() as connection:
        row = await store.by_id(connection, tenant_id, domain_id)
        if row is None:
            return
        keys = await store.keys_of(connection, tenant_id, [domain_id])
        sending = await sending_host(runtime, connection, tenant_id)
    records = wanted_records(runtime.settings, row, keys, sending, None)
    now = runtime.now()
    dns = Dns(runtime.settings.dns_servers)
    checks = await domain_checks.check(
        dns,
        row["name"],
        records,
        sending,
        row["checks"],
        now,
        https_port=https_port(runtime.settings),
    )
    async with runtime.database.transaction() as connection:
        present = await store.get(connection, tenant_id, row["uuid"], lock=True)
        if present is None:
            return
        seen = await _take_over(connection, tenant_id, domain_id, records, checks, now)
        values = {
            "checks": seen,
            "checked_at": now,
            "next_check_at": now + _wait(keys, seen, now),
        }
        await store.change(connection, tenant_id, domain_id, values)
        if is_authenticated(seen):
            await senders.confirm_domain(connection, tenant_id, row["name"], now)
    log.info("domain_checked", domain_id=domain_id, missing=list(missing(seen)))


async def due_checks(connection: AsyncConnection, now: datetime) -> Sequence[Row]:
    """`tenant_id` and `id` of the domains to look at."""
    return await store.due(connection, now)


async def _take_over(
    connection: AsyncConnection,
    tenant_id: int,
    domain_id: int,
    records: Sequence[Wanted],
    checks: dict[str, dict[str, Any]],
    now: datetime,
) -> dict[str, dict[str, Any]]:
    """The findings, after the newest key whose record is seen has become the active one.

    The key before it is retired and its private half thrown away: nothing needs it any more.
    """
    selectors = {wanted.kind: wanted.selector for wanted in records}
    keys = await store.keys_of(connection, tenant_id, [domain_id])
    for kind in (RecordKind.DKIM_NEXT, RecordKind.DKIM):
        pending = [
            key
            for key in keys
            if key["state"] == KeyState.PENDING and key["selector"] == selectors.get(kind)
        ]
        if not pending or not is_valid(checks, kind):
            continue
        for key in keys:
            if key["state"] == KeyState.ACTIVE:
                retired = {"state": KeyState.RETIRED, "retired_at": now, "private_key_sealed": None}
                await store.change_key(connection, tenant_id, key["id"], retired)
        active = {"state": KeyState.ACTIVE, "activated_at": now}
        await store.change_key(connection, tenant_id, pending[0]["id"], active)
        rest = {key: value for key, value in checks.items() if key != RecordKind.DKIM_NEXT}
        return {**rest, str(RecordKind.DKIM): checks[kind]}
    return checks


def _wait(keys: Sequence[Row], checks: dict[str, Any], now: datetime) -> timedelta:
    """A new domain has a new key, and so has one whose key is being changed."""
    settled = all(check["state"] == RecordState.VALID for check in checks.values())
    is_old = all(now - key["created_at"] > SETTING_UP for key in keys)
    return LATER if settled or is_old else SOON


async def _new_key(runtime: Runtime, selector: str | None = None) -> dict[str, object]:
    """The columns of a new key. A selector of ours is new in the world: others may use the domain
    too."""
    if selector is not None:
        selector = parse_selector(selector)
    pair = await asyncio.to_thread(DkimKey.generate)
    return {
        "uuid": new_id(),
        "selector": selector or f"mw{runtime.now():%Y%m}{secrets.token_hex(3)}",
        "private_key_sealed": runtime.keys.seal(pair.private),
        "public_key": pair.public,
    }


async def _existing(
    connection: AsyncConnection, caller: Caller, domain_uuid: UUID, *, lock: bool = False
) -> Row:
    row = await store.get(connection, caller.tenant_id, domain_uuid, lock=lock)
    if row is None:
        raise NotFound("There is no such domain.")
    return row


async def _record(
    connection: AsyncConnection, caller: Caller, deed: str, row: Row, **more: object
) -> None:
    about = {"name": row["name"], **more}
    await audit.record(connection, caller, f"domain.{deed}", f"domain:{row['uuid']}", about)
