"""Suppressions: addresses a tenant must not mail, whatever else says so.

They are of addresses, of all at a domain (`*@example.com`) or of a name anywhere (`noreply@*`), not
of contacts: they outlive the contact, hold for one that is imported later, and only removing the
suppression itself lifts it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.email_address import email_key_of
from mailwright.domain.ids import new_id
from mailwright.domain.suppressed_address import is_pattern, parse_suppressed
from mailwright.domain.webhook_event import EventType
from mailwright.errors import Conflict, InvalidInput, NotFound
from mailwright.services import audit, webhook_events
from mailwright.services.caller import Caller
from mailwright.services.paging import Page, Paged
from mailwright.services.runtime import Runtime
from mailwright.services.webhook_events import Fact
from mailwright.store import suppressions as store
from mailwright.store.rows import Row

REASONS = ("bounce", "complaint", "unsubscribe", "manual", "erased")
SCOPES = ("all", "marketing")
#: The columns of a file of them.
EXPORTED = ("email", "reason", "scope", "source", "created_at")
BULK_MAX = 1_000  # addresses a call
#: What a wave can be: mistakes of servers and of people. Somebody's own wish is none.
UNDOABLE = ("bounce", "manual")


@dataclass(frozen=True, slots=True)
class SuppressionView:
    """An address that is not mailed; scope `all`: by nobody, `marketing`: not by campaigns.

    `source`: who or what did it; `evidence`: how we know, such as the server's reply.
    """

    uuid: UUID
    email: str
    reason: str
    scope: str
    source: str | None
    evidence: dict[str, Any] | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class NewSuppression:
    """An address to leave alone, and why."""

    email: str
    reason: str = "manual"
    scope: str = "all"


@dataclass(frozen=True, slots=True)
class RejectedAddress:
    """A row of a bulk call that could not be taken; `index` counts from 0."""

    index: int
    email: str
    message: str


@dataclass(frozen=True, slots=True)
class BulkSuppressed:
    """What became of a bulk call. `present`: suppressed in that scope already."""

    added: int
    present: int
    rejected: list[RejectedAddress]


@dataclass(frozen=True, slots=True)
class WaveUndone:
    """How many suppressions were lifted."""

    removed: int


async def add_suppression(
    runtime: Runtime, caller: Caller, email: str, *, reason: str = "manual", scope: str = "all"
) -> SuppressionView:
    """The address is not mailed from now on; `*@domain`, `name@*`: none that fits.

    Raises InvalidInput, Conflict when it is suppressed already.
    """
    caller.require("suppressions:write")
    key = parse_suppressed(email)
    _one_of("reason", reason, REASONS)
    _one_of("scope", scope, SCOPES)
    async with runtime.database.transaction() as connection:
        row = await suppress(
            connection,
            caller.tenant_id,
            key,
            reason=reason,
            scope=scope,
            source=caller.actor,
            now=runtime.now(),
        )
        if row is None:
            raise Conflict("The address is suppressed already.", code="DUPLICATE_RESOURCE")
        await _record(connection, caller, "add", row)
    return _view(row)


async def add_suppressions(
    runtime: Runtime, caller: Caller, rows: Sequence[NewSuppression]
) -> BulkSuppressed:
    """Suppresses up to 1,000 addresses; a row that is wrong keeps none of the others back."""
    caller.require("suppressions:write")
    if not 1 <= len(rows) <= BULK_MAX:
        raise InvalidInput.field("suppressions", f"1 to {BULK_MAX} rows a call.")
    rejected: list[RejectedAddress] = []
    values: dict[tuple[str, str], dict[str, object]] = {}
    for index, row in enumerate(rows):
        try:
            key = parse_suppressed(row.email)
        except InvalidInput as error:
            rejected.append(RejectedAddress(index, row.email, error.message))
            continue
        values.setdefault(
            (key, row.scope),
            _values(key, reason=row.reason, scope=row.scope, source=caller.actor),
        )
    async with runtime.database.transaction() as connection:
        added = 0
        if values:
            # In one order for everybody, so that two calls cannot wait for each other for ever.
            ordered = [values[key] for key in sorted(values)]
            rows_added = await store.add_all(connection, caller.tenant_id, ordered)
            added = len(rows_added)
            facts = _facts(caller.tenant_id, rows_added, EventType.SUPPRESSION_ADDED, runtime.now())
            await webhook_events.emit(connection, facts)
        about = {"added": added, "rejected": len(rejected)}
        await audit.record(connection, caller, "suppression.bulk-add", None, about)
    return BulkSuppressed(added, len(rows) - len(rejected) - added, rejected)


async def page_suppressions(
    runtime: Runtime,
    caller: Caller,
    page: Page,
    *,
    search: str | None = None,
    email: str | None = None,
    reason: str | None = None,
) -> Paged[SuppressionView]:
    """Suppressions, newest first. `search`: the start of an address; `email`: all of it."""
    caller.require("suppressions:read")
    async with runtime.database.reading() as connection:
        rows, total = await store.page(
            connection,
            caller.tenant_id,
            search=_address_start(search),
            email_key=email_key_of(email) if email is not None else None,
            reason=reason,
            limit=page.per_page,
            offset=page.offset,
        )
    return Paged([_view(row) for row in rows], total, page)


async def get_suppression(
    runtime: Runtime, caller: Caller, suppression_uuid: UUID
) -> SuppressionView:
    """One suppression with its evidence. Raises NotFound."""
    caller.require("suppressions:read")
    async with runtime.database.reading() as connection:
        row = await store.get(connection, caller.tenant_id, suppression_uuid)
    if row is None:
        raise NotFound("There is no such suppression.")
    return _view(row)


async def remove_suppression(runtime: Runtime, caller: Caller, suppression_uuid: UUID) -> None:
    """The address may be mailed again. Raises NotFound; Conflict when the person was erased."""
    caller.require("suppressions:write")
    async with runtime.database.transaction() as connection:
        row = await store.remove(connection, caller.tenant_id, suppression_uuid)
        if row is None:
            raise NotFound("There is no such suppression.")
        if row["reason"] == "erased":
            raise Conflict(
                "The person asked to be forgotten; this suppression stays.",
                code="SUPPRESSION_PERMANENT",
            )
        facts = _facts(caller.tenant_id, [row], EventType.SUPPRESSION_REMOVED, runtime.now())
        await webhook_events.emit(connection, facts)
        await _record(connection, caller, "remove", row)


async def undo_wave(
    runtime: Runtime,
    caller: Caller,
    *,
    reason: str,
    since: datetime,
    until: datetime | None = None,
) -> WaveUndone:
    """Lifts what was suppressed for that reason since then, and before `until` if that is given.

    Providers do refuse everybody for an hour. Raises InvalidInput for a reason that is the
    person's own wish: nobody undoes unsubscribes and complaints by the dozen.
    """
    caller.require("suppressions:write")
    if reason not in UNDOABLE:
        raise InvalidInput.field(
            "reason", f"Only {' and '.join(UNDOABLE)} can be undone; the rest people asked for."
        )
    if until is not None and since > until:
        raise InvalidInput.field("since", "That is after `until`.")
    async with runtime.database.transaction() as connection:
        type_ = EventType.SUPPRESSION_REMOVED
        told = await webhook_events.telling(connection, caller.tenant_id, type_, runtime.now())
        removed = await store.remove_wave(connection, caller.tenant_id, reason, since, until, told)
        about = {"reason": reason, "removed": removed, "since": since.isoformat()}
        await audit.record(connection, caller, "suppression.undo", None, about)
    return WaveUndone(removed)


def cells(row: Row) -> list[object]:
    """A row of that file."""
    at = row["created_at"].astimezone(UTC).isoformat(timespec="seconds")
    told = (row["email_key"], row["reason"], row["scope"], row["source"] or "")
    return [*told, at.replace("+00:00", "Z")]


async def suppress(
    connection: AsyncConnection,
    tenant_id: int,
    email_key: str,
    *,
    reason: str,
    scope: str,
    source: str | None,
    now: datetime,
    evidence: Mapping[str, object] | None = None,
) -> Row | None:
    """Suppresses in the caller's transaction; None when it was so already."""
    values = _values(email_key, reason=reason, scope=scope, source=source)
    row = await store.add(connection, tenant_id, {**values, "evidence": evidence})
    if row is not None:
        facts = _facts(tenant_id, [row], EventType.SUPPRESSION_ADDED, now)
        await webhook_events.emit(connection, facts)
    return row


async def lift_unsubscribe(
    connection: AsyncConnection, tenant_id: int, email_key: str, *, now: datetime
) -> None:
    """Takes back, in the caller's transaction, what the person themselves asked for."""
    for row in await store.of_address(connection, tenant_id, email_key):
        if (row["scope"], row["reason"]) == ("marketing", "unsubscribe"):
            await store.remove(connection, tenant_id, row["uuid"])
            facts = _facts(tenant_id, [row], EventType.SUPPRESSION_REMOVED, now)
            await webhook_events.emit(connection, facts)


async def is_suppressed(
    connection: AsyncConnection, tenant_id: int, email_key: str, *, marketing: bool
) -> bool:
    """Whether the address must not be mailed; `marketing`: by a campaign."""
    rows = await store.of_address(connection, tenant_id, email_key)
    return any(marketing or row["scope"] == "all" for row in rows)


def _values(email_key: str, *, reason: str, scope: str, source: str | None) -> dict[str, object]:
    return {
        "uuid": new_id(),
        "email_key": email_key,
        "pattern": is_pattern(email_key),
        "reason": reason,
        "scope": scope,
        "source": source,
    }


def _facts(tenant_id: int, rows: Sequence[Row], type_: EventType, at: datetime) -> list[Fact]:
    return [
        Fact(
            tenant_id,
            type_,
            at,
            data={
                "suppression_uuid": row["uuid"],
                "email": row["email_key"],
                "reason": row["reason"],
                "scope": row["scope"],
                "source": row["source"],
            },
        )
        for row in rows
    ]


async def _record(connection: AsyncConnection, caller: Caller, deed: str, row: Row) -> None:
    about = {"reason": row["reason"], "scope": row["scope"]}
    subject = f"suppression:{row['uuid']}"
    await audit.record(connection, caller, f"suppression.{deed}", subject, about)


def _address_start(search: str | None) -> str | None:
    words = (search or "").strip()
    return email_key_of(words) if words else None


def _one_of(field: str, word: str, words: tuple[str, ...]) -> None:
    if word not in words:
        raise InvalidInput.field(field, f"One of: {', '.join(words)}.")


def _view(row: Row) -> SuppressionView:
    return SuppressionView(
        uuid=row["uuid"],
        email=row["email_key"],
        reason=row["reason"],
        scope=row["scope"],
        source=row["source"],
        evidence=row["evidence"],
        created_at=row["created_at"],
    )
