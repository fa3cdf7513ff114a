"""Sessions of members, found by the keyed hash of their cookie."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import and_, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.store.rows import Row, maybe_one
from mailwright.store.tables import members, sessions, tenants


async def add(connection: AsyncConnection, tenant_id: int, values: Mapping[str, object]) -> None:
    """Stores a session."""
    await connection.execute(insert(sessions).values(tenant_id=tenant_id, **values))


async def by_token(connection: AsyncConnection, token_hash: bytes, now: datetime) -> Row | None:
    """The live session with its member and tenant, or None."""
    joined = sessions.join(
        members,
        (members.c.tenant_id == sessions.c.tenant_id) & (members.c.id == sessions.c.member_id),
    ).join(tenants, tenants.c.id == sessions.c.tenant_id)
    found = (
        select(
            sessions.c.tenant_id,
            sessions.c.expires_at,
            members.c.uuid.label("member_uuid"),
            members.c.email,
            members.c.role,
            tenants.c.uuid.label("tenant_uuid"),
            tenants.c.slug.label("tenant_slug"),
            tenants.c.name.label("tenant_name"),
        )
        .select_from(joined)
        .where(sessions.c.token_hash == token_hash, sessions.c.expires_at > now)
    )
    return await maybe_one(connection, found)


async def remove(connection: AsyncConnection, token_hash: bytes) -> None:
    """Ends one session."""
    await connection.execute(delete(sessions).where(sessions.c.token_hash == token_hash))


async def remove_of_member(
    connection: AsyncConnection, tenant_id: int, member_id: int, *, keep: bytes | None = None
) -> None:
    """Ends every session of a member but the one whose hash is `keep`."""
    mine = and_(sessions.c.tenant_id == tenant_id, sessions.c.member_id == member_id)
    if keep is not None:
        mine = and_(mine, sessions.c.token_hash != keep)
    await connection.execute(delete(sessions).where(mine))


async def remove_expired(
    connection: AsyncConnection, tenant_id: int, member_id: int, now: datetime
) -> None:
    """Tidies up after one member."""
    await connection.execute(
        delete(sessions).where(
            sessions.c.tenant_id == tenant_id,
            sessions.c.member_id == member_id,
            sessions.c.expires_at <= now,
        )
    )
