"""Bringing a database to the schema this release needs, once, whoever comes first."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.errors import ConfigurationError
from mailwright.store.database import Database

#: Any two processes that migrate take this advisory lock; the number means nothing.
MIGRATION_LOCK = 7_281_301_944


OLDEST_SERVER = 15


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
        return await connection.run_sync(_upgrade)


async def is_current(database: Database) -> bool:
    """Whether the database has every migration of this release."""
    async with database.reading() as connection:
        return await connection.run_sync(_heads) == set(_scripts().get_heads())


async def _check_server(connection: AsyncConnection) -> None:
    found = (await connection.execute(text("SHOW server_version_num"))).scalar_one()
    if int(found) < OLDEST_SERVER * 10_000:
        raise ConfigurationError(
            f"MAILWRIGHT_DATABASE_URL is a PostgreSQL {int(found) // 10_000}; "
            f"Mailwright needs {OLDEST_SERVER} or newer."
        )


def configuration() -> Config:
    """Alembic's settings; there is no alembic.ini."""
    found = Config()
    found.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    found.set_main_option("path_separator", "os")
    return found


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(configuration())


def _heads(connection: Connection) -> set[str]:
    return set(MigrationContext.configure(connection).get_current_heads())


def _upgrade(connection: Connection) -> list[str]:
    config = configuration()
    config.attributes["connection"] = connection
    scripts = _scripts()
    known = {step.revision for step in scripts.walk_revisions()}
    if unknown := _heads(connection) - known:
        raise ConfigurationError(
            f"The database was migrated by a newer Mailwright ({', '.join(sorted(unknown))}); "
            "install that release, or restore a backup of this one."
        )
    before = {
        step.revision
        for head in _heads(connection)
        for step in scripts.iterate_revisions(head, "base")
    }
    command.upgrade(config, "heads")
    steps = [step.revision for step in scripts.walk_revisions() if step.revision not in before]
    return steps[::-1]
