"""Links by which people set a member's password, found by their keyed hash."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.store.rows import Row, maybe_one
from mailwright.store.tables import members, password_links, tenants

_LIVE_OF = password_links.join(
    members,
    (members.c.tenant_id == password_links.c.tenant_id)
    & (members.c.id == password_links.c.member_id),
).join(tenants, tenants.c.id == password_links.c.tenant_id)


async def add(
    connection: AsyncConnection,
    tenant_id: int,
    member_id: int,
    token_hash: bytes,
    *,
    created_at: datetime,
    expires_at: datetime,
) -> None:
    """Stores a link; the member's old ones go."""
    old = and_(_of(tenant_id, member_id), password_links.c.expires_at <= created_at)
    await connection.execute(delete(password_links).where(old))
    values = {
        "tenant_id": tenant_id,
        "member_id": member_id,
        "token_hash": token_hash,
        "created_at": created_at,
        "expires_at": expires_at,
    }
    await connection.execute(insert(password_links).values(**values))


async def live(
    connection: AsyncConnection, token_hash: bytes, now: datetime, *, locked: bool = False
) -> Row | None:
    """The member whose link still works, with `tenant_name` and `tenant_slug`.

    `locked`: nobody else uses it until the transaction ends.
    """
    found = (
        select(*members.c, tenants.c.name.label("tenant_name"), tenants.c.slug.label("tenant_slug"))
        .select_from(_LIVE_OF)
        .where(password_links.c.token_hash == token_hash, password_links.c.expires_at > now)
        .where(members.c.suspended_at.is_(None))
    )
    return await maybe_one(
        connection, found.with_for_update(of=password_links) if locked else found
    )


async def remove(connection: AsyncConnection, tenant_id: int, token_hash: bytes) -> None:
    """Ends one link."""
    this = and_(password_links.c.tenant_id == tenant_id, password_links.c.token_hash == token_hash)
    await connection.execute(delete(password_links).where(this))


async def remove_of_member(connection: AsyncConnection, tenant_id: int, member_id: int) -> None:
    """Ends every link of a member."""
    await connection.execute(delete(password_links).where(_of(tenant_id, member_id)))


def _of(tenant_id: int, member_id: int) -> ColumnElement[bool]:
    return and_(password_links.c.tenant_id == tenant_id, password_links.c.member_id == member_id)
