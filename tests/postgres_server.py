"""One real PostgreSQL per test session, and a fresh database for each test.

The server is the embedded one; workers of pytest-xdist share it, because it counts its users
itself. The schema is migrated once, into a template, from which a database is copied in 15 ms
where the system lends us memory for files, and in up to 300 ms from a slow disk.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Coroutine, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
from sqlalchemy.engine import make_url

from mailwright.store.database import Connection, Database, database_url
from mailwright.store.embedded_postgres import SERVER_OPTIONS, EmbeddedPostgres
from mailwright.store.schema import migrate

PREFIX = "mailwright-tests-"
STALE_SECONDS = 600  # a session that was killed cannot tidy up; a later one does
MEMORY_FOLDER = Path("/dev/shm")
MEMORY_BYTES_MIN = 2 * 1024**3  # containers often have 64 MB there

OPTIONS = {
    **SERVER_OPTIONS,
    "max_connections": "300",
    "fsync": "off",  # a power cut may take the tests with it
    "full_page_writes": "off",
    "autovacuum": "off",
    "min_wal_size": "64MB",
    "max_wal_size": "256MB",
}


class DatabaseServer:
    """Makes and drops databases on the session's server. Not for use inside a running loop."""

    def __init__(self, url: str) -> None:
        self._url = make_url(url)
        self._loop = asyncio.new_event_loop()
        self._admin: Connection = self._run(
            asyncpg.connect(_text(self._url.set(database="postgres")))
        )

    def create(self) -> str:
        """The URL of a fresh database with the whole schema."""
        name = f"test_{uuid4().hex}"
        template = self._url.database
        self._run(
            self._admin.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        )
        return _text(self._url.set(database=name))

    def create_empty(self) -> str:
        """The URL of a fresh database with nothing in it."""
        name = f"test_{uuid4().hex}"
        self._run(self._admin.execute(f"CREATE DATABASE {name} STRATEGY FILE_COPY"))
        return _text(self._url.set(database=name))

    def drop(self, url: str) -> None:
        """Drops a database that `create` made, with whoever is still connected to it."""
        self._run(self._admin.execute(f"DROP DATABASE {make_url(url).database} WITH (FORCE)"))

    def close(self) -> None:
        self._run(self._admin.close())
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self._loop.run_until_complete(work)


@contextmanager
def running_server(run_id: str) -> Generator[DatabaseServer]:
    """The server of this test run, started by whichever worker comes first."""
    _sweep()
    folder = _parent() / f"{PREFIX}{run_id}"
    server = EmbeddedPostgres(folder, OPTIONS)
    server.enter()
    try:
        _migrate_template(folder, server.url)
        databases = DatabaseServer(server.url)
        try:
            yield databases
        finally:
            databases.close()
    finally:
        server.leave()
        if not (folder / "postgres" / "postmaster.pid").exists():
            shutil.rmtree(folder, ignore_errors=True)


def _migrate_template(folder: Path, url: str) -> None:
    """Nobody may be connected to a template, so its maker works alone and then leaves it."""
    with (folder / "template.lock").open("w+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (folder / "template.ready").exists():
            return
        asyncio.run(_migrate(url))
        (folder / "template.ready").touch()


async def _migrate(url: str) -> None:
    database = Database(database_url(url))
    await migrate(database)
    await database.close()


def _sweep() -> None:
    """Stops and removes what sessions left behind that were killed."""
    for folder in _parent().glob(f"{PREFIX}*"):
        users = folder / "postgres.users"
        if not users.exists() or time.time() - folder.stat().st_mtime < STALE_SECONDS:
            continue
        with users.open() as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue  # in use
        server = EmbeddedPostgres(folder, OPTIONS)
        server.enter()
        server.leave()  # as its last user
        shutil.rmtree(folder, ignore_errors=True)


def _parent() -> Path:
    """Where the server's folder goes: into memory, if there is enough."""
    try:
        found = os.statvfs(MEMORY_FOLDER)
    except OSError:
        return Path(tempfile.gettempdir())
    roomy = found.f_bavail * found.f_frsize >= MEMORY_BYTES_MIN
    return MEMORY_FOLDER if roomy else Path(tempfile.gettempdir())


def _text(url: Any) -> str:
    return url.render_as_string(hide_password=False)
