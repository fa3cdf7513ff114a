"""Interests: what people on one list want to read about."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import ColumnElement, and_, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.ids import new_id
from mailwright.store.rows import AnySelect, Row, every, maybe_one
from mailwright.store.tables import contact_interests, interests


def _counted() -> AnySelect:
    """Interests with `contacts_count`."""
    count = (
        select(func.count())
        .where(
            contact_interests.c.tenant_id == interests.c.tenant_id,
            contact_interests.c.interest_id == interests.c.id,
        )
        .scalar_subquery()
    )
    return select(*interests.c, count.label("contacts_count"))


async def add(
    connection: AsyncConnection, tenant_id: int, list_id: int, values: Mapping[str, object]
) -> Row | None:
    """The new interest, or None when the list has one of that name."""
    statement = (
        upsert(interests)
        .values(tenant_id=tenant_id, list_id=list_id, uuid=new_id(), **values)
        .on_conflict_do_nothing(index_elements=["tenant_id", "list_id", "name"])
        .returning(interests.c.uuid)
    )
    made = await connection.scalar(statement)
    return None if made is None else await get(connection, tenant_id, list_id, made)


async def get(
    connection: AsyncConnection, tenant_id: int, list_id: int, interest: uuid.UUID | str
) -> Row | None:
    """One interest of the list, by uuid or by name, or None."""
    named = (
        interests.c.uuid == interest
        if isinstance(interest, uuid.UUID)
        else interests.c.name == interest
    )
    return await maybe_one(connection, _counted().where(_of(tenant_id, list_id), named))


async def page(
    connection: AsyncConnection, tenant_id: int, list_id: int, *, limit: int, offset: int
) -> tuple[Sequence[Row], int]:
    """Interests of the list by name, and how many there are."""
    mine = _of(tenant_id, list_id)
    found = _counted().where(mine).order_by(interests.c.name).limit(limit).offset(offset)
    total = select(func.count()).select_from(interests).where(mine)
    return await every(connection, found), (await connection.execute(total)).scalar_one()


async def change(
    connection: AsyncConnection, tenant_id: int, interest_id: int, values: Mapping[str, object]
) -> None:
    """Sets `values`. A name that is taken raises IntegrityError."""
    await connection.execute(
        update(interests)
        .where(interests.c.tenant_id == tenant_id, interests.c.id == interest_id)
        .values(**values)
    )


async def remove(connection: AsyncConnection, tenant_id: int, interest_id: int) -> None:
    """Deletes the interest; nobody has it any more."""
    await connection.execute(
        delete(interests).where(interests.c.tenant_id == tenant_id, interests.c.id == interest_id)
    )


async def of_list(connection: AsyncConnection, tenant_id: int, list_id: int) -> Mapping[str, Row]:
    """Every interest of the list by its name, with `id` and `uuid`."""
    statement = select(interests).where(_of(tenant_id, list_id))
    return {row["name"]: row for row in await every(connection, statement)}


async def known(
    connection: AsyncConnection, tenant_id: int, interest_uuids: Collection[uuid.UUID]
) -> set[uuid.UUID]:
    """Those of the interests that are the tenant's."""
    statement = select(interests.c.uuid).where(
        interests.c.tenant_id == tenant_id, interests.c.uuid.in_(interest_uuids)
    )
    return {row["uuid"] for row in await every(connection, statement)}


def _of(tenant_id: int, list_id: int) -> ColumnElement[bool]:
    return and_(interests.c.tenant_id == tenant_id, interests.c.list_id == list_id)
