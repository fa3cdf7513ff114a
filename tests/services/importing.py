"""Imports files given as text, for tests."""

from __future__ import annotations

import csv
from typing import Any

from sqlalchemy import select

from mailwright.services import imports
from mailwright.services.caller import Caller
from mailwright.services.imports import ImportView, NewImport
from mailwright.services.runtime import Runtime
from mailwright.store.database import Database
from mailwright.store.tables import contacts
from mailwright.store.tables import imports as imports_table


async def start(
    runtime: Runtime,
    caller: Caller,
    content: str | bytes,
    *,
    file_name: str = "given.csv",
    **new: Any,
) -> tuple[ImportView, int]:
    """An import of `content`, not yet carried on; its view and its id."""
    source = runtime.settings.data_dir / "given.csv"
    source.parent.mkdir(parents=True, exist_ok=True)
    source.write_bytes(content.encode() if isinstance(content, str) else content)
    view = await imports.start_import(
        runtime, caller, NewImport(file_name, **new), source, in_background=False
    )
    source.unlink()
    async with runtime.database.reading() as connection:
        found = select(imports_table.c.id).where(imports_table.c.uuid == view.uuid)
        return view, (await connection.execute(found)).scalar_one()


async def imported(
    runtime: Runtime, caller: Caller, content: str | bytes, **new: Any
) -> ImportView:
    """The import of `content`, finished."""
    view, import_id = await start(runtime, caller, content, **new)
    while await imports.run_chunk(runtime, caller.tenant_id, import_id):
        pass
    return await imports.get_import(runtime, caller, view.uuid)


async def rows_of(database: Database) -> list[dict[str, Any]]:
    """Every contact, in the order they came."""
    async with database.reading() as connection:
        found = await connection.execute(select(contacts).order_by(contacts.c.id))
        return [dict(row) for row in found.mappings()]


def errors_of(runtime: Runtime, view: ImportView) -> list[list[str]]:
    """The error file, its heading first."""
    path = imports.error_path(runtime, view.error_file)
    if path is None:
        return []
    with path.open(newline="") as file:
        return list(csv.reader(file))


def counts_of(view: ImportView) -> tuple[str, int, int, int]:
    """Status, created, updated, rejected."""
    return view.status, view.created, view.updated, view.rejected
