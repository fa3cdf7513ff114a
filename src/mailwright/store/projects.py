"""Projects: transports."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import delete, exists, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.store.rows import AnySelect, Row, every, maybe_one
from mailwright.store.tables import (
    batches,
    campaigns,
    contacts,
    messages,
    projects,
    senders,
    tenants,
)

_COLUMNS = tuple(projects.c)


async def add(
    connection: AsyncConnection, tenant_id: int, values: Mapping[str, object]
) -> Row | None:
    """The new row, or None when the tenant has a project of that name already."""
    statement = (
        upsert(projects)
        .values(tenant_id=tenant_id, **values)
        .on_conflict_do_nothing(index_elements=["tenant_id", "name"])
    )
    return await maybe_one(connection, statement.returning(*_COLUMNS))


async def get(connection: AsyncConnection, tenant_id: int, project_id: int) -> Row | None:
    """One project by its internal id, or None."""
    mine = (projects.c.tenant_id == tenant_id) & (projects.c.id == project_id)
    return await maybe_one(connection, select(*_COLUMNS).where(mine))


async def by_uuid(
    connection: AsyncConnection, tenant_id: int, project_uuid: uuid.UUID
) -> Row | None:
    """One project by its public id, or None."""
    mine = (projects.c.tenant_id == tenant_id) & (projects.c.uuid == project_uuid)
    return await maybe_one(connection, select(*_COLUMNS).where(mine))


async def default(connection: AsyncConnection, tenant_id: int) -> Row | None:
    """The tenant's default project."""
    mine = (projects.c.tenant_id == tenant_id) & projects.c.is_default
    return await maybe_one(connection, select(*_COLUMNS).where(mine).limit(1))


async def page(
    connection: AsyncConnection, tenant_id: int, *, limit: int, offset: int
) -> tuple[Sequence[Row], int]:
    """The tenant's projects by name with their `sender_uuid`, and how many there are in all."""
    found = _with_sender(tenant_id).order_by(projects.c.name, projects.c.id)
    total = select(func.count()).select_from(projects).where(projects.c.tenant_id == tenant_id)
    rows = await every(connection, found.limit(limit).offset(offset))
    return rows, (await connection.execute(total)).scalar_one()


async def seen(
    connection: AsyncConnection, tenant_id: int, project_uuid: uuid.UUID, *, lock: bool = False
) -> Row | None:
    """One project with its `sender_uuid`, or None. `lock`: nobody else changes or takes it."""
    statement = _with_sender(tenant_id).where(projects.c.uuid == project_uuid)
    if lock:
        statement = statement.with_for_update(of=projects)
    return await maybe_one(connection, statement)


async def change(
    connection: AsyncConnection, tenant_id: int, project_id: int, values: Mapping[str, object]
) -> None:
    """Sets `values` on the project. A name that is taken raises IntegrityError."""
    await connection.execute(
        update(projects)
        .where(projects.c.tenant_id == tenant_id, projects.c.id == project_id)
        .values(**values, updated_at=func.now())
    )


async def choose_default(connection: AsyncConnection, tenant_id: int) -> None:
    """Nobody else chooses the tenant's default until the transaction ends. Ask before any row."""
    await connection.execute(
        select(tenants.c.id).where(tenants.c.id == tenant_id).with_for_update(key_share=True)
    )


async def no_default(connection: AsyncConnection, tenant_id: int) -> None:
    """No project is the default any more; the next statement makes another one it."""
    await connection.execute(
        update(projects)
        .where(projects.c.tenant_id == tenant_id, projects.c.is_default)
        .values(is_default=False, updated_at=func.now())
    )


async def is_needed(connection: AsyncConnection, tenant_id: int, project_id: int) -> bool:
    """Whether a campaign that is not over names it, has mail waiting to be tried again, contacts
    belong to it, or a single mail is to leave by it."""
    named = (campaigns.c.tenant_id == tenant_id) & (campaigns.c.project_id == project_id)
    waiting = exists().where(
        messages.c.tenant_id == tenant_id,
        messages.c.campaign_id == campaigns.c.id,
        messages.c.next_attempt_at.is_not(None),
    )
    campaign = exists().where(named, or_(campaigns.c.state.not_in(("sent", "canceled")), waiting))
    contact = exists().where(contacts.c.tenant_id == tenant_id, contacts.c.project_id == project_id)
    single = exists().where(
        messages.c.tenant_id == tenant_id,
        messages.c.lane == project_id,
        messages.c.next_attempt_at.is_not(None),
    )
    held = exists().where(batches.c.tenant_id == tenant_id, batches.c.lane == project_id)
    needed = select(or_(campaign, contact, single, held))
    return bool((await connection.execute(needed)).scalar_one())


async def remove(connection: AsyncConnection, tenant_id: int, project_id: int) -> None:
    """Deletes the project; campaigns that are over forget which one they went through."""
    await connection.execute(
        update(campaigns)
        .where(campaigns.c.tenant_id == tenant_id, campaigns.c.project_id == project_id)
        .values(project_id=None)
    )
    await connection.execute(
        delete(projects).where(projects.c.tenant_id == tenant_id, projects.c.id == project_id)
    )


def _with_sender(tenant_id: int) -> AnySelect:
    whose = (senders.c.tenant_id == projects.c.tenant_id) & (senders.c.id == projects.c.sender_id)
    return (
        select(*_COLUMNS, senders.c.uuid.label("sender_uuid"))
        .outerjoin(senders, whose)
        .where(projects.c.tenant_id == tenant_id)
    )


async def known(
    connection: AsyncConnection, tenant_id: int, project_uuids: Collection[uuid.UUID]
) -> set[uuid.UUID]:
    """Those of the projects that are the tenant's."""
    statement = select(projects.c.uuid).where(
        projects.c.tenant_id == tenant_id, projects.c.uuid.in_(project_uuids)
    )
    return {row["uuid"] for row in await every(connection, statement)}
