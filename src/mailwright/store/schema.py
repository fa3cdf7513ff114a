"""Bringing a database to the schema this release needs, once, whoever comes first.

Migrations are `migrations/versions/NNNN_name.py`, in the order of their numbers, and a migration's
name is its revision. Alembic itself is imported only by who migrates: it costs every process 0.4 s.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.errors import ConfigurationError
from mailwright.store.database import Database

OLDEST_SERVER = 15  # major version of PostgreSQL

#: Any two processes that migrate take this advisory lock; the number means nothing.
MIGRATION_LOCK = 7_281_301_944

MIGRATIONS = Path(__file__).parent / "migrations"


async def migrate(database: Database) -> list[str]:
    """Applies every migration that is missing and returns their names, oldest first.

    All of them in one transaction: a process killed in the middle leaves the database as it was.
    Of two processes at once one works; the other waits and finds nothing left to do. Raises
    ConfigurationError for a database that is ahead of this release.
    """
    if await is_current(database):
        return []
    async with database.transaction() as connection:
        await _check_server(connection)
        await connection.execute(
            text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK}
        )
        before = await _applied(connection)
        missing = _missing(before)
        if missing:
            await connection.run_sync(_upgrade)
        return missing


async def is_current(database: Database) -> bool:
    """Whether the database has every migration of this release, and no later one."""
    async with database.reading() as connection:
        return await _applied(connection) == revisions()[-1]


@cache
def revisions() -> tuple[str, ...]:
    """The names of this release's migrations, oldest first."""
    return tuple(sorted(path.stem for path in (MIGRATIONS / "versions").glob("[0-9]*.py")))


async def _applied(connection: AsyncConnection) -> str | None:
    """The last migration the database has had; None for an empty database."""
    there = await connection.scalar(text("SELECT to_regclass('alembic_version')"))
    if there is None:
        return None
    return await connection.scalar(text("SELECT version_num FROM alembic_version"))


def _missing(applied: str | None) -> list[str]:
    known = revisions()
    if applied is None:
        return list(known)
    if applied not in known:
        raise ConfigurationError(
            f"The database was migrated by a newer Mailwright ({applied}); "
            "install that release, or restore a backup of this one."
        )
    return list(known[known.index(applied) + 1 :])


async def _check_server(connection: AsyncConnection) -> None:
    found = (await connection.execute(text("SHOW server_version_num"))).scalar_one()
    if int(found) < OLDEST_SERVER * 10_000:
        raise ConfigurationError(
            f"MAILWRIGHT_DATABASE_URL is a PostgreSQL {int(found) // 10_000}; "
            f"Mailwright needs {OLDEST_SERVER} or newer."
        )


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()  # there is no alembic.ini
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
