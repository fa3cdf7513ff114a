"""Access and refresh tokens of members, found by their keyed hash; the token itself is nowhere."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.store.rows import Row, every, maybe_one
from mailwright.store.tables import access_tokens, members

_WITH_MEMBER = access_tokens.join(
    members,
    (members.c.tenant_id == access_tokens.c.tenant_id)
    & (members.c.id == access_tokens.c.member_id),
)


def _of_member(tenant_id: int, member_id: int) -> ColumnElement[bool]:
    return and_(access_tokens.c.tenant_id == tenant_id, access_tokens.c.member_id == member_id)


async def add(
    connection: AsyncConnection, tenant_id: int, rows: Sequence[Mapping[str, object]]
) -> None:
    """Stores tokens."""
    values = [{"tenant_id": tenant_id, **row} for row in rows]
    await connection.execute(insert(access_tokens), values)


async def by_hash(connection: AsyncConnection, token_hash: bytes, now: datetime) -> Row | None:
    """Whose live access token this is, or None where its member may not use one any more."""
    found = (
        select(
            access_tokens.c.tenant_id,
            access_tokens.c.expires_at,
            members.c.uuid.label("member_uuid"),
            members.c.role,
        )
        .select_from(_WITH_MEMBER)
        .where(access_tokens.c.token_hash == token_hash, access_tokens.c.kind == "access")
        .where(access_tokens.c.expires_at > now)
        .where(members.c.api_access, members.c.suspended_at.is_(None))
    )
    return await maybe_one(connection, found)


async def refreshing(connection: AsyncConnection, token_hash: bytes, now: datetime) -> Row | None:
    """The refresh token, locked, with its member's `api_access` and `suspended_at`, or None."""
    found = (
        select(access_tokens, members.c.api_access, members.c.suspended_at)
        .select_from(_WITH_MEMBER)
        .where(access_tokens.c.token_hash == token_hash, access_tokens.c.kind == "refresh")
        .where(access_tokens.c.expires_at > now)
        .with_for_update(of=access_tokens)
    )
    return await maybe_one(connection, found)


async def used(
    connection: AsyncConnection, tenant_id: int, token_hash: bytes, now: datetime
) -> None:
    """Notes that a refresh token was used; the first time counts."""
    mine = and_(access_tokens.c.tenant_id == tenant_id, access_tokens.c.token_hash == token_hash)
    unused = access_tokens.c.used_at.is_(None)
    await connection.execute(update(access_tokens).where(mine, unused).values(used_at=now))


async def remove_grant(
    connection: AsyncConnection, tenant_id: int, grant_uuid: uuid.UUID
) -> list[bytes]:
    """Ends all that came of one sign-in; the hashes that were."""
    mine = and_(access_tokens.c.tenant_id == tenant_id, access_tokens.c.grant_uuid == grant_uuid)
    return await _removed(connection, mine)


async def remove_of_member(
    connection: AsyncConnection, tenant_id: int, member_id: int, *, keep: bytes | None = None
) -> list[bytes]:
    """Ends all tokens of a member, but those of the sign-in that `keep` is of; their hashes."""
    mine = _of_member(tenant_id, member_id)
    if keep is not None:
        kept = select(access_tokens.c.grant_uuid).where(mine, access_tokens.c.token_hash == keep)
        mine = and_(mine, access_tokens.c.grant_uuid.not_in(kept.scalar_subquery()))
    return await _removed(connection, mine)


async def remove_expired(
    connection: AsyncConnection, tenant_id: int, member_id: int, now: datetime
) -> None:
    """Tidies up after one member."""
    old = access_tokens.c.expires_at <= now
    await connection.execute(delete(access_tokens).where(_of_member(tenant_id, member_id), old))


async def hashes_of_member(
    connection: AsyncConnection, tenant_id: int, member_id: int
) -> list[bytes]:
    """The hashes of a member's tokens."""
    found = select(access_tokens.c.token_hash).where(_of_member(tenant_id, member_id))
    return [row["token_hash"] for row in await every(connection, found)]


async def _removed(connection: AsyncConnection, which: ColumnElement[bool]) -> list[bytes]:
    statement = delete(access_tokens).where(which).returning(access_tokens.c.token_hash)
    return [row["token_hash"] for row in await every(connection, statement)]
