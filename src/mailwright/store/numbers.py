"""The numbers of things: the `id` of a row, for vendors whose ids are integers."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Column, select
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.store import tables
from mailwright.store.rows import every

#: The numbers of each noun; a mail's is that of its row of the ledger.
NUMBERS: Mapping[str, Column[Any]] = {
    "campaign": tables.campaigns.c.id,
    "contact": tables.contacts.c.id,
    "email": tables.emails.c.message_id,
    "link": tables.campaign_links.c.id,
    "list": tables.lists.c.id,
    "segment": tables.segments.c.id,
    "sender": tables.senders.c.id,
    "template": tables.templates.c.id,
    "user": tables.members.c.id,
    "webhook": tables.webhook_endpoints.c.id,
}


async def uuid_of(
    connection: AsyncConnection, tenant_id: int, noun: str, number: int
) -> uuid.UUID | None:
    """The public id of the tenant's thing of that number, or None."""
    ids = NUMBERS[noun]
    table = ids.table
    return await connection.scalar(
        select(table.c.uuid).where(table.c.tenant_id == tenant_id, ids == number)
    )


async def uuids_of(
    connection: AsyncConnection, tenant_id: int, noun: str, numbers: Collection[int]
) -> dict[int, uuid.UUID]:
    """The public ids of those of the numbers that are things of the tenant's."""
    ids = NUMBERS[noun]
    table = ids.table
    found = select(ids.label("id"), table.c.uuid).where(
        table.c.tenant_id == tenant_id, ids.in_(numbers)
    )
    return {row["id"]: row["uuid"] for row in await every(connection, found)}


async def numbers_of(
    connection: AsyncConnection, tenant_id: int, noun: str, uuids: Collection[uuid.UUID]
) -> dict[uuid.UUID, int]:
    """The numbers of those of the things that are the tenant's."""
    ids = NUMBERS[noun]
    table = ids.table
    found = select(table.c.uuid, ids.label("id")).where(
        table.c.tenant_id == tenant_id, table.c.uuid.in_(uuids)
    )
    return {row["uuid"]: row["id"] for row in await every(connection, found)}
