"""Members: people who sign in."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.store.rows import Row, every, maybe_one, only
from mailwright.store.tables import members

_COLUMNS = tuple(members.c)


def _is(tenant_id: int, member_id: int) -> ColumnElement[bool]:
    return and_(members.c.tenant_id == tenant_id, members.c.id == member_id)


def _is_owner() -> ColumnElement[bool]:
    return members.c.role == "owner"


async def add(
    connection: AsyncConnection, tenant_id: int, values: Mapping[str, object]
) -> Row | None:
    """The new row, or None when the tenant has a member of that address already."""
    statement = (
        upsert(members)
        .values(tenant_id=tenant_id, **values)
        .on_conflict_do_nothing(index_elements=["tenant_id", "email_key"])
    )
    return await maybe_one(connection, statement.returning(*_COLUMNS))


async def by_uuid(
    connection: AsyncConnection, tenant_id: int, member_uuid: uuid.UUID
) -> Row | None:
    """One member of the tenant, or None."""
    mine = and_(members.c.tenant_id == tenant_id, members.c.uuid == member_uuid)
    return await maybe_one(connection, select(*_COLUMNS).where(mine))


async def by_id(connection: AsyncConnection, tenant_id: int, member_id: int) -> Row | None:
    """One member of the tenant, or None."""
    return await maybe_one(connection, select(*_COLUMNS).where(_is(tenant_id, member_id)))


async def by_email(connection: AsyncConnection, email_key: str) -> Sequence[Row]:
    """The memberships of one person, in every tenant, oldest first. Signing in starts here."""
    found = select(*_COLUMNS).where(members.c.email_key == email_key)
    return await every(connection, found.order_by(members.c.tenant_id, members.c.id))


async def by_uuids(
    connection: AsyncConnection, tenant_id: int, uuids: Sequence[uuid.UUID]
) -> Sequence[Row]:
    """Those of the tenant's that are there."""
    mine = and_(members.c.tenant_id == tenant_id, members.c.uuid.in_(uuids))
    return await every(connection, select(members).where(mine))


async def page(
    connection: AsyncConnection,
    tenant_id: int,
    *,
    email_key: str | None = None,
    suspended: bool | None = None,
    invited: bool | None = None,
    limit: int,
    offset: int,
) -> tuple[Sequence[Row], int]:
    """The tenant's members by address, and how many there are in all."""
    mine = members.c.tenant_id == tenant_id
    if email_key is not None:
        mine = and_(mine, members.c.email_key == email_key)
    if suspended is not None:
        mine = and_(mine, members.c.suspended_at.is_not(None) == suspended)
    if invited is not None:
        mine = and_(mine, members.c.invited_at.is_not(None) == invited)
    found = select(*_COLUMNS).where(mine).order_by(members.c.email_key)
    total = select(func.count()).select_from(members).where(mine)
    rows = await every(connection, found.limit(limit).offset(offset))
    return rows, (await connection.execute(total)).scalar_one()


async def first_owner(connection: AsyncConnection, tenant_id: int) -> Row | None:
    """The owner who came first, or None; who is only invited has not come."""
    mine = and_(members.c.tenant_id == tenant_id, _is_owner(), members.c.invited_at.is_(None))
    found = select(*_COLUMNS).where(mine).order_by(members.c.id).limit(1)
    return await maybe_one(connection, found)


async def last_sign_in(connection: AsyncConnection, tenant_id: int) -> datetime | None:
    """When somebody of the tenant last signed in."""
    latest = select(func.max(members.c.last_sign_in_at)).where(members.c.tenant_id == tenant_id)
    return await connection.scalar(latest)


async def lock_owners(connection: AsyncConnection, tenant_id: int) -> None:
    """Until the transaction ends nobody else makes an owner less, or takes one away."""
    owners = select(members.c.id).where(members.c.tenant_id == tenant_id, _is_owner())
    await connection.execute(owners.order_by(members.c.id).with_for_update())


async def other_owners(connection: AsyncConnection, tenant_id: int, member_id: int) -> int:
    """How many owners the tenant has beside this one who can sign in."""
    others = and_(
        members.c.tenant_id == tenant_id,
        members.c.id != member_id,
        _is_owner(),
        members.c.suspended_at.is_(None),
        members.c.invited_at.is_(None),
    )
    statement = select(func.count()).select_from(members).where(others)
    return (await connection.execute(statement)).scalar_one()


async def change(
    connection: AsyncConnection, tenant_id: int, member_id: int, values: Mapping[str, object]
) -> Row:
    """The row with `values` set."""
    statement = update(members).where(_is(tenant_id, member_id)).values(**values)
    return await only(connection, statement.returning(*_COLUMNS))


async def remove(connection: AsyncConnection, tenant_id: int, member_id: int) -> None:
    """Deletes the member and their sessions."""
    await connection.execute(delete(members).where(_is(tenant_id, member_id)))


async def set_password(
    connection: AsyncConnection, tenant_id: int, member_id: int, password_hash: str | None
) -> None:
    """Replaces the hash; whoever was invited has come with it. None: no password fits."""
    values: dict[str, object] = {"password_hash": password_hash}
    if password_hash is not None:
        values["invited_at"] = None
    await connection.execute(update(members).where(_is(tenant_id, member_id)).values(**values))


async def signed_in(
    connection: AsyncConnection, tenant_id: int, member_id: int, now: datetime
) -> None:
    """Notes when the member was last here."""
    await connection.execute(
        update(members).where(_is(tenant_id, member_id)).values(last_sign_in_at=now)
    )
