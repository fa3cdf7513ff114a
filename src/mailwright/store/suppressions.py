"""Addresses a tenant must not mail, and why."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import and_, delete, func, literal_column, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.suppressed_address import stopped_by
from mailwright.store.rows import Row, every, maybe_one
from mailwright.store.tables import suppressions
from mailwright.store.webhook_bulk import Telling, json_object, telling

_COLUMNS = (
    suppressions.c.id,
    suppressions.c.uuid,
    suppressions.c.email_key,
    suppressions.c.reason,
    suppressions.c.scope,
    suppressions.c.source,
    suppressions.c.evidence,
    suppressions.c.created_at,
)


async def add(
    connection: AsyncConnection, tenant_id: int, values: Mapping[str, object]
) -> Row | None:
    """The new row, or None when the address is suppressed in that scope already."""
    statement = (
        upsert(suppressions)
        .values(tenant_id=tenant_id, **values)
        .on_conflict_do_nothing(index_elements=["tenant_id", "email_key", "scope"])
        .returning(*_COLUMNS)
    )
    return await maybe_one(connection, statement)


async def add_all(
    connection: AsyncConnection, tenant_id: int, rows: Sequence[Mapping[str, object]]
) -> Sequence[Row]:
    """Those of the rows that are new; what is suppressed in that scope already is passed over."""
    statement = (
        upsert(suppressions)
        .values([{"tenant_id": tenant_id, **row} for row in rows])
        .on_conflict_do_nothing(index_elements=["tenant_id", "email_key", "scope"])
        .returning(*_COLUMNS)
    )
    return await every(connection, statement)


async def of_address(connection: AsyncConnection, tenant_id: int, email_key: str) -> Sequence[Row]:
    """The suppressions that stop one address, oldest first: its own and those of patterns."""
    keys = stopped_by(email_key)
    statement = (
        select(*_COLUMNS)
        .where(suppressions.c.tenant_id == tenant_id, suppressions.c.email_key.in_(keys))
        .order_by(suppressions.c.id)
    )
    return await every(connection, statement)


async def get(
    connection: AsyncConnection, tenant_id: int, suppression_uuid: uuid.UUID
) -> Row | None:
    """One suppression, or None."""
    mine = and_(suppressions.c.tenant_id == tenant_id, suppressions.c.uuid == suppression_uuid)
    return await maybe_one(connection, select(*_COLUMNS).where(mine))


async def page(
    connection: AsyncConnection,
    tenant_id: int,
    *,
    search: str | None,
    email_key: str | None = None,
    reason: str | None,
    limit: int,
    offset: int,
) -> tuple[Sequence[Row], int]:
    """Suppressions, newest first, and how many there are. `search` opens the address."""
    mine = suppressions.c.tenant_id == tenant_id
    if reason:
        mine = and_(mine, suppressions.c.reason == reason)
    if email_key is not None:
        mine = and_(mine, suppressions.c.email_key == email_key)
    if search:
        mine = and_(mine, suppressions.c.email_key.startswith(search, autoescape=True))
    found = select(*_COLUMNS).where(mine).order_by(suppressions.c.id.desc())
    total = select(func.count()).select_from(suppressions).where(mine)
    rows = await every(connection, found.limit(limit).offset(offset))
    return rows, (await connection.execute(total)).scalar_one()


async def has_erased(connection: AsyncConnection, tenant_id: int) -> bool:
    """Whether anybody at all was erased."""
    is_erased = suppressions.c.reason == literal_column("'erased'")  # as the index says it
    found = select(suppressions.c.id).where(suppressions.c.tenant_id == tenant_id, is_erased)
    return await connection.scalar(found.limit(1)) is not None


async def among(
    connection: AsyncConnection, tenant_id: int, email_keys: Collection[str]
) -> Sequence[str]:
    """Which of these keys are suppressed, whatever for."""
    mine = (suppressions.c.tenant_id == tenant_id, suppressions.c.email_key.in_(email_keys))
    return (await connection.execute(select(suppressions.c.email_key).where(*mine))).scalars().all()


async def count(connection: AsyncConnection, tenant_id: int) -> int:
    """How many there are."""
    mine = suppressions.c.tenant_id == tenant_id
    statement = select(func.count()).select_from(suppressions).where(mine)
    return (await connection.execute(statement)).scalar_one()


async def after(
    connection: AsyncConnection, tenant_id: int, *, after_id: int, limit: int
) -> Sequence[Row]:
    """The next ones after an id, oldest first."""
    mine = and_(suppressions.c.tenant_id == tenant_id, suppressions.c.id > after_id)
    found = select(*_COLUMNS).where(mine).order_by(suppressions.c.id).limit(limit)
    return await every(connection, found)


async def remove(
    connection: AsyncConnection, tenant_id: int, suppression_uuid: uuid.UUID
) -> Row | None:
    """The row that was there, or None."""
    statement = (
        delete(suppressions)
        .where(suppressions.c.tenant_id == tenant_id, suppressions.c.uuid == suppression_uuid)
        .returning(*_COLUMNS)
    )
    return await maybe_one(connection, statement)


async def remove_wave(
    connection: AsyncConnection,
    tenant_id: int,
    reason: str,
    since: datetime,
    until: datetime | None,
    told: Telling | None = None,
) -> int:
    """Deletes the suppressions of that reason made in that time; how many there were.

    `told`: to whoever listens, in the same statement.
    """
    statement = delete(suppressions).where(
        suppressions.c.tenant_id == tenant_id,
        suppressions.c.reason == reason,
        suppressions.c.created_at >= since,
    )
    if until is not None:
        statement = statement.where(suppressions.c.created_at <= until)
    if told is None:
        return (await connection.execute(statement)).rowcount
    gone = statement.returning(*_COLUMNS).cte("gone")
    what = gone.c
    data = json_object(
        *("suppression_uuid", what.uuid, "email", what.email_key, "reason", what.reason),
        *("scope", what.scope, "source", what.source),
    )
    count = select(func.count()).select_from(gone)
    return (await connection.execute(count.add_cte(telling(told, gone, data).cte()))).scalar_one()
