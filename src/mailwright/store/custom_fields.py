"""Definitions of custom fields; the values are in `contacts.attributes`."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, and_, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.store.rows import Row, every, maybe_one
from mailwright.store.tables import custom_fields

_COLUMNS = (
    custom_fields.c.id,
    custom_fields.c.uuid,
    custom_fields.c.field_key,
    custom_fields.c.name,
    custom_fields.c.type,
    custom_fields.c.options,
    custom_fields.c.type_word,
    custom_fields.c.created_at,
    custom_fields.c.updated_at,
)


async def add(
    connection: AsyncConnection, tenant_id: int, values: Mapping[str, object]
) -> Row | None:
    """The new row, or None when the key is taken."""
    statement = (
        upsert(custom_fields)
        .values(tenant_id=tenant_id, **values)
        .on_conflict_do_nothing(index_elements=["tenant_id", "field_key"])
        .returning(*_COLUMNS)
    )
    return await maybe_one(connection, statement)


async def get(connection: AsyncConnection, tenant_id: int, field: uuid.UUID | str) -> Row | None:
    """One definition, by uuid or by key."""
    return await maybe_one(connection, select(*_COLUMNS).where(_is(tenant_id, field)))


async def every_field(connection: AsyncConnection, tenant_id: int) -> Sequence[Row]:
    """All definitions of the tenant, by key."""
    statement = (
        select(*_COLUMNS)
        .where(custom_fields.c.tenant_id == tenant_id)
        .order_by(custom_fields.c.field_key)
    )
    return await every(connection, statement)


async def change(
    connection: AsyncConnection, tenant_id: int, field_id: int, values: Mapping[str, object]
) -> None:
    """Sets `values` on the definition."""
    await connection.execute(
        update(custom_fields)
        .where(custom_fields.c.tenant_id == tenant_id, custom_fields.c.id == field_id)
        .values(**values, updated_at=func.now())
    )


async def remove(connection: AsyncConnection, tenant_id: int, field_id: int) -> None:
    """Deletes the definition; contacts keep their attribute."""
    await connection.execute(
        delete(custom_fields).where(
            custom_fields.c.tenant_id == tenant_id, custom_fields.c.id == field_id
        )
    )


def _is(tenant_id: int, field: uuid.UUID | str) -> ColumnElement[bool]:
    named = (
        custom_fields.c.uuid == field
        if isinstance(field, uuid.UUID)
        else custom_fields.c.field_key == field
    )
    return and_(custom_fields.c.tenant_id == tenant_id, named)
