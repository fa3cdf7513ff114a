"""Carrying an import on by one chunk: read a block, check its rows, merge them, say how far.

A chunk is one transaction: the contacts, the counts and the place in the file where the next one
begins are committed together, so that a process may die at any moment and nothing is read twice
or left out. Memory is that of one block, however large the file.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import asyncpg
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.csv_rows import CsvDamage, CsvRow, read_rows
from mailwright.domain.custom_field import CustomField
from mailwright.domain.import_rows import ImportedContact, RowReader
from mailwright.domain.webhook_event import EventType
from mailwright.errors import InvalidInput
from mailwright.services import custom_fields, webhook_events
from mailwright.services.forgotten import FORGOTTEN, forgotten
from mailwright.services.import_files import Block, ErrorFile, folder, read_block
from mailwright.services.import_undo import undo_some
from mailwright.services.runtime import Runtime
from mailwright.store import import_checks, webhook_bulk
from mailwright.store import imports as store
from mailwright.store.rows import Row

log = structlog.get_logger()

STATISTICS_FROM_ROWS = 10_000
CHUNK_SECONDS = 1.0  # of reading; the last block is merged after it
REPEATED = "The address appears earlier in the file."
OVERLONG = "The row is longer than half a megabyte."
UNSTORABLE = "The row has characters that are not text in the file's encoding."
CONFLICT = "A value of this row is in use by another contact, such as the external id."

#: Line, cells, reason.
Rejected: TypeAlias = tuple[int, Sequence[str], str]


@dataclass(frozen=True, slots=True)
class _Place:
    """How far a file has been read."""

    bytes_read: int
    lines_read: int
    rows_read: int


@dataclass(slots=True)
class _Chunk:
    """What a block came to; `after`: where the next one begins."""

    after: _Place
    is_last: bool = False
    contacts: list[ImportedContact] = field(default_factory=list[ImportedContact])
    places: list[tuple[int, Sequence[str]]] = field(default_factory=list[tuple[int, Sequence[str]]])
    rejected: list[Rejected] = field(default_factory=list[Rejected])


async def run_chunk(runtime: Runtime, tenant_id: int, import_id: int) -> bool:
    """Carries the import, or its undoing, on for under two seconds; whether there is more to do.

    Calling it for an import that is over does nothing. A file that is gone ends it as `failed`.
    """
    async with runtime.database.transaction() as connection:
        row = await store.lock(connection, tenant_id, import_id)
        if row is None:
            return False
        if row["state"] == "undoing":
            return await undo_some(connection, runtime, row)
        fields = await custom_fields.definitions(connection, tenant_id)
        run = _Run(connection, runtime, row, fields)
        try:
            finished = await run.go_on()
        except OSError as error:
            await _fail(connection, runtime, row, error)
            return False
        await run.save(finished=finished)
    if finished and not row["held"]:
        await asyncio.to_thread(_remove_copy, runtime, row)
    return not finished


class _Run:
    """One call's work on an import: while the database merges a block, the next one is read."""

    def __init__(
        self,
        connection: AsyncConnection,
        runtime: Runtime,
        row: Row,
        fields: Mapping[str, CustomField],
    ) -> None:
        self._connection = connection
        self._runtime = runtime
        self._row = row
        self._file = _RowsOfFile(
            folder(runtime.settings) / row["file_path"], row["mapping"], fields
        )
        self._place = _Place(row["bytes_read"], row["lines_read"], row["rows_read"])
        self._merging = _Merging(connection, runtime, row)
        self._rejected: list[Rejected] = []

    async def go_on(self) -> bool:
        """Reads and merges until the time is up or, then True, the file ends. Raises OSError."""
        clock = asyncio.get_running_loop().time
        until = clock() + CHUNK_SECONDS
        reading = asyncio.create_task(self._read(self._place))
        try:
            while True:
                chunk = await reading
                in_time = clock() < until
                if in_time and not chunk.is_last:
                    reading = asyncio.create_task(self._read(chunk.after))
                await self._merging.merge(chunk)
                chunk.rejected.sort(key=_line)
                self._rejected += chunk.rejected
                self._place = chunk.after
                if chunk.is_last or not in_time:
                    return chunk.is_last
        finally:
            reading.cancel()

    async def save(self, *, finished: bool) -> None:
        """Writes the rejected rows to their file, and how far we are to the import."""
        row, place = self._row, self._place
        error_bytes = await asyncio.to_thread(_write_errors, self._runtime, row, self._rejected)
        values: dict[str, Any] = {
            "state": "done" if finished else "running",
            "bytes_read": place.bytes_read,
            "lines_read": place.lines_read,
            "rows_read": place.rows_read,
            "created": row["created"] + self._merging.created,
            "updated": row["updated"] + self._merging.updated,
            "rejected": row["rejected"] + len(self._rejected),
            "error_bytes": error_bytes,
            "error_file": f"{row['uuid']}.errors.csv" if error_bytes else None,
            "finished_at": self._runtime.now() if finished else None,
        }
        await store.change(self._connection, row["tenant_id"], row["id"], values)
        if finished:
            await _tell_finished(self._connection, self._runtime, {**row, **values})
        if finished and row["dry_run"]:
            await import_checks.forget(self._connection, row["tenant_id"], row["id"])
        elif finished and place.rows_read >= STATISTICS_FROM_ROWS:
            await store.refresh_statistics(self._connection)

    async def _read(self, place: _Place) -> _Chunk:
        return await asyncio.to_thread(self._file.read, place)


class _RowsOfFile:
    """The rows of the file, block by block, checked."""

    def __init__(
        self, path: Path, plan: Mapping[str, Any], fields: Mapping[str, CustomField]
    ) -> None:
        self._path = path
        self._delimiter: str = plan["delimiter"]
        self._reader = RowReader(plan["columns"], fields)

    def read(self, place: _Place) -> _Chunk:
        """The block at `place`. Raises OSError. Blocks: call it in a thread."""
        block = read_block(self._path, place.bytes_read)
        if block.overlong:
            after = _further(place, block.byte_count, lines=1, rows=1)
            return _Chunk(after, rejected=[(place.lines_read + 1, block.lines, OVERLONG)])
        found, line_count = read_rows(
            block.lines,
            delimiter=self._delimiter,
            width=self._reader.width,
            email_column=self._reader.email_column,
            is_last=block.is_last,
        )
        after = _further(place, _byte_count(block, line_count), lines=line_count, rows=len(found))
        chunk = _Chunk(after, block.is_last and line_count == len(block.lines))
        seen: set[str] = set()
        for record in found:
            line = place.lines_read + record.line + 1
            if isinstance(record, CsvDamage):
                chunk.rejected.append((line, [record.text], record.reason))
                continue
            try:
                contact = self._contact(record, seen, clean=block.clean)
            except InvalidInput as error:
                chunk.rejected.append((line, record.cells, error.message))
                continue
            chunk.contacts.append(contact)
            chunk.places.append((line, record.cells))
        return chunk

    def _contact(self, record: CsvRow, seen: set[str], *, clean: bool) -> ImportedContact:
        if not clean and not all(map(_is_storable, record.cells)):
            raise InvalidInput(UNSTORABLE)
        contact = self._reader.read(record.cells)
        if contact.email_key in seen:
            raise InvalidInput(REPEATED)
        seen.add(contact.email_key)
        return contact


def _further(place: _Place, byte_count: int, *, lines: int, rows: int) -> _Place:
    return _Place(place.bytes_read + byte_count, place.lines_read + lines, place.rows_read + rows)


def _byte_count(block: Block, line_count: int) -> int:
    if line_count == len(block.lines):
        return block.byte_count
    left = "".join(block.lines[line_count:])
    return block.byte_count - len(left.encode("utf-8", "surrogateescape"))


class _Merging:
    """Merges rows; when the database refuses some, halves them until the bad ones are alone."""

    def __init__(self, connection: AsyncConnection, runtime: Runtime, row: Row) -> None:
        self._connection = connection
        self._runtime = runtime
        self._tenant_id = row["tenant_id"]
        self._how = store.Merge(
            row["id"],
            row["list_id"],
            row["consent_source"],
            row["mapping"]["actor"],
            row["mapping"]["door"],
            runtime.now(),
            row["project_id"],
        )
        self._is_dry = row["dry_run"]
        self._heard: bool | None = None
        self.created = 0
        self.updated = 0

    async def merge(self, chunk: _Chunk) -> None:
        """Merges the chunk's contacts; those that do not fit are added to its rejected rows."""
        await self._leave_out_forgotten(chunk)
        await self._merge(chunk, range(len(chunk.contacts)))

    async def _leave_out_forgotten(self, chunk: _Chunk) -> None:
        keys = [contact.email_key for contact in chunk.contacts]
        gone = await forgotten(self._connection, self._runtime, self._tenant_id, keys)
        if not gone:
            return
        for index, key in enumerate(keys):
            if key in gone:
                _reject(chunk, index, FORGOTTEN)
        kept = [index for index, key in enumerate(keys) if key not in gone]
        chunk.contacts = [chunk.contacts[index] for index in kept]
        chunk.places = [chunk.places[index] for index in kept]

    async def _merge(self, chunk: _Chunk, rows: range) -> None:
        if not rows:
            return
        contacts = chunk.contacts[rows.start : rows.stop]
        if self._is_dry:
            await self._check(chunk, contacts)
            return
        try:
            async with self._connection.begin_nested():
                merged = await store.merge(self._connection, self._tenant_id, contacts, self._how)
        except (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError):
            if len(rows) == 1:
                _reject(chunk, rows.start, CONFLICT)
                return
            middle = len(rows) // 2
            await self._merge(chunk, rows[:middle])
            await self._merge(chunk, rows[middle:])
            return
        self.created += merged.created
        self.updated += merged.updated
        await self._tell(contacts)
        for index in merged.repeated:
            _reject(chunk, rows.start + index, REPEATED)

    async def _tell(self, contacts: Sequence[ImportedContact]) -> None:
        """Tells of each of them, where somebody listens; asked once a chunk."""
        if self._heard is None:
            types = webhook_bulk.IMPORT_TYPES
            self._heard = await webhook_events.is_heard(self._connection, self._tenant_id, *types)
        if self._heard:
            await webhook_bulk.tell_imported(
                self._connection,
                self._tenant_id,
                [contact.email_key for contact in contacts],
                import_id=self._how.import_id,
                list_id=self._how.list_id,
                at=self._how.at,
                source=self._how.consent_source,
            )

    async def _check(self, chunk: _Chunk, contacts: Sequence[ImportedContact]) -> None:
        """What merging would come to, without doing it."""
        import_id = self._how.import_id
        found = await import_checks.check(self._connection, self._tenant_id, import_id, contacts)
        self.created += found.created
        self.updated += found.updated
        for indexes, reason in ((found.repeated, REPEATED), (found.conflicts, CONFLICT)):
            for index in indexes:
                _reject(chunk, index, reason)


def _reject(chunk: _Chunk, index: int, reason: str) -> None:
    line, cells = chunk.places[index]
    chunk.rejected.append((line, cells, reason))


def _write_errors(runtime: Runtime, row: Row, rejected: Sequence[Rejected]) -> int:
    path = folder(runtime.settings) / f"{row['uuid']}.errors.csv"
    file = ErrorFile(path, row["mapping"]["header"], committed_bytes=row["error_bytes"])
    return file.append(rejected)


async def _fail(connection: AsyncConnection, runtime: Runtime, row: Row, error: OSError) -> None:
    log.error("import_failed", import_id=row["id"], reason=str(error))
    values: dict[str, Any] = {
        "state": "failed",
        "error": "The uploaded file cannot be read any more; import it again.",
        "finished_at": runtime.now(),
    }
    await store.change(connection, row["tenant_id"], row["id"], values)
    await _tell_finished(connection, runtime, {**row, **values})


async def _tell_finished(connection: AsyncConnection, runtime: Runtime, row: Row) -> None:
    data = {"import_uuid": row["uuid"], "file_name": row["file_name"], "status": row["state"]}
    counts = {name: row[name] for name in ("created", "updated", "rejected", "dry_run")}
    await webhook_events.tell(
        connection,
        row["tenant_id"],
        EventType.IMPORT_FINISHED,
        runtime.now(),
        data | counts,
        list_id=row["list_id"],
    )


def _remove_copy(runtime: Runtime, row: Row) -> None:
    (folder(runtime.settings) / row["file_path"]).unlink(missing_ok=True)


def _is_storable(cell: str) -> bool:
    return "\0" not in cell and not any("\ud800" <= char <= "\udfff" for char in cell)


def _line(rejected: Rejected) -> int:
    return rejected[0]
