"""Imports of contacts from CSV files: started here, carried on by `run_chunk`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.csv_rows import CsvRow, read_rows, sniff_delimiter
from mailwright.domain.ids import new_id
from mailwright.domain.import_columns import (
    ATTRIBUTE_PREFIX,
    columns_from,
    columns_without_header,
)
from mailwright.domain.webhook_event import EventType
from mailwright.errors import Conflict, InvalidInput, NotFound
from mailwright.services import audit, webhook_events
from mailwright.services.caller import Caller
from mailwright.services.contact_writing import project_id_of
from mailwright.services.import_files import copy_normalised, folder, read_block, write_pieces
from mailwright.services.import_run import run_chunk as run_chunk
from mailwright.services.paging import Page, Paged
from mailwright.services.runtime import Runtime
from mailwright.store import imports as store
from mailwright.store import lists
from mailwright.store.job_queue import Job, enqueue
from mailwright.store.rows import Row

HEADER_WIDTH_MAX = 10_000  # cells; more is refused by name later


@dataclass(frozen=True, slots=True)
class ImportView:
    """An import. `columns`: what each column became; `dry_run`: nothing was changed.

    `status`: waiting, queued, running, done, failed, undoing or undone; `contacts_removed` and
    `memberships_removed`: by undoing it; `held`: its file is kept, to be started (see
    services/held_imports.py).
    """

    uuid: UUID
    status: str
    file_name: str
    list_uuid: UUID | None
    project_uuid: UUID | None
    consent_source: str
    dry_run: bool
    held: bool
    columns: dict[str, str]
    file_bytes: int
    bytes_read: int
    rows_read: int
    created: int
    updated: int
    rejected: int
    error_file: str | None
    error: str | None
    created_at: datetime
    finished_at: datetime | None
    contacts_removed: int
    memberships_removed: int
    undone_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewImport:
    """What to import, and how. The named list is made when it is absent.

    `consent_source`: how we know that new people agreed, such as "webinar 2026-05".
    `mapping`: by column heading, a field, `attributes.KEY` or `skip`. `project_uuid`: the audience
    that everybody in the file then belongs to. `dry_run`: counts and the error file, no more.
    `held`: nothing happens before somebody says what the columns are and starts it.
    """

    file_name: str
    list_name: str | None = None
    list_uuid: UUID | None = None
    consent_source: str = "import"
    mapping: Mapping[str, str] | None = None
    project_uuid: UUID | None = None
    dry_run: bool = False
    held: bool = False


async def start_import(
    runtime: Runtime, caller: Caller, new: NewImport, source: Path, *, in_background: bool = True
) -> ImportView:
    """The import of the file at `source`, which is copied first and may then be removed.

    `in_background`: by the next free worker; else whoever calls goes on with `run_chunk`.
    Raises InvalidInput when the file has no column of addresses, OSError when it cannot be read.
    """
    caller.require("imports:write")
    caller.require("contacts:write")
    import_uuid = new_id()
    copy = folder(runtime.settings) / f"{import_uuid}.csv"
    try:
        file_bytes, place, plan = await asyncio.to_thread(_prepare, source, copy, new.mapping)
        async with runtime.database.transaction() as connection:
            values: dict[str, Any] = {
                **place,
                "uuid": import_uuid,
                "file_name": new.file_name,
                "file_path": copy.name,
                "file_bytes": file_bytes,
                "list_id": await _list_id(runtime, connection, caller, new),
                "state": "waiting" if new.held else "queued",
                "held": new.held,
                "project_id": await project_id_of(connection, caller, new.project_uuid),
                "consent_source": new.consent_source,
                "dry_run": new.dry_run,
                "mapping": {
                    **plan,
                    "start": place,
                    "list_name": new.list_name,
                    "actor": caller.actor,
                    "door": caller.door.value,
                },
            }
            row = await store.add(connection, caller.tenant_id, values)
            if in_background and not new.held:
                payload = {"tenant_id": caller.tenant_id, "import_id": row["id"]}
                await enqueue(connection, Job.RUN_IMPORT, payload)
    except BaseException:
        copy.unlink(missing_ok=True)
        raise
    return _view(row)


async def receive_import(
    runtime: Runtime, caller: Caller, new: NewImport, pieces: AsyncIterator[bytes]
) -> ImportView:
    """The import of a file that arrives in pieces, in the background. As `start_import`."""
    arrived = folder(runtime.settings) / f"{new_id()}.upload"
    try:
        await write_pieces(arrived, pieces)
        return await start_import(runtime, caller, new, arrived)
    finally:
        arrived.unlink(missing_ok=True)


async def run_import_here(runtime: Runtime, caller: Caller, import_uuid: UUID) -> ImportView:
    """Carries the import on by one chunk in this process. Raises NotFound."""
    caller.require("imports:write")
    async with runtime.database.reading() as connection:
        row = await existing(connection, caller, import_uuid)
    await run_chunk(runtime, caller.tenant_id, row["id"])
    return await get_import(runtime, caller, import_uuid)


async def get_import(runtime: Runtime, caller: Caller, import_uuid: UUID) -> ImportView:
    """One import and how far it is. Raises NotFound."""
    caller.require("imports:read")
    async with runtime.database.reading() as connection:
        return _view(await existing(connection, caller, import_uuid))


async def page_imports(runtime: Runtime, caller: Caller, page: Page) -> Paged[ImportView]:
    """Imports, newest first."""
    caller.require("imports:read")
    async with runtime.database.reading() as connection:
        rows, total = await store.page(
            connection, caller.tenant_id, limit=page.per_page, offset=page.offset
        )
    return Paged([_view(row) for row in rows], total, page)


async def undo_import(runtime: Runtime, caller: Caller, import_uuid: UUID) -> ImportView:
    """The import, undone as far as nothing was built on it; of a large one the rest goes on behind.

    Contacts that it made are removed unless they were changed, mailed, or put on a list since, and
    memberships that it made end. What it filled in for known contacts stays. Raises NotFound,
    Conflict IMPORT_NOT_UNDOABLE.
    """
    caller.require("imports:write")
    caller.require("contacts:write")
    async with runtime.database.transaction() as connection:
        row = await existing(connection, caller, import_uuid)
        if row["dry_run"] or not await store.begin_undo(connection, caller.tenant_id, row["id"]):
            raise Conflict(
                "Only an import that is over, changed something and was not undone can be undone.",
                code="IMPORT_NOT_UNDOABLE",
            )
        payload = {"tenant_id": caller.tenant_id, "import_id": row["id"]}
        await enqueue(connection, Job.RUN_IMPORT, payload)
        about = {"file_name": row["file_name"]}
        await audit.record(connection, caller, "import.undo", f"import:{import_uuid}", about)
    await run_chunk(runtime, caller.tenant_id, row["id"])
    async with runtime.database.reading() as connection:
        return _view(await existing(connection, caller, import_uuid))


async def get_error_file(runtime: Runtime, caller: Caller, import_uuid: UUID) -> Path:
    """The file of rejected rows. Raises NotFound when nothing was rejected."""
    caller.require("imports:read")
    async with runtime.database.reading() as connection:
        row = await existing(connection, caller, import_uuid)
    path = error_path(runtime, row["error_file"])
    if path is None or not path.is_file():
        raise NotFound("No row of this import was rejected.")
    return path


def error_path(runtime: Runtime, error_file: str | None) -> Path | None:
    """Where the error file of an import's view lies."""
    return folder(runtime.settings) / error_file if error_file else None


def _prepare(
    source: Path, copy: Path, mapping: Mapping[str, str] | None
) -> tuple[int, dict[str, int], dict[str, Any]]:
    """The copy's length, where its first contact is, and how its rows are to be read."""
    file_bytes = copy_normalised(source, copy)
    block = read_block(copy, 0)
    lines = block.lines
    skipped = next((number for number, line in enumerate(lines) if line.strip()), None)
    if skipped is None:
        raise InvalidInput.field("file", "The file is empty.")
    delimiter = sniff_delimiter(lines[skipped])
    if lines[skipped].strip().lower().startswith("sep=") and len(lines) > skipped + 1:
        delimiter = lines[skipped].strip()[4:5] or delimiter  # Excel's own first line
        skipped += 1
    found, _ = read_rows(
        lines[skipped : skipped + 50],
        delimiter=delimiter,
        width=HEADER_WIDTH_MAX,
        email_column=0,
        is_last=True,
    )
    header = found[0]
    if not isinstance(header, CsvRow):
        raise InvalidInput.field("file", "The quotes of the first row do not fit together.")
    following = found[1].line if len(found) > 1 else len(lines) - skipped
    columns = None if mapping else columns_without_header(header.cells)
    if columns is None:
        columns, skipped = columns_from(header.cells, mapping), skipped + following
        names = [cell.strip() for cell in header.cells]
    else:
        names = [column.removeprefix(ATTRIBUTE_PREFIX) for column in columns]
    read = "".join(lines[:skipped]).encode("utf-8", "surrogateescape")
    plan = {"delimiter": delimiter, "columns": columns, "header": names}
    return file_bytes, {"bytes_read": len(read), "lines_read": skipped}, plan


async def _list_id(
    runtime: Runtime, connection: AsyncConnection, caller: Caller, new: NewImport
) -> int | None:
    if new.list_uuid is not None:
        found = await lists.ids_of(connection, caller.tenant_id, [new.list_uuid])
        if new.list_uuid not in found:
            raise InvalidInput.field("list_uuid", "There is no such list.")
        return found[new.list_uuid]
    if not new.list_name or new.dry_run or new.held:
        return None
    return await list_id_of(runtime, connection, caller, new.list_name)


async def list_id_of(
    runtime: Runtime, connection: AsyncConnection, caller: Caller, name: str
) -> int | None:
    """The list of that name, made when it is absent."""
    values = {"uuid": new_id(), "name": name}
    row = await lists.add(connection, caller.tenant_id, values)
    if row is not None:
        await webhook_events.tell(
            connection,
            caller.tenant_id,
            EventType.LIST_CREATED,
            runtime.now(),
            list_id=row["id"],
        )
        return row["id"]
    return await lists.id_of_name(connection, caller.tenant_id, name)


async def existing(connection: AsyncConnection, caller: Caller, import_uuid: UUID) -> Row:
    """The row of one of the caller's imports. Raises NotFound."""
    row = await store.get(connection, caller.tenant_id, import_uuid)
    if row is None:
        raise NotFound("There is no such import.")
    return row


def _view(row: Row) -> ImportView:
    plan = row["mapping"]
    return ImportView(
        uuid=row["uuid"],
        status=row["state"],
        file_name=row["file_name"],
        list_uuid=row["list_uuid"],
        project_uuid=row["project_uuid"],
        dry_run=row["dry_run"],
        held=row["held"],
        consent_source=row["consent_source"],
        columns=dict(zip(plan["header"], plan["columns"], strict=True)),
        file_bytes=row["file_bytes"],
        bytes_read=row["bytes_read"],
        rows_read=row["rows_read"],
        created=row["created"],
        updated=row["updated"],
        rejected=row["rejected"],
        error_file=row["error_file"],
        error=row["error"],
        created_at=row["created_at"],
        finished_at=row["finished_at"],
        contacts_removed=row["undone_contacts"],
        memberships_removed=row["undone_memberships"],
        undone_at=row["undone_at"],
    )
