"""Statements compiled once, for the hottest reads.

SQLAlchemy works out a cache key for a statement each time it runs: half a millisecond for a join of
seven tables. These are turned into SQL when the module loads and sent over plain asyncpg.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg

from mailwright.store.database import Connection
from mailwright.store.rows import AnySelect, Row


class Prepared:
    """A statement with named parameters (`bindparam`). JSON comes back as text, not read."""

    def __init__(self, statement: AnySelect) -> None:
        compiled = statement.compile(dialect=PGDialect_asyncpg())
        self.sql = str(compiled)
        self._fixed = compiled.params
        self._order = list(compiled.positiontup or ())

    async def one(self, connection: Connection, **values: object) -> Row | None:
        """The row, or None."""
        return cast("Row | None", await connection.fetchrow(self.sql, *self._arguments(values)))

    async def every(self, connection: Connection, **values: object) -> Sequence[Row]:
        """All rows."""
        found = await connection.fetch(self.sql, *self._arguments(values))
        return cast("Sequence[Row]", found)

    def _arguments(self, values: dict[str, object]) -> list[object]:
        return [values[name] if name in values else self._fixed[name] for name in self._order]
