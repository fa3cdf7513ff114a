"""Saved rules over contacts, with their last known counts."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.store.rows import AnySelect, Row, every, maybe_one
from mailwright.store.tables import campaign_links, campaigns, lists, segments

_COLUMNS = (
    segments.c.id,
    segments.c.uuid,
    segments.c.name,
    segments.c.list_id,
    segments.c.rule,
    segments.c.origin,
    segments.c.contacts_count,
    segments.c.contacts_count_calculated_at,
    segments.c.created_at,
    segments.c.updated_at,
)


#: The columns of a segment that a page can be in the order of.
ORDERS = {
    "id": segments.c.id,
    "name": segments.c.name,
    "created_at": segments.c.created_at,
}


def whole_rule(row: Row) -> dict[str, Any]:
    """What the segment's rule comes to: a segment of a list fits only people on that list."""
    if row["list_uuid"] is None:
        return row["rule"]
    on_list = {"field": "list", "op": "eq", "value": str(row["list_uuid"])}
    return {"all": [on_list, row["rule"]]} if row["rule"] else on_list


def _rows() -> AnySelect:
    """Segments with the `list_uuid` of the list they are of, if they are."""
    whose = (lists.c.tenant_id == segments.c.tenant_id) & (lists.c.id == segments.c.list_id)
    return select(*_COLUMNS, lists.c.uuid.label("list_uuid")).outerjoin(lists, whose)


async def add(
    connection: AsyncConnection, tenant_id: int, values: Mapping[str, object]
) -> Row | None:
    """The new row, or None when the name is taken."""
    statement = (
        upsert(segments)
        .values(tenant_id=tenant_id, **values)
        .on_conflict_do_nothing(index_elements=["tenant_id", "list_id", "name"])
        .returning(segments.c.uuid)
    )
    made = await connection.scalar(statement)
    return None if made is None else await get(connection, tenant_id, made)


async def get(connection: AsyncConnection, tenant_id: int, segment_uuid: uuid.UUID) -> Row | None:
    """One segment, or None."""
    return await maybe_one(connection, _rows().where(_is(tenant_id, segment_uuid)))


async def rule_of(
    connection: AsyncConnection, tenant_id: int, segment_id: int
) -> dict[str, Any] | None:
    """What the segment's rule comes to, or None when there is no such segment."""
    mine = _rows().where(segments.c.tenant_id == tenant_id, segments.c.id == segment_id)
    row = await maybe_one(connection, mine)
    return None if row is None else whole_rule(row)


async def page(
    connection: AsyncConnection,
    tenant_id: int,
    *,
    search: str | None = None,
    list_id: int | None = None,
    order: str = "name",
    descending: bool = False,
    limit: int,
    offset: int,
) -> tuple[Sequence[Row], int]:
    """Segments in `order`, and how many there are in all.

    `list_id`: those of the list, and those of the whole tenant, which fit people of any list.
    """
    mine = segments.c.tenant_id == tenant_id
    if search:
        mine = and_(mine, segments.c.name.icontains(search, autoescape=True))
    if list_id is not None:
        mine = and_(mine, or_(segments.c.list_id == list_id, segments.c.list_id.is_(None)))
    column = ORDERS[order]
    by = (column.desc(), segments.c.id.desc()) if descending else (column, segments.c.id)
    found = _rows().where(mine).order_by(*by)
    total = select(func.count()).select_from(segments).where(mine)
    rows = await every(connection, found.limit(limit).offset(offset))
    return rows, (await connection.execute(total)).scalar_one()


async def usage(
    connection: AsyncConnection, tenant_id: int, segment_ids: Collection[int]
) -> Mapping[int, Row]:
    """For those of the segments that campaigns use: how many, and when one last began."""
    if not segment_ids:
        return {}
    statement = (
        select(
            campaigns.c.segment_id,
            func.count().label("campaigns_count"),
            func.max(campaigns.c.started_at).label("last_used_at"),
        )
        .where(campaigns.c.tenant_id == tenant_id, campaigns.c.segment_id.in_(segment_ids))
        .group_by(campaigns.c.segment_id)
    )
    return {row["segment_id"]: row for row in await every(connection, statement)}


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


async def known_links(
    connection: AsyncConnection, tenant_id: int, link_uuids: Collection[uuid.UUID]
) -> set[uuid.UUID]:
    """Those of the links that are in the tenant's campaigns."""
    statement = select(campaign_links.c.uuid).where(
        campaign_links.c.tenant_id == tenant_id, campaign_links.c.uuid.in_(link_uuids)
    )
    return {row["uuid"] for row in await every(connection, statement)}


def _is(tenant_id: int, segment_uuid: uuid.UUID) -> ColumnElement[bool]:
    return and_(segments.c.tenant_id == tenant_id, segments.c.uuid == segment_uuid)
