"""Carrying an export on by one piece: read rows, append them to the file, say how far.

A piece is one transaction: whoever dies, the file and the place where it goes on agree.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.webhook_event import EventType
from mailwright.errors import MailwrightError
from mailwright.services import webhook_events
from mailwright.services.csv_writing import csv_lines
from mailwright.services.export_kinds import KINDS, Position
from mailwright.services.runtime import Runtime
from mailwright.store import export_tasks as store
from mailwright.store.rows import Row

log = structlog.get_logger()

KEPT_FOR = timedelta(days=7)
PIECE_ROWS = 5_000


async def run_chunk(runtime: Runtime, tenant_id: int, export_id: int) -> bool:
    """Writes one more piece; whether there is more to do. One that cannot be written fails."""
    row: Row | None = None
    try:
        async with runtime.database.transaction() as connection:
            row = await store.lock(connection, tenant_id, export_id)
            return row is not None and await _write(connection, runtime, row)
    except (MailwrightError, DBAPIError, KeyError) as error:
        if isinstance(error, DBAPIError) and error.connection_invalidated:
            raise
        log.error("export_failed", export_id=export_id, reason=str(error))
        values = {"state": "failed", "error": "It could not be written; export again."}
        async with runtime.database.transaction() as connection:
            await store.change(connection, tenant_id, export_id, values)
            await store.drop_file(connection, tenant_id, export_id)
            if row is not None:
                await _tell_finished(connection, runtime, {**row, **values})
        return False


async def _write(connection: AsyncConnection, runtime: Runtime, row: Row) -> bool:
    tenant_id, parameters, kind = row["tenant_id"], row["parameters"], KINDS[row["kind"]]
    data, header = b"", row["header"]
    values: dict[str, Any] = {}
    if row["state"] == "pending":
        header = await kind.header(connection, tenant_id, parameters)
        total = await kind.count(connection, tenant_id, parameters)
        data = csv_lines([header])
        values = {"state": "running", "header": header, "rows_total": total}
    place = Position(header, row["position"], PIECE_ROWS)
    found = await kind.rows(connection, tenant_id, parameters, place)
    if found is not None:
        data += csv_lines(found.rows)
        values |= {
            "position": found.position,
            "rows_written": row["rows_written"] + len(found.rows),
        }
    else:
        values |= {"state": "ready", "finished_at": runtime.now()}
        values["expires_at"] = runtime.now() + KEPT_FOR
    if data:
        number = await store.next_piece_number(connection, tenant_id, row["id"])
        await store.add_piece(connection, tenant_id, row["id"], number, data)
        values["byte_count"] = row["byte_count"] + len(data)
    await store.change(connection, tenant_id, row["id"], values)
    if found is None:
        await _tell_finished(connection, runtime, {**row, **values})
    return found is not None


async def _tell_finished(connection: AsyncConnection, runtime: Runtime, row: Row) -> None:
    data = {
        "export_uuid": row["uuid"],
        "kind": row["kind"],
        "status": row["state"],
        "rows_written": row["rows_written"],
    }
    await webhook_events.tell(
        connection,
        row["tenant_id"],
        EventType.EXPORT_FINISHED,
        runtime.now(),
        data,
        list_id=row["list_id"],
    )
