"""Which objects of the database Alembic compares with our tables."""

from __future__ import annotations

from typing import Any


def compared(name: str | None, kind: str, _parents: Any) -> bool:
    """Whether to look at this object: partitions of `events` come and go by the month."""
    return not (kind == "table" and name is not None and name.startswith("events_"))
