"""The audit log: entries of a tenant in one chain, and where it ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.store.rows import Row, every, maybe_one, only
from mailwright.store.tables import audit_heads, audit_log, tenants


async def take_head(connection: AsyncConnection, tenant_id: int, *, first_hash: bytes) -> Row:
    """The chain's end, this transaction's until it ends: `entries`, `hash` and the time `now`.

    Who takes it should do nothing slow afterwards: the tenant's other entries wait.
    """
    statement = upsert(audit_heads).values(tenant_id=tenant_id, hash=first_hash)
    statement = statement.on_conflict_do_update(
        index_elements=["tenant_id"], set_={"entries": audit_heads.c.entries}
    )
    now = func.clock_timestamp().label("now")
    return await only(
        connection, statement.returning(audit_heads.c.entries, audit_heads.c.hash, now)
    )


async def append(connection: AsyncConnection, tenant_id: int, entry: Mapping[str, object]) -> None:
    """Adds the entry and moves the end; its `number` is one more than the head's `entries`."""
    await connection.execute(insert(audit_log).values(tenant_id=tenant_id, **entry))
    await connection.execute(
        update(audit_heads)
        .where(audit_heads.c.tenant_id == tenant_id)
        .values(entries=entry["number"], hash=entry["hash"])
    )


async def before(
    connection: AsyncConnection,
    tenant_id: int,
    number: int | None,
    *,
    action: str | None = None,
    limit: int,
) -> Sequence[Row]:
    """The entries before `number` (None: all), the newest first."""
    found = select(audit_log).where(audit_log.c.tenant_id == tenant_id)
    if number is not None:
        found = found.where(audit_log.c.number < number)
    if action is not None:
        found = found.where(audit_log.c.action.startswith(action, autoescape=True))
    return await every(connection, found.order_by(audit_log.c.number.desc()).limit(limit))


async def after(
    connection: AsyncConnection, tenant_id: int, number: int, *, limit: int
) -> Sequence[Row]:
    """The entries after `number` in their order."""
    found = select(audit_log).where(audit_log.c.tenant_id == tenant_id, audit_log.c.number > number)
    return await every(connection, found.order_by(audit_log.c.number).limit(limit))


async def head(connection: AsyncConnection, tenant_id: int) -> Row | None:
    """Where the chain should end: `entries` and `hash`; None before the first entry."""
    statement = select(audit_heads.c.entries, audit_heads.c.hash)
    return await maybe_one(connection, statement.where(audit_heads.c.tenant_id == tenant_id))


async def tenants_with_entries(connection: AsyncConnection) -> Sequence[Row]:
    """`id` and `slug` of every tenant, oldest first."""
    return await every(connection, select(tenants.c.id, tenants.c.slug).order_by(tenants.c.id))
