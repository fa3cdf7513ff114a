"""Which objects of the database Alembic compares with our tables."""

from __future__ import annotations

from typing import Any

from mailwright.store.partitions import PARTITIONED

#: How the names of partitions begin.
PARTITIONS = tuple(f"{table}_" for table in PARTITIONED)


def compared(name: str | None, kind: str, _parents: Any) -> bool:
    """Whether to look at this object: partitions come and go by the month."""
    return not (kind == "table" and name is not None and name.startswith(PARTITIONS))
