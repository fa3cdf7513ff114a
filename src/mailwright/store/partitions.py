"""The monthly partitions of the logs, and one for whatever falls outside of them.

Names are `events_2026_11`; bounds are months in UTC. A row whose month has no partition yet is not
lost: it goes to `events_default`.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection

MONTHS_AHEAD = 2
PARTITIONED = ("events", "event_tags")


async def ensure_event_partitions(connection: AsyncConnection, now: datetime) -> None:
    """Creates the partitions of this month and the next ones where they are missing."""
    await connection.run_sync(create_event_partitions, now)


def create_event_partitions(connection: Connection, now: datetime) -> None:
    """The same on a plain connection, for migrations."""
    for table in PARTITIONED:
        _create(connection, table, now)


def _create(connection: Connection, table: str, now: datetime) -> None:
    default = f"{table}_default"
    connection.execute(text(f"CREATE TABLE IF NOT EXISTS {default} PARTITION OF {table} DEFAULT"))
    month = datetime(now.year, now.month, 1, tzinfo=UTC)
    for _ in range(1 + MONTHS_AHEAD):
        following = _next_month(month)
        name = f"{table}_{month:%Y_%m}"
        if connection.scalar(text("SELECT to_regclass(:name)"), {"name": name}) is None:
            _create_month(connection, table, name, month, following)
        month = following


def _create_month(
    connection: Connection, table: str, name: str, first: datetime, end: datetime
) -> None:
    """One month's partition, with the rows of that month that waited in the default one."""
    span = {"first": first, "end": end}
    moved = f"DELETE FROM {table}_default WHERE at >= :first AND at < :end RETURNING *"  # noqa: S608  # our own name
    connection.execute(text(f"CREATE TABLE {name} (LIKE {table} INCLUDING DEFAULTS)"))
    connection.execute(
        text(f"WITH moved AS ({moved}) INSERT INTO {name} SELECT * FROM moved"),  # noqa: S608  # our own name
        span,
    )
    bounds = f"FROM ('{first.isoformat()}') TO ('{end.isoformat()}')"
    connection.execute(text(f"ALTER TABLE {table} ATTACH PARTITION {name} FOR VALUES {bounds}"))


def _next_month(month: datetime) -> datetime:
    return month.replace(year=month.year + month.month // 12, month=month.month % 12 + 1)
