"""Sending domains and their keys."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.sending_domain import KeyState
from mailwright.store.rows import AnySelect, Row, every, maybe_one, only
from mailwright.store.tables import domain_keys, domains, projects, tenants


def _is(tenant_id: int, domain_uuid: uuid.UUID) -> ColumnElement[bool]:
    return and_(domains.c.tenant_id == tenant_id, domains.c.uuid == domain_uuid)


async def add(
    connection: AsyncConnection, tenant_id: int, values: Mapping[str, object]
) -> Row | None:
    """The new row, or None when the tenant has that domain already."""
    statement = (
        upsert(domains)
        .values(tenant_id=tenant_id, **values)
        .on_conflict_do_nothing(index_elements=["tenant_id", "name"])
        .returning(domains)
    )
    return await maybe_one(connection, statement)


async def get(
    connection: AsyncConnection, tenant_id: int, domain_uuid: uuid.UUID, *, lock: bool = False
) -> Row | None:
    """One domain, or None. `lock`: nobody else changes it until the transaction ends."""
    statement = select(domains).where(_is(tenant_id, domain_uuid))
    return await maybe_one(connection, statement.with_for_update() if lock else statement)


async def by_id(connection: AsyncConnection, tenant_id: int, domain_id: int) -> Row | None:
    """One domain by its internal id, or None."""
    mine = and_(domains.c.tenant_id == tenant_id, domains.c.id == domain_id)
    return await maybe_one(connection, select(domains).where(mine))


async def by_name(connection: AsyncConnection, tenant_id: int, name: str) -> Row | None:
    """The tenant's domain of that name, or None."""
    mine = and_(domains.c.tenant_id == tenant_id, domains.c.name == name)
    return await maybe_one(connection, select(domains).where(mine))


async def all_of(connection: AsyncConnection, tenant_id: int) -> Sequence[Row]:
    """The tenant's domains, the oldest first."""
    return await every(
        connection, select(domains).where(domains.c.tenant_id == tenant_id).order_by(domains.c.id)
    )


async def page(
    connection: AsyncConnection, tenant_id: int, *, limit: int, offset: int
) -> tuple[Sequence[Row], int]:
    """Domains by name, and how many there are in all."""
    mine = domains.c.tenant_id == tenant_id
    found = select(domains).where(mine).order_by(domains.c.name).limit(limit).offset(offset)
    total = select(func.count()).select_from(domains).where(mine)
    return await every(connection, found), (await connection.execute(total)).scalar_one()


async def change(
    connection: AsyncConnection, tenant_id: int, domain_id: int, values: Mapping[str, object]
) -> Row:
    """The row with `values` set."""
    statement = (
        update(domains)
        .where(domains.c.tenant_id == tenant_id, domains.c.id == domain_id)
        .values(**values, updated_at=func.now())
        .returning(domains)
    )
    return await only(connection, statement)


async def remove(connection: AsyncConnection, tenant_id: int, domain_uuid: uuid.UUID) -> None:
    """The domain is gone, and its keys with it."""
    await connection.execute(delete(domains).where(_is(tenant_id, domain_uuid)))


async def due(connection: AsyncConnection, now: datetime) -> Sequence[Row]:
    """Domains of all tenants whose next check has come: `tenant_id`, `id`."""
    statement = (
        select(domains.c.tenant_id, domains.c.id)
        .where(domains.c.next_check_at <= now)
        .order_by(domains.c.next_check_at)
        .limit(100)
    )
    return await every(connection, statement)


async def every_tenants(connection: AsyncConnection) -> Sequence[Row]:
    """The domains of the whole installation, for its operator: with `tenant_slug`, and the
    `smtp_url_sealed` of the tenant's default project."""
    of_tenant = and_(projects.c.tenant_id == domains.c.tenant_id, projects.c.is_default)
    statement = (
        select(domains, tenants.c.slug.label("tenant_slug"), projects.c.smtp_url_sealed)
        .join(tenants, tenants.c.id == domains.c.tenant_id)
        .outerjoin(projects, of_tenant)
        .order_by(domains.c.name, tenants.c.slug)
    )
    return await every(connection, statement)


# --- keys


async def add_key(
    connection: AsyncConnection, tenant_id: int, domain_id: int, values: Mapping[str, object]
) -> Row | None:
    """The new key, pending; None when one is pending already, or the selector is taken."""
    statement = (
        upsert(domain_keys)
        .values(tenant_id=tenant_id, domain_id=domain_id, state=KeyState.PENDING, **values)
        .on_conflict_do_nothing()
        .returning(domain_keys)
    )
    return await maybe_one(connection, statement)


async def keys_of(
    connection: AsyncConnection, tenant_id: int, domain_ids: Sequence[int]
) -> Sequence[Row]:
    """The keys of these domains, the oldest first."""
    statement = (
        select(domain_keys)
        .where(domain_keys.c.tenant_id == tenant_id, domain_keys.c.domain_id.in_(domain_ids))
        .order_by(domain_keys.c.id)
    )
    return await every(connection, statement)


async def every_key(connection: AsyncConnection, tenant_id: int) -> Sequence[Row]:
    """The tenant's keys with the `domain` of each, the oldest first."""
    statement = (
        select(domain_keys, domains.c.name.label("domain"))
        .join(
            domains,
            and_(
                domains.c.tenant_id == domain_keys.c.tenant_id,
                domains.c.id == domain_keys.c.domain_id,
            ),
        )
        .where(domain_keys.c.tenant_id == tenant_id)
        .order_by(domain_keys.c.id)
    )
    return await every(connection, statement)


async def change_key(
    connection: AsyncConnection, tenant_id: int, key_id: int, values: Mapping[str, object]
) -> None:
    """Sets `values` on a key."""
    await connection.execute(
        update(domain_keys)
        .where(domain_keys.c.tenant_id == tenant_id, domain_keys.c.id == key_id)
        .values(**values)
    )


async def remove_key(connection: AsyncConnection, tenant_id: int, key_id: int) -> None:
    """The key is gone."""
    await connection.execute(
        delete(domain_keys).where(domain_keys.c.tenant_id == tenant_id, domain_keys.c.id == key_id)
    )


def _outgoing(tenant_id: int, name: str) -> AnySelect:
    active = and_(
        domain_keys.c.tenant_id == domains.c.tenant_id,
        domain_keys.c.domain_id == domains.c.id,
        domain_keys.c.state == KeyState.ACTIVE,
    )
    return (
        select(
            domains.c.name,
            domains.c.checks,
            domains.c.tracking_host,
            domains.c.return_path_host,
            domain_keys.c.id.label("key_id"),
            domain_keys.c.selector,
            domain_keys.c.private_key_sealed,
        )
        .outerjoin(domain_keys, active)
        .where(domains.c.tenant_id == tenant_id, domains.c.name == name)
    )


async def outgoing(connection: AsyncConnection, tenant_id: int, name: str) -> Row | None:
    """What mail of that domain needs, its active key included; None: not one of the tenant's."""
    return await maybe_one(connection, _outgoing(tenant_id, name))
