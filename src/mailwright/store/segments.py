"""Saved rules over contacts, with their last known counts."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.store.rows import Row, every, maybe_one
from mailwright.store.tables import campaigns, segments

_COLUMNS = (
    segments.c.id,
    segments.c.uuid,
    segments.c.name,
    segments.c.rule,
    segments.c.contacts_count,
    segments.c.contacts_count_calculated_at,
    segments.c.created_at,
    segments.c.updated_at,
)


async def add(
    connection: AsyncConnection, tenant_id: int, values: Mapping[str, object]
) -> Row | None:
    """The new row, or None when the name is taken."""
    statement = (
        upsert(segments)
        .values(tenant_id=tenant_id, **values)
        .on_conflict_do_nothing(index_elements=["tenant_id", "name"])
        .returning(*_COLUMNS)
    )
    return await maybe_one(connection, statement)


async def get(connection: AsyncConnection, tenant_id: int, segment_uuid: uuid.UUID) -> Row | None:
    """One segment, or None."""
    return await maybe_one(connection, select(*_COLUMNS).where(_is(tenant_id, segment_uuid)))


async def page(
    connection: AsyncConnection, tenant_id: int, *, search: str | None, limit: int, offset: int
) -> tuple[Sequence[Row], int]:
    """Segments by name, and how many there are in all."""
    mine = segments.c.tenant_id == tenant_id
    if search:
        mine = and_(mine, segments.c.name.icontains(search, autoescape=True))
    found = select(*_COLUMNS).where(mine).order_by(segments.c.name, segments.c.id)
    total = select(func.count()).select_from(segments).where(mine)
    rows = await every(connection, found.limit(limit).offset(offset))
    return rows, (await connection.execute(total)).scalar_one()


async def change(
    connection: AsyncConnection, tenant_id: int, segment_id: int, values: Mapping[str, object]
) -> None:
    """Sets `values` on the segment. A name that is taken raises IntegrityError."""
    await connection.execute(
        update(segments)
        .where(segments.c.tenant_id == tenant_id, segments.c.id == segment_id)
        .values(**values, updated_at=func.now())
    )


async def save_count(
    connection: AsyncConnection, tenant_id: int, segment_id: int, count: int, at: datetime
) -> None:
    """Keeps the count until the next one."""
    await connection.execute(
        update(segments)
        .where(segments.c.tenant_id == tenant_id, segments.c.id == segment_id)
        .values(contacts_count=count, contacts_count_calculated_at=at)
    )


async def remove(connection: AsyncConnection, tenant_id: int, segment_id: int) -> None:
    """Deletes the segment. One that a campaign uses raises IntegrityError."""
    await connection.execute(
        delete(segments).where(segments.c.tenant_id == tenant_id, segments.c.id == segment_id)
    )


async def known_campaigns(
    connection: AsyncConnection, tenant_id: int, campaign_uuids: Collection[uuid.UUID]
) -> set[uuid.UUID]:
    """Those of the campaigns that are the tenant's."""
    statement = select(campaigns.c.uuid).where(
        campaigns.c.tenant_id == tenant_id, campaigns.c.uuid.in_(campaign_uuids)
    )
    return {row["uuid"] for row in await every(connection, statement)}


def _is(tenant_id: int, segment_uuid: uuid.UUID) -> ColumnElement[bool]:
    return and_(segments.c.tenant_id == tenant_id, segments.c.uuid == segment_uuid)
