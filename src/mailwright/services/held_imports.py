"""Imports whose file is here and waits: somebody looks into it, says what its columns are, tries
it, and starts it.

Trying is a dry run of the same import. The file is kept until the import is started for good, is
discarded, or has waited for a week.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from mailwright.domain.csv_rows import CsvRow, read_rows
from mailwright.domain.import_columns import columns_chosen
from mailwright.errors import Conflict
from mailwright.services import audit
from mailwright.services.caller import Caller
from mailwright.services.import_files import folder, read_block
from mailwright.services.imports import ImportView, existing, get_import, list_id_of
from mailwright.services.runtime import Runtime
from mailwright.store import imports as store
from mailwright.store.job_queue import Job, enqueue
from mailwright.store.rows import Row

KEPT_FOR = timedelta(days=7)
SAMPLES = 3  # values of a column
_LINES_LOOKED_AT = 50  # rows that run over several lines, or are damaged, among them


@dataclass(frozen=True, slots=True)
class HeldColumn:
    """A column of the file: what it is called there, what it is to become, its first values."""

    heading: str
    target: str
    samples: Sequence[str]


async def look_into_import(
    runtime: Runtime, caller: Caller, import_uuid: UUID
) -> Sequence[HeldColumn]:
    """The columns of a file that is kept. Raises NotFound, Conflict IMPORT_NOT_HELD."""
    caller.require("imports:read")
    async with runtime.database.reading() as connection:
        row = await existing(connection, caller, import_uuid)
    if not row["held"]:
        raise _not_held()
    try:
        rows = await asyncio.to_thread(_first_rows, _path(runtime, row), row["mapping"])
    except OSError:
        raise _not_held() from None
    plan = row["mapping"]
    return [
        HeldColumn(heading, target, [cells[place] for cells in rows if len(cells) > place])
        for place, (heading, target) in enumerate(zip(plan["header"], plan["columns"], strict=True))
    ]


async def begin_import(
    runtime: Runtime,
    caller: Caller,
    import_uuid: UUID,
    targets: Sequence[str] | None = None,
    *,
    dry_run: bool,
) -> ImportView:
    """The import, under way: tried only, or for good.

    `targets`: what each column is, in the order of the file; None: as it was said last.
    Raises NotFound, InvalidInput, Conflict IMPORT_NOT_HELD.
    """
    caller.require("imports:write")
    caller.require("contacts:write")
    async with runtime.database.transaction() as connection:
        row = await store.lock_held(connection, caller.tenant_id, import_uuid)
        if row is None:
            await existing(connection, caller, import_uuid)
            raise _not_held()
        plan: dict[str, Any] = dict(row["mapping"])
        if targets is not None:
            plan["columns"] = columns_chosen(plan["header"], targets)
        values: dict[str, Any] = {**_FRESH, **plan["start"], "dry_run": dry_run, "held": dry_run}
        if not dry_run and row["list_id"] is None and plan["list_name"]:
            values["list_id"] = await list_id_of(runtime, connection, caller, plan["list_name"])
        values["mapping"] = plan | {"actor": caller.actor, "door": caller.door.value}
        await store.change(connection, caller.tenant_id, row["id"], values)
        await asyncio.to_thread(_error_file(runtime, row).unlink, missing_ok=True)
        payload = {"tenant_id": caller.tenant_id, "import_id": row["id"]}
        await enqueue(connection, Job.RUN_IMPORT, payload)
        about = {"file_name": row["file_name"], "dry_run": dry_run}
        await audit.record(connection, caller, "import.begin", f"import:{import_uuid}", about)
    return await get_import(runtime, caller, import_uuid)


async def discard_import(runtime: Runtime, caller: Caller, import_uuid: UUID) -> None:
    """The file and its import are gone. Raises NotFound, Conflict IMPORT_NOT_HELD."""
    caller.require("imports:write")
    async with runtime.database.transaction() as connection:
        row = await store.lock_held(connection, caller.tenant_id, import_uuid)
        if row is None:
            await existing(connection, caller, import_uuid)
            raise _not_held()
        await store.remove(connection, caller.tenant_id, row["id"])
        about = {"file_name": row["file_name"]}
        await audit.record(connection, caller, "import.discard", f"import:{import_uuid}", about)
    await asyncio.to_thread(_remove_files, runtime, [row])


async def forget_held_imports(runtime: Runtime) -> None:
    """Discards, of all tenants, what nobody started for a week."""
    async with runtime.database.transaction() as connection:
        rows = await store.remove_held(connection, runtime.now() - KEPT_FOR)
    if rows:
        await asyncio.to_thread(_remove_files, runtime, rows)


#: An import before its first row, whatever a try of it came to.
_FRESH: dict[str, Any] = {
    "state": "queued",
    "rows_read": 0,
    "created": 0,
    "updated": 0,
    "rejected": 0,
    "error_file": None,
    "error_bytes": 0,
    "error": None,
    "finished_at": None,
}


def _first_rows(path: Path, plan: dict[str, Any]) -> list[list[str]]:
    """The cells of the first whole rows after the headings. Raises OSError."""
    block = read_block(path, plan["start"]["bytes_read"])
    found, _ = read_rows(
        block.lines[:_LINES_LOOKED_AT],
        delimiter=plan["delimiter"],
        width=len(plan["columns"]),
        email_column=plan["columns"].index("email"),
        is_last=False,
    )
    rows = [_printable(row.cells) for row in found if isinstance(row, CsvRow)]
    return [row for row in rows if any(row)][:SAMPLES]


def _printable(cells: Sequence[str]) -> list[str]:
    return [cell.encode(errors="replace").decode().replace("\0", "").strip() for cell in cells]


def _path(runtime: Runtime, row: Row) -> Path:
    return folder(runtime.settings) / row["file_path"]


def _error_file(runtime: Runtime, row: Row) -> Path:
    return folder(runtime.settings) / f"{row['uuid']}.errors.csv"


def _remove_files(runtime: Runtime, rows: Sequence[Row]) -> None:
    for row in rows:
        _path(runtime, row).unlink(missing_ok=True)
        _error_file(runtime, row).unlink(missing_ok=True)


def _not_held() -> Conflict:
    return Conflict(
        "The file of this import is no longer kept; import it again.", code="IMPORT_NOT_HELD"
    )
