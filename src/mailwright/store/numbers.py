"""The numbers of things: the `id` of a row, for vendors whose ids are integers."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping

from sqlalchemy import Table, select
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.store import tables
from mailwright.store.rows import every

#: The table of each noun.
TABLES: Mapping[str, Table] = {
    "campaign": tables.campaigns,
    "contact": tables.contacts,
    "link": tables.campaign_links,
    "list": tables.lists,
    "segment": tables.segments,
    "sender": tables.senders,
    "template": tables.templates,
    "user": tables.members,
    "webhook": tables.webhook_endpoints,
}


async def uuid_of(
    connection: AsyncConnection, tenant_id: int, noun: str, number: int
) -> uuid.UUID | None:
    """The public id of the tenant's thing of that number, or None."""
    table = TABLES[noun]
    return await connection.scalar(
        select(table.c.uuid).where(table.c.tenant_id == tenant_id, table.c.id == number)
    )


async def uuids_of(
    connection: AsyncConnection, tenant_id: int, noun: str, numbers: Collection[int]
) -> dict[int, uuid.UUID]:
    """The public ids of those of the numbers that are things of the tenant's."""
    table = TABLES[noun]
    found = select(table.c.id, table.c.uuid).where(
        table.c.tenant_id == tenant_id, table.c.id.in_(numbers)
    )
    return {row["id"]: row["uuid"] for row in await every(connection, found)}


async def numbers_of(
    connection: AsyncConnection, tenant_id: int, noun: str, uuids: Collection[uuid.UUID]
) -> dict[uuid.UUID, int]:
    """The numbers of those of the things that are the tenant's."""
    table = TABLES[noun]
    found = select(table.c.uuid, table.c.id).where(
        table.c.tenant_id == tenant_id, table.c.uuid.in_(uuids)
    )
    return {row["uuid"]: row["id"] for row in await every(connection, found)}
