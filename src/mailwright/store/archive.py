"""The database as a file, and back, by the bundled pg_dump, pg_restore and psql.

Passwords go through the environment of those programs, never through their arguments, which every
user of the machine can read.
"""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from sqlalchemy import URL, text

from mailwright.errors import DatabaseUnreachable, OperatorError
from mailwright.store.database import Database
from mailwright.store.postgres_cluster import binary, environment

PIECE_BYTES = 1024**2
LOCK_WAIT_MILLISECONDS = 60_000

# In the transaction of the restore itself: there is no moment at which a copy could send.
_SENDING_OFF = b"""
INSERT INTO public.installation (tenant_id, name, value) VALUES (0, 'sending_enabled', 'false')
ON CONFLICT (tenant_id, name) DO UPDATE SET value = excluded.value;
DELETE FROM public.installation WHERE tenant_id = 0 AND name = 'capture_address';
"""


class ArchiveFailed(OperatorError):
    """The database could not be written to the archive or read from it."""

    code = "ARCHIVE_FAILED"


async def dump(url: URL, target: Path) -> None:
    """Writes one consistent state of the whole database to `target`, pg_dump's custom format.

    Raises ArchiveFailed with pg_dump's last words.
    """
    with tempfile.TemporaryFile() as said:
        process = await asyncio.create_subprocess_exec(
            *_command("pg_dump", url),
            "--format=custom",
            "--no-owner",
            "--no-privileges",
            f"--lock-wait-timeout={LOCK_WAIT_MILLISECONDS}",
            f"--file={target}",
            env=_environment(url),
            stderr=said,
        )
        try:
            _check("pg_dump", await process.wait(), said)
        finally:
            await _end(process)


async def load(url: URL, source: Path) -> None:
    """Reads a dump into an empty database, all or nothing, with sending off.

    Raises ArchiveFailed with the programs' last words; the database is empty then.
    """
    with tempfile.TemporaryFile() as reader_said, tempfile.TemporaryFile() as writer_said:
        reader = await asyncio.create_subprocess_exec(
            binary("pg_restore"),
            "--no-owner",
            "--no-privileges",
            "--file=-",
            str(source),
            env=environment(),
            stdout=asyncio.subprocess.PIPE,
            stderr=reader_said,
        )
        writer = await asyncio.create_subprocess_exec(
            *_command("psql", url),
            "--no-psqlrc",
            "--quiet",
            "--single-transaction",
            "--set=ON_ERROR_STOP=1",
            "--file=-",
            env=_environment(url),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=writer_said,
        )
        try:
            if await _pump(reader, writer):
                _check("pg_restore", await reader.wait(), reader_said)
                await _finish(writer)
            _check("psql", await writer.wait(), writer_said)
        finally:
            await _end(reader)
            await _end(writer)  # without its COMMIT


async def _pump(reader: asyncio.subprocess.Process, writer: asyncio.subprocess.Process) -> bool:
    """Everything the one writes is read by the other; False when that one stopped listening."""
    assert reader.stdout is not None
    assert writer.stdin is not None
    try:
        while piece := await reader.stdout.read(PIECE_BYTES):
            writer.stdin.write(piece)
            await writer.stdin.drain()
    except ConnectionError:
        return False
    return True


async def _finish(writer: asyncio.subprocess.Process) -> None:
    assert writer.stdin is not None
    with contextlib.suppress(ConnectionError):
        writer.stdin.write(_SENDING_OFF)
        writer.stdin.close()
        await writer.stdin.wait_closed()


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.kill()
        await process.wait()


async def is_empty(database: Database) -> bool:
    """Whether there is no table of anybody's in the database."""
    async with database.reading() as connection:
        found = await connection.scalar(
            text(
                "SELECT count(*) FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace"
                " WHERE relkind IN ('r', 'p') AND nspname NOT LIKE 'pg\\_%'"
                " AND nspname <> 'information_schema'"
            )
        )
    return found == 0


async def analyze(database: Database) -> None:
    """Counts what is there, so that the first queries after a restore are planned well."""
    async with database.raw() as connection:
        await connection.execute("ANALYZE")


def _command(program: str, url: URL) -> Sequence[str]:
    """The program with where to connect; libpq's URL form is SQLAlchemy's, but for two names."""
    query = dict(url.query)
    if "ssl" in query:
        query["sslmode"] = query.pop("ssl")
    plain = url.set(drivername="postgresql", query=query)._replace(password=None)
    return binary(program), f"--dbname={plain.render_as_string(hide_password=False)}"


def _environment(url: URL) -> dict[str, str]:
    password = {"PGPASSWORD": str(url.password)} if url.password else {}
    return {**environment(), **password, "PGCONNECT_TIMEOUT": "10"}


def _check(program: str, status: int, said: IO[bytes]) -> None:
    if status == 0:
        return
    said.seek(0)
    words = said.read(10_000).decode(errors="replace").strip().splitlines() or ["no reason given"]
    if "connection to server" in words[0]:
        raise DatabaseUnreachable(words[0])
    raise ArchiveFailed(f"{program} ended with {status}: {words[0]}")
