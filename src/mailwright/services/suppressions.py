"""Suppressions: addresses a tenant must not mail, whatever else says so.

They are of addresses, not of contacts: they outlive the contact, hold for one that is imported
later, and only removing the suppression itself lifts it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.email_address import EmailAddress, email_key_of
from mailwright.domain.ids import new_id
from mailwright.errors import Conflict, InvalidInput, NotFound
from mailwright.services.caller import Caller
from mailwright.services.paging import Page, Paged
from mailwright.services.runtime import Runtime
from mailwright.store import suppressions as store
from mailwright.store.rows import Row

REASONS = ("bounce", "complaint", "unsubscribe", "manual", "erased")
SCOPES = ("all", "marketing")


@dataclass(frozen=True, slots=True)
class SuppressionView:
    """An address that is not mailed; scope `all`: by nobody, `marketing`: not by campaigns."""

    uuid: UUID
    email: str
    reason: str
    scope: str
    source: str | None
    created_at: datetime


async def add_suppression(
    runtime: Runtime, caller: Caller, email: str, *, reason: str = "manual", scope: str = "all"
) -> SuppressionView:
    """The address is not mailed from now on. Raises Conflict when it is suppressed already."""
    caller.require("suppressions:write")
    address = EmailAddress.parse(email)
    _one_of("reason", reason, REASONS)
    _one_of("scope", scope, SCOPES)
    async with runtime.database.transaction() as connection:
        row = await suppress(
            connection,
            caller.tenant_id,
            address.key,
            reason=reason,
            scope=scope,
            source=caller.actor,
        )
    if row is None:
        raise Conflict("The address is suppressed already.", code="DUPLICATE_RESOURCE")
    return _view(row)


async def page_suppressions(
    runtime: Runtime, caller: Caller, page: Page, *, search: str | None = None
) -> Paged[SuppressionView]:
    """Suppressions, newest first. `search`: the start of an address."""
    caller.require("suppressions:read")
    async with runtime.database.reading() as connection:
        rows, total = await store.page(
            connection,
            caller.tenant_id,
            search=_address_start(search),
            limit=page.per_page,
            offset=page.offset,
        )
    return Paged([_view(row) for row in rows], total, page)


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


async def suppress(
    connection: AsyncConnection,
    tenant_id: int,
    email_key: str,
    *,
    reason: str,
    scope: str,
    source: str | None,
) -> Row | None:
    """Suppresses in the caller's transaction; None when it was so already."""
    values = {
        "uuid": new_id(),
        "email_key": email_key,
        "reason": reason,
        "scope": scope,
        "source": source,
    }
    return await store.add(connection, tenant_id, values)


async def is_suppressed(
    connection: AsyncConnection, tenant_id: int, email_key: str, *, marketing: bool
) -> bool:
    """Whether the address must not be mailed; `marketing`: by a campaign."""
    rows = await store.of_address(connection, tenant_id, email_key)
    return any(marketing or row["scope"] == "all" for row in rows)


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
        created_at=row["created_at"],
    )
