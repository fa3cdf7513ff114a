"""Exports that are written in the background: how far each is, and the pieces of its file."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.store.rows import Row, every, maybe_one, only
from mailwright.store.tables import export_pieces, exports

#: The columns that a page can be in the order of.
ORDERS = {
    "status": exports.c.state,
    "created_at": exports.c.created_at,
    "expires_at": exports.c.expires_at,
}


async def add(connection: AsyncConnection, tenant_id: int, values: Mapping[str, object]) -> Row:
    """The new row."""
    return await only(
        connection, insert(exports).values(tenant_id=tenant_id, **values).returning(exports)
    )


async def get(connection: AsyncConnection, tenant_id: int, export_uuid: uuid.UUID) -> Row | None:
    """One export, or None."""
    statement = select(exports).where(
        exports.c.tenant_id == tenant_id, exports.c.uuid == export_uuid
    )
    return await maybe_one(connection, statement)


async def by_id(connection: AsyncConnection, tenant_id: int, export_id: int) -> Row | None:
    """One export by its id, or None."""
    statement = select(exports).where(exports.c.tenant_id == tenant_id, exports.c.id == export_id)
    return await maybe_one(connection, statement)


async def page(
    connection: AsyncConnection,
    tenant_id: int,
    *,
    kinds: Collection[str] | None,
    states: Collection[str] | None,
    list_id: int | None,
    parameters: Mapping[str, Any] | None,
    order: str,
    descending: bool,
    limit: int,
    offset: int,
) -> tuple[Sequence[Row], int]:
    """Exports that fit, and how many there are in all."""
    mine = _fits(tenant_id, kinds, states, list_id, parameters)
    column = ORDERS[order]
    by = (column.desc(), exports.c.id.desc()) if descending else (column, exports.c.id)
    found = select(exports).where(mine).order_by(*by).limit(limit).offset(offset)
    total = select(func.count()).select_from(exports).where(mine)
    return await every(connection, found), (await connection.execute(total)).scalar_one()


async def lock(connection: AsyncConnection, tenant_id: int, export_id: int) -> Row | None:
    """The export, this transaction's until its end; None when it is over or never was."""
    statement = (
        select(exports)
        .where(
            exports.c.tenant_id == tenant_id,
            exports.c.id == export_id,
            exports.c.state.in_(("pending", "running")),
        )
        .with_for_update(key_share=True)
    )
    return await maybe_one(connection, statement)


async def change(
    connection: AsyncConnection, tenant_id: int, export_id: int, values: Mapping[str, object]
) -> None:
    """Sets `values` on the export."""
    await connection.execute(
        update(exports)
        .where(exports.c.tenant_id == tenant_id, exports.c.id == export_id)
        .values(**values)
    )


async def add_piece(
    connection: AsyncConnection, tenant_id: int, export_id: int, number: int, data: bytes
) -> None:
    """Appends to the file."""
    await connection.execute(
        insert(export_pieces).values(
            tenant_id=tenant_id, export_id=export_id, number=number, data=data
        )
    )


async def next_piece_number(connection: AsyncConnection, tenant_id: int, export_id: int) -> int:
    """The number of the piece that comes after those there are."""
    statement = select(func.coalesce(func.max(export_pieces.c.number) + 1, 0)).where(
        export_pieces.c.tenant_id == tenant_id, export_pieces.c.export_id == export_id
    )
    return (await connection.execute(statement)).scalar_one()


async def piece(
    connection: AsyncConnection, tenant_id: int, export_id: int, number: int
) -> bytes | None:
    """One piece of the file, or None after the last."""
    return await connection.scalar(
        select(export_pieces.c.data).where(
            export_pieces.c.tenant_id == tenant_id,
            export_pieces.c.export_id == export_id,
            export_pieces.c.number == number,
        )
    )


async def drop_file(connection: AsyncConnection, tenant_id: int, export_id: int) -> None:
    """The file is gone."""
    await connection.execute(
        delete(export_pieces).where(
            export_pieces.c.tenant_id == tenant_id, export_pieces.c.export_id == export_id
        )
    )


async def unfinished(connection: AsyncConnection) -> Sequence[Row]:
    """`tenant_id` and `id` of every export that is still to be written."""
    statement = select(exports.c.tenant_id, exports.c.id).where(
        exports.c.state.in_(("pending", "running"))
    )
    return await every(connection, statement.limit(100))


async def expire(connection: AsyncConnection, now: datetime) -> None:
    """Drops the files whose time is over; the exports stay, as deleted."""
    gone = (
        update(exports)
        .where(exports.c.state == "ready", exports.c.expires_at <= now)
        .values(state="deleted")
        .returning(exports.c.tenant_id, exports.c.id)
    )
    for row in await every(connection, gone):
        await drop_file(connection, row["tenant_id"], row["id"])


def _fits(
    tenant_id: int,
    kinds: Collection[str] | None,
    states: Collection[str] | None,
    list_id: int | None,
    parameters: Mapping[str, Any] | None,
) -> ColumnElement[bool]:
    parts = [exports.c.tenant_id == tenant_id]
    if kinds is not None:
        parts.append(exports.c.kind.in_(kinds))
    if states is not None:
        parts.append(exports.c.state.in_(states))
    if list_id is not None:
        parts.append(exports.c.list_id == list_id)
    if parameters is not None:
        parts.append(exports.c.parameters.contains(dict(parameters)))
    return and_(*parts)
