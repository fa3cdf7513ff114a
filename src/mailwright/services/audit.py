"""The audit log: who did what that only some may do. Appended, chained, never changed (SEC-30)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.audit_chain import FIRST, entry_hash
from mailwright.errors import InvalidInput
from mailwright.services.caller import Caller
from mailwright.services.runtime import Runtime
from mailwright.store import audit_log as store
from mailwright.store.rows import Row

VERIFIED_AT_ONCE = 5_000  # entries


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One deed. `subject`: what it was done to, as `noun:uuid`; `hash` covers those before."""

    number: int
    at: datetime
    actor: str
    door: str
    action: str
    subject: str | None
    details: dict[str, Any]
    hash: str


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Entries, the newest first; `next_cursor` reads on from their end, None at the last."""

    items: Sequence[AuditEntry]
    per_page: int
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a tenant's log is as it was written. `broken_at`: the first entry that is not."""

    entries: int
    broken_at: int | None = None


async def record(
    connection: AsyncConnection,
    caller: Caller,
    action: str,
    subject: str | None = None,
    details: Mapping[str, object] | None = None,
) -> None:
    """Writes down that `caller` did `action`, in the transaction of the deed itself.

    Call it last: from here until the commit the tenant's other entries wait. `action` is
    `noun.verb`; `details` are JSON without floats, secrets or addresses of recipients, because
    nothing here can ever be erased.
    """
    head = await store.take_head(connection, caller.tenant_id, first_hash=FIRST)
    entry: dict[str, Any] = {
        "number": head["entries"] + 1,
        "at": head["now"],
        "actor": caller.actor,
        "door": str(caller.door),
        "action": action,
        "subject": subject,
        "details": dict(details or {}),
    }
    entry["hash"] = entry_hash(head["hash"], entry)
    await store.append(connection, caller.tenant_id, entry)


async def page_audit_log(
    runtime: Runtime,
    caller: Caller,
    *,
    cursor: str | None = None,
    action: str | None = None,
    per_page: int,
) -> AuditPage:
    """Entries, the newest first. `action`: the start of one, such as `project.`.

    Raises InvalidInput for a cursor that is none.
    """
    caller.require("audit-log:read")
    number = _position(cursor)
    async with runtime.database.reading() as connection:
        rows = await store.before(
            connection, caller.tenant_id, number, action=action, limit=per_page + 1
        )
    shown = rows[:per_page]
    more = str(shown[-1]["number"]) if len(rows) > per_page else None
    return AuditPage([_view(row) for row in shown], per_page, more)


async def verify_audit_log(runtime: Runtime, tenant_id: int) -> Verdict:
    """Reads a tenant's whole chain; what was changed, added or taken away shows.

    Others may write meanwhile: the end is looked up before, when nothing may be missing up to it,
    and after, when nothing may stand behind it.
    """
    previous, number = FIRST, 0
    async with runtime.database.reading() as connection:
        least, _ = await _end(connection, tenant_id)
        while rows := await store.after(connection, tenant_id, number, limit=VERIFIED_AT_ONCE):
            for row in rows:
                number += 1
                if row["number"] != number or row["hash"] != entry_hash(previous, row):
                    return Verdict(number, broken_at=number)
                previous = row["hash"]
        most, last_hash = await _end(connection, tenant_id)
    if number < least:
        return Verdict(number, broken_at=number + 1)
    if most < number or (most == number and last_hash != previous):
        return Verdict(number, broken_at=number)
    return Verdict(number)


async def broken_logs(runtime: Runtime) -> list[str]:
    """The slugs of the tenants whose log is not as it was written."""
    async with runtime.database.reading() as connection:
        tenants = await store.tenants_with_entries(connection)
    return [
        tenant["slug"]
        for tenant in tenants
        if (await verify_audit_log(runtime, tenant["id"])).broken_at is not None
    ]


async def _end(connection: AsyncConnection, tenant_id: int) -> tuple[int, bytes]:
    head = await store.head(connection, tenant_id)
    return (head["entries"], head["hash"]) if head else (0, FIRST)


def _position(cursor: str | None) -> int | None:
    if not cursor:
        return None
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) <= 18):
        raise InvalidInput.field("cursor", "Use a next_cursor as it was given.")
    return int(cursor)


def _view(row: Row) -> AuditEntry:
    return AuditEntry(
        number=row["number"],
        at=row["at"],
        actor=row["actor"],
        door=row["door"],
        action=row["action"],
        subject=row["subject"],
        details=row["details"],
        hash=row["hash"].hex(),
    )
