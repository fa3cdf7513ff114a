"""Calls that must happen once: their keys, what was asked, and what was answered."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.store.rows import Row, maybe_one
from mailwright.store.tables import idempotency_keys as keys


async def claim(
    connection: AsyncConnection,
    tenant_id: int,
    key: str,
    request_hash: bytes,
    *,
    now: datetime,
    forgotten_before: datetime,
    abandoned_before: datetime,
) -> bool:
    """Whether the caller is the one to carry the call out.

    A key of before `forgotten_before` counts as new, and so does one whose call was begun before
    `abandoned_before` and never answered.
    """
    statement = upsert(keys).values(
        tenant_id=tenant_id, key=key, request_hash=request_hash, created_at=now
    )
    free = or_(
        keys.c.created_at < forgotten_before,
        and_(keys.c.response_status.is_(None), keys.c.created_at < abandoned_before),
    )
    claimed = statement.on_conflict_do_update(
        index_elements=["tenant_id", "key"],
        set_={
            "request_hash": request_hash,
            "response_status": None,
            "response_body": None,
            "created_at": now,
        },
        where=free,
    ).returning(keys.c.key)
    return await connection.scalar(claimed) is not None


async def get(connection: AsyncConnection, tenant_id: int, key: str) -> Row | None:
    """What is known of the key."""
    return await maybe_one(connection, select(keys).where(_is(tenant_id, key)))


async def answer(
    connection: AsyncConnection, tenant_id: int, key: str, status: int, body: bytes
) -> None:
    """Remembers the answer."""
    await connection.execute(
        update(keys).where(_is(tenant_id, key)).values(response_status=status, response_body=body)
    )


async def release(connection: AsyncConnection, tenant_id: int, key: str) -> None:
    """Nothing happened under this key: it may be used again."""
    await connection.execute(
        delete(keys).where(_is(tenant_id, key), keys.c.response_status.is_(None))
    )


async def forget(connection: AsyncConnection, tenant_id: int, before: datetime) -> None:
    """Deletes the tenant's keys of before this time."""
    await connection.execute(
        delete(keys).where(keys.c.tenant_id == tenant_id, keys.c.created_at < before)
    )


def _is(tenant_id: int, key: str) -> ColumnElement[bool]:
    return and_(keys.c.tenant_id == tenant_id, keys.c.key == key)
