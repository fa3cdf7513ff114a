"""Senders: From names and addresses a tenant may write from."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, exists, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.store.rows import Row, every, maybe_one
from mailwright.store.tables import members, senders


def _is(tenant_id: int, sender_uuid: uuid.UUID) -> ColumnElement[bool]:
    return and_(senders.c.tenant_id == tenant_id, senders.c.uuid == sender_uuid)


async def add(
    connection: AsyncConnection, tenant_id: int, values: Mapping[str, object]
) -> Row | None:
    """The new row, or None when the tenant has a sender of that address already."""
    statement = (
        upsert(senders)
        .values(tenant_id=tenant_id, **values)
        .on_conflict_do_nothing(index_elements=["tenant_id", "email_key"])
        .returning(senders)
    )
    return await maybe_one(connection, statement)


async def get(connection: AsyncConnection, tenant_id: int, sender_uuid: uuid.UUID) -> Row | None:
    """One sender, or None."""
    return await maybe_one(connection, select(senders).where(_is(tenant_id, sender_uuid)))


async def by_id(connection: AsyncConnection, tenant_id: int, sender_id: int) -> Row | None:
    """One sender by its id, or None."""
    statement = select(senders).where(senders.c.tenant_id == tenant_id, senders.c.id == sender_id)
    return await maybe_one(connection, statement)


async def first_enabled(connection: AsyncConnection, tenant_id: int) -> Row | None:
    """The oldest sender that may be used, or None."""
    usable = and_(
        senders.c.tenant_id == tenant_id, senders.c.enabled, senders.c.confirmed_at.is_not(None)
    )
    return await maybe_one(
        connection, select(senders).where(usable).order_by(senders.c.id).limit(1)
    )


#: What people may sort by.
ORDERS: Mapping[str, ColumnElement[Any]] = {
    "email": senders.c.email_key,
    "name": func.lower(senders.c.name),
    "confirmed": senders.c.confirmed_at.is_not(None),
}


async def page(
    connection: AsyncConnection,
    tenant_id: int,
    *,
    enabled_only: bool,
    order: str = "email",
    descending: bool = False,
    limit: int,
    offset: int,
) -> tuple[Sequence[Row], int]:
    """Senders in an order of ORDERS, and how many there are in all."""
    mine = senders.c.tenant_id == tenant_id
    if enabled_only:
        mine = and_(mine, senders.c.enabled)
    by = ORDERS[order].desc() if descending else ORDERS[order]
    found = select(senders).where(mine).order_by(by, senders.c.email_key)
    found = found.limit(limit).offset(offset)
    total = select(func.count()).select_from(senders).where(mine)
    return await every(connection, found), (await connection.execute(total)).scalar_one()


async def change(
    connection: AsyncConnection,
    tenant_id: int,
    sender_uuid: uuid.UUID,
    values: Mapping[str, object],
) -> Row | None:
    """The row with `values` set, or None."""
    statement = (
        update(senders)
        .where(_is(tenant_id, sender_uuid))
        .values(**values, updated_at=func.now())
        .returning(senders)
    )
    return await maybe_one(connection, statement)


async def confirm_domain(
    connection: AsyncConnection, tenant_id: int, domain: str, now: datetime
) -> None:
    """Confirms and enables every sender of that domain who waited for it."""
    of_domain = func.split_part(senders.c.email_key, "@", -1) == domain
    waiting = and_(senders.c.tenant_id == tenant_id, senders.c.confirmed_at.is_(None), of_domain)
    await connection.execute(
        update(senders).where(waiting).values(confirmed_at=now, enabled=True, updated_at=now)
    )


async def remove(connection: AsyncConnection, tenant_id: int, sender_uuid: uuid.UUID) -> bool:
    """Whether there was one to delete. One that a campaign uses raises IntegrityError."""
    result = await connection.execute(delete(senders).where(_is(tenant_id, sender_uuid)))
    return result.rowcount > 0


async def is_members_address(connection: AsyncConnection, tenant_id: int, email_key: str) -> bool:
    """Whether somebody with this address is a member of the tenant, and more than invited."""
    theirs = and_(members.c.tenant_id == tenant_id, members.c.email_key == email_key)
    statement = select(exists().where(theirs, members.c.invited_at.is_(None)))
    return bool((await connection.execute(statement)).scalar_one())
