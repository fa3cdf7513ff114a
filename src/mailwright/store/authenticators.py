"""Programs that show one-time codes, and recovery codes by their keyed hashes."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.store.rows import Row, every, maybe_one, only
from mailwright.store.tables import authenticators, recovery_codes


def _of(tenant_id: int, member_id: int) -> ColumnElement[bool]:
    return and_(authenticators.c.tenant_id == tenant_id, authenticators.c.member_id == member_id)


def _codes_of(tenant_id: int, member_id: int) -> ColumnElement[bool]:
    return and_(recovery_codes.c.tenant_id == tenant_id, recovery_codes.c.member_id == member_id)


async def add(connection: AsyncConnection, tenant_id: int, values: Mapping[str, object]) -> Row:
    """The new row."""
    statement = insert(authenticators).values(tenant_id=tenant_id, **values)
    return await only(connection, statement.returning(authenticators))


async def of_member(connection: AsyncConnection, tenant_id: int, member_id: int) -> Sequence[Row]:
    """A member's authenticators, oldest first, those not yet activated among them."""
    found = select(authenticators).where(_of(tenant_id, member_id))
    return await every(connection, found.order_by(authenticators.c.id))


async def one_of_member(
    connection: AsyncConnection, tenant_id: int, member_id: int, authenticator_uuid: uuid.UUID
) -> Row | None:
    """One of them, or None."""
    mine = and_(_of(tenant_id, member_id), authenticators.c.uuid == authenticator_uuid)
    return await maybe_one(connection, select(authenticators).where(mine))


async def activate(
    connection: AsyncConnection, tenant_id: int, authenticator_id: int, now: datetime
) -> None:
    """From now on its codes are asked for."""
    mine = and_(authenticators.c.tenant_id == tenant_id, authenticators.c.id == authenticator_id)
    await connection.execute(update(authenticators).where(mine).values(activated_at=now))


async def take_step(
    connection: AsyncConnection, tenant_id: int, authenticator_id: int, step: int
) -> bool:
    """Whether the code of that time step was not used before; it is now."""
    mine = and_(
        authenticators.c.tenant_id == tenant_id,
        authenticators.c.id == authenticator_id,
        authenticators.c.last_step < step,
    )
    result = await connection.execute(update(authenticators).where(mine).values(last_step=step))
    return result.rowcount > 0


async def remove(connection: AsyncConnection, tenant_id: int, authenticator_id: int) -> None:
    """Deletes one."""
    mine = and_(authenticators.c.tenant_id == tenant_id, authenticators.c.id == authenticator_id)
    await connection.execute(delete(authenticators).where(mine))


async def remove_unfinished(connection: AsyncConnection, tenant_id: int, member_id: int) -> None:
    """Deletes those of a member that were never activated."""
    waiting = authenticators.c.activated_at.is_(None)
    await connection.execute(delete(authenticators).where(_of(tenant_id, member_id), waiting))


async def remove_all(connection: AsyncConnection, tenant_id: int, member_id: int) -> None:
    """Deletes a member's authenticators and recovery codes."""
    await connection.execute(delete(authenticators).where(_of(tenant_id, member_id)))
    await connection.execute(delete(recovery_codes).where(_codes_of(tenant_id, member_id)))


async def replace_codes(
    connection: AsyncConnection, tenant_id: int, member_id: int, hashes: Iterable[bytes]
) -> None:
    """Puts new recovery codes in the place of the old ones."""
    await connection.execute(delete(recovery_codes).where(_codes_of(tenant_id, member_id)))
    rows = [
        {"tenant_id": tenant_id, "member_id": member_id, "code_hash": code_hash}
        for code_hash in hashes
    ]
    await connection.execute(insert(recovery_codes), rows)


async def take_code(
    connection: AsyncConnection, tenant_id: int, member_id: int, code_hash: bytes
) -> bool:
    """Whether it was one of the member's recovery codes; it is none any more."""
    mine = and_(_codes_of(tenant_id, member_id), recovery_codes.c.code_hash == code_hash)
    return (await connection.execute(delete(recovery_codes).where(mine))).rowcount > 0
