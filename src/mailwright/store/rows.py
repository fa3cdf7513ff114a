"""Rows as the services read them: mappings by column name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias, cast

from sqlalchemy import Executable, Select
from sqlalchemy.ext.asyncio import AsyncConnection

Row: TypeAlias = Mapping[str, Any]
AnySelect: TypeAlias = Select[*tuple[Any, ...]]


async def maybe_one(connection: AsyncConnection, statement: Executable) -> Row | None:
    """The row, or None; more than one is our mistake and raises."""
    return cast("Row | None", (await connection.execute(statement)).mappings().one_or_none())


async def only(connection: AsyncConnection, statement: Executable) -> Row:
    """The one row there must be."""
    return cast("Row", (await connection.execute(statement)).mappings().one())


async def every(connection: AsyncConnection, statement: Executable) -> Sequence[Row]:
    """All rows."""
    return cast("Sequence[Row]", (await connection.execute(statement)).mappings().all())
