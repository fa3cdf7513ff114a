"""Lists and who is on them."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import ColumnElement, and_, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.store.rows import AnySelect, Row, every, maybe_one
from mailwright.store.tables import contacts, list_members, lists

_COLUMNS = (
    lists.c.id,
    lists.c.uuid,
    lists.c.name,
    lists.c.description,
    lists.c.is_public,
    lists.c.state,
    lists.c.created_at,
    lists.c.updated_at,
)
_EXISTS = lists.c.state != "deleted"


def _counted() -> AnySelect:
    """Lists with `contacts_count`, the members who are still subscribed."""
    count = (
        select(func.count())
        .where(
            list_members.c.tenant_id == lists.c.tenant_id,
            list_members.c.list_id == lists.c.id,
            list_members.c.state == "subscribed",
        )
        .scalar_subquery()
    )
    return select(*_COLUMNS, count.label("contacts_count"))


def _is(tenant_id: int, list_uuid: uuid.UUID) -> ColumnElement[bool]:
    return and_(lists.c.tenant_id == tenant_id, lists.c.uuid == list_uuid, _EXISTS)


async def add(
    connection: AsyncConnection, tenant_id: int, values: Mapping[str, object]
) -> Row | None:
    """The new row, or None when the tenant has a list of that name already."""
    statement = (
        upsert(lists)
        .values(tenant_id=tenant_id, **values)
        .on_conflict_do_nothing(index_elements=["tenant_id", "name"], index_where=_EXISTS)
        .returning(*_COLUMNS)
    )
    return await maybe_one(connection, statement)


async def get(connection: AsyncConnection, tenant_id: int, list_uuid: uuid.UUID) -> Row | None:
    """One list with its count, or None."""
    return await maybe_one(connection, _counted().where(_is(tenant_id, list_uuid)))


async def by_id(connection: AsyncConnection, tenant_id: int, list_id: int) -> Row | None:
    """One list by its id, without its count, or None."""
    statement = select(*_COLUMNS).where(lists.c.tenant_id == tenant_id, lists.c.id == list_id)
    return await maybe_one(connection, statement)


async def page(
    connection: AsyncConnection,
    tenant_id: int,
    *,
    search: str | None,
    states: Collection[str],
    name: str | None,
    order: str,
    descending: bool,
    limit: int,
    offset: int,
) -> tuple[Sequence[Row], int]:
    """Lists in one of `states` in the order of a column, and how many there are in all."""
    mine = and_(lists.c.tenant_id == tenant_id, lists.c.state.in_(states))
    if search:
        mine = and_(mine, lists.c.name.icontains(search, autoescape=True))
    if name is not None:
        mine = and_(mine, lists.c.name == name)
    keys = (lists.c[order], lists.c.id)
    ordered = _counted().where(mine).order_by(*(key.desc() if descending else key for key in keys))
    found = ordered.limit(limit).offset(offset)
    total = select(func.count()).select_from(lists).where(mine)
    return await every(connection, found), (await connection.execute(total)).scalar_one()


async def change(
    connection: AsyncConnection, tenant_id: int, list_uuid: uuid.UUID, values: Mapping[str, object]
) -> None:
    """Sets `values` on the list. A name that is taken raises IntegrityError."""
    await connection.execute(
        update(lists).where(_is(tenant_id, list_uuid)).values(**values, updated_at=func.now())
    )


async def remove(connection: AsyncConnection, tenant_id: int, list_id: int) -> None:
    """Deletes the list and its memberships; the contacts stay.

    One that a campaign or a segment of a campaign names raises IntegrityError.
    """
    await connection.execute(
        delete(lists).where(lists.c.tenant_id == tenant_id, lists.c.id == list_id)
    )


async def membership(
    connection: AsyncConnection, tenant_id: int, list_id: int, contact_id: int
) -> str | None:
    """`subscribed`, `unsubscribed`, or None for somebody who was never on the list."""
    return await connection.scalar(
        select(list_members.c.state).where(
            list_members.c.tenant_id == tenant_id,
            list_members.c.list_id == list_id,
            list_members.c.contact_id == contact_id,
        )
    )


async def join_all(
    connection: AsyncConnection, tenant_id: int, list_ids: Collection[int], contact_id: int
) -> list[int]:
    """Puts a contact on lists, but none that it left earlier; those that are new to it."""
    if not list_ids:
        return []
    rows = [
        {"tenant_id": tenant_id, "list_id": list_id, "contact_id": contact_id}
        for list_id in sorted(list_ids)
    ]
    statement = upsert(list_members).values(rows).on_conflict_do_nothing()
    joined = await every(connection, statement.returning(list_members.c.list_id))
    return [row["list_id"] for row in joined]


async def ids_of(
    connection: AsyncConnection, tenant_id: int, list_uuids: Collection[uuid.UUID]
) -> dict[uuid.UUID, int]:
    """The ids of those of the lists that are the tenant's."""
    statement = select(lists.c.uuid, lists.c.id).where(
        lists.c.tenant_id == tenant_id, lists.c.uuid.in_(list_uuids), _EXISTS
    )
    return {row["uuid"]: row["id"] for row in await every(connection, statement)}


async def id_of_name(connection: AsyncConnection, tenant_id: int, name: str) -> int | None:
    """The id of the list of that name."""
    return await connection.scalar(
        select(lists.c.id).where(lists.c.tenant_id == tenant_id, lists.c.name == name, _EXISTS)
    )


async def take_off(
    connection: AsyncConnection, tenant_id: int, list_id: int, contact_id: int
) -> bool:
    """Removes a membership; whether there was one."""
    result = await connection.execute(
        delete(list_members).where(
            list_members.c.tenant_id == tenant_id,
            list_members.c.list_id == list_id,
            list_members.c.contact_id == contact_id,
        )
    )
    return result.rowcount > 0


async def contact_id_of(
    connection: AsyncConnection, tenant_id: int, contact_uuid: uuid.UUID
) -> int | None:
    """The id of one of the tenant's contacts."""
    return await connection.scalar(
        select(contacts.c.id).where(
            contacts.c.tenant_id == tenant_id, contacts.c.uuid == contact_uuid
        )
    )
