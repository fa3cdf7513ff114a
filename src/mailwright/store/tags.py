"""Tags: words that a tenant puts on any of its contacts."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, and_, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.ids import new_id
from mailwright.store.rows import AnySelect, Row, every, maybe_one
from mailwright.store.tables import contact_tags, tags


def _counted() -> AnySelect:
    """Tags with `contacts_count`."""
    count = (
        select(func.count())
        .where(contact_tags.c.tenant_id == tags.c.tenant_id, contact_tags.c.tag_id == tags.c.id)
        .scalar_subquery()
    )
    return select(*tags.c, count.label("contacts_count"))


async def add(connection: AsyncConnection, tenant_id: int, name: str) -> Row | None:
    """The new tag, or None when there is one of that name."""
    statement = (
        upsert(tags)
        .values(tenant_id=tenant_id, uuid=new_id(), name=name)
        .on_conflict_do_nothing(index_elements=["tenant_id", "name"])
        .returning(tags.c.uuid)
    )
    made = await connection.scalar(statement)
    return None if made is None else await get(connection, tenant_id, made)


async def get(connection: AsyncConnection, tenant_id: int, tag: uuid.UUID | str) -> Row | None:
    """One tag, by uuid or by name, or None."""
    return await maybe_one(connection, _counted().where(_is(tenant_id, tag)))


async def page(
    connection: AsyncConnection, tenant_id: int, *, limit: int, offset: int
) -> tuple[Sequence[Row], int]:
    """Tags by name, and how many there are."""
    mine = tags.c.tenant_id == tenant_id
    found = _counted().where(mine).order_by(tags.c.name).limit(limit).offset(offset)
    total = select(func.count()).select_from(tags).where(mine)
    return await every(connection, found), (await connection.execute(total)).scalar_one()


async def rename(connection: AsyncConnection, tenant_id: int, tag_id: int, name: str) -> None:
    """Calls it otherwise. A name that is taken raises IntegrityError."""
    await connection.execute(
        update(tags).where(tags.c.tenant_id == tenant_id, tags.c.id == tag_id).values(name=name)
    )


async def remove(connection: AsyncConnection, tenant_id: int, tag_id: int) -> None:
    """Deletes the tag; nobody has it any more."""
    await connection.execute(delete(tags).where(tags.c.tenant_id == tenant_id, tags.c.id == tag_id))


async def count(connection: AsyncConnection, tenant_id: int) -> int:
    """How many tags the tenant has."""
    total = select(func.count()).select_from(tags).where(tags.c.tenant_id == tenant_id)
    return (await connection.execute(total)).scalar_one()


async def ids_of(
    connection: AsyncConnection, tenant_id: int, names: Collection[str]
) -> dict[str, int]:
    """The ids of those of the names that are tags."""
    statement = select(tags.c.name, tags.c.id).where(
        tags.c.tenant_id == tenant_id, tags.c.name.in_(names)
    )
    return {row["name"]: row["id"] for row in await every(connection, statement)}


async def ensure(
    connection: AsyncConnection, tenant_id: int, names: Collection[str]
) -> dict[str, int]:
    """The ids of the names; those that are no tags yet become some."""
    found = await ids_of(connection, tenant_id, names)
    missing = sorted(set(names) - set(found))
    if missing:
        rows = [{"tenant_id": tenant_id, "uuid": new_id(), "name": name} for name in missing]
        await connection.execute(upsert(tags).on_conflict_do_nothing(), rows)
        found = await ids_of(connection, tenant_id, names)
    return found


def _is(tenant_id: int, tag: uuid.UUID | str) -> ColumnElement[bool]:
    named = tags.c.uuid == tag if isinstance(tag, uuid.UUID) else tags.c.name == tag
    return and_(tags.c.tenant_id == tenant_id, named)
