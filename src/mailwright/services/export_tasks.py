"""Exports in the background: asked for, written piece by piece, kept for a week, downloaded."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.ids import new_id
from mailwright.domain.tokens import Download, Tokens
from mailwright.domain.webhook_event import EXPORT_CREATED, EXPORT_DELETED, EventType
from mailwright.errors import Conflict, InvalidInput, NotFound
from mailwright.services import audit, webhook_events
from mailwright.services.caller import Caller
from mailwright.services.export_kinds import KINDS
from mailwright.services.export_run import KEPT_FOR
from mailwright.services.export_run import run_chunk as run_chunk
from mailwright.services.paging import Page, Paged
from mailwright.services.runtime import Runtime
from mailwright.store import export_tasks as store
from mailwright.store.job_queue import Job, enqueue
from mailwright.store.rows import Row

log = structlog.get_logger()

DESCRIPTION_MAX = 1_000
#: `running` is our own word in between; outside it is pending.
STATUSES = ("pending", "ready", "failed", "deleted")


@dataclass(frozen=True, slots=True)
class NewExport:
    """What to export. `parameters`: what the kind needs; `origin`: the request in a door's words.

    `list_id`: the list it is about, for finding it again.
    """

    kind: str
    parameters: Mapping[str, Any]
    description: str | None = None
    list_id: int | None = None
    origin: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class ExportFilter:
    """Which exports; None: whatever. `parameters`: those that have all of these."""

    kinds: Collection[str] | None = None
    status: str | None = None
    list_id: int | None = None
    parameters: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class ExportView:
    """An export. `status`: pending, ready, failed or deleted; `progress`: percent, 0 to 100."""

    uuid: UUID
    kind: str
    status: str
    description: str | None
    progress: int
    rows_written: int
    byte_count: int
    error: str | None
    requested_by: str
    created_at: datetime
    expires_at: datetime
    parameters: dict[str, Any] = field(repr=False)
    origin: dict[str, Any] | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class LinkedFile:
    """A file as whoever has its link gets it."""

    name: str
    byte_count: int
    pieces: AsyncIterator[bytes] = field(repr=False)


async def start_export(runtime: Runtime, caller: Caller, new: NewExport) -> ExportView:
    """The export, to be written by the next free worker. Raises InvalidInput.

    The door or service that calls has checked that what the parameters name is the caller's.
    """
    caller.require("exports:write")
    caller.require(KINDS[new.kind].scope)
    if len(new.description or "") > DESCRIPTION_MAX:
        raise InvalidInput.field("description", f"At most {DESCRIPTION_MAX} characters.")
    async with runtime.database.transaction() as connection:
        row = await store.add(
            connection,
            caller.tenant_id,
            {
                "uuid": new_id(),
                "kind": new.kind,
                "description": new.description,
                "parameters": dict(new.parameters),
                "origin": None if new.origin is None else dict(new.origin),
                "list_id": new.list_id,
                "requested_by": caller.actor,
                "expires_at": runtime.now() + KEPT_FOR,
            },
        )
        payload = {"tenant_id": caller.tenant_id, "export_id": row["id"]}
        await enqueue(connection, Job.RUN_EXPORT, payload)
        await _tell(connection, runtime, row, EXPORT_CREATED.get(new.kind))
        details = {"kind": new.kind}
        await audit.record(connection, caller, "export.create", f"export:{row['uuid']}", details)
    return _view(row)


async def get_export(runtime: Runtime, caller: Caller, export_uuid: UUID) -> ExportView:
    """One export. Raises NotFound."""
    caller.require("exports:read")
    async with runtime.database.reading() as connection:
        return _view(await _existing(connection, caller, export_uuid))


async def page_exports(
    runtime: Runtime,
    caller: Caller,
    page: Page,
    wanted: ExportFilter | None = None,
    *,
    order: str = "created_at",
    descending: bool = True,
) -> Paged[ExportView]:
    """Exports that fit, the newest first unless asked otherwise."""
    caller.require("exports:read")
    fits = wanted or ExportFilter()
    states = None if fits.status is None else _states(fits.status)
    async with runtime.database.reading() as connection:
        rows, total = await store.page(
            connection,
            caller.tenant_id,
            kinds=fits.kinds,
            states=states,
            list_id=fits.list_id,
            parameters=fits.parameters,
            order=order,
            descending=descending,
            limit=page.per_page,
            offset=page.offset,
        )
    return Paged([_view(row) for row in rows], total, page)


async def delete_export(runtime: Runtime, caller: Caller, export_uuid: UUID) -> ExportView:
    """The export, now deleted: its file is gone, and it is not written further. Raises NotFound."""
    caller.require("exports:write")
    async with runtime.database.transaction() as connection:
        row = await _existing(connection, caller, export_uuid)
        await store.change(connection, caller.tenant_id, row["id"], {"state": "deleted"})
        await store.drop_file(connection, caller.tenant_id, row["id"])
        if row["state"] != "deleted":
            await _tell(connection, runtime, row, EXPORT_DELETED.get(row["kind"]))
        await audit.record(connection, caller, "export.delete", f"export:{export_uuid}")
    return _view({**row, "state": "deleted"})


async def require_ready(runtime: Runtime, caller: Caller, export_uuid: UUID) -> ExportView:
    """The export, whose file can be had. Raises NotFound; Conflict EXPORT_NOT_READY.

    Whoever takes the file is written down in the audit log.
    """
    caller.require("exports:read")
    async with runtime.database.transaction() as connection:
        row = await _existing(connection, caller, export_uuid)
        caller.require(KINDS[row["kind"]].scope)
        if row["state"] != "ready":
            raise Conflict(
                f"The file cannot be had; the export is {_status(row)}.", code="EXPORT_NOT_READY"
            )
        await audit.record(connection, caller, "export.download", f"export:{export_uuid}")
    return _view(row)


async def download(runtime: Runtime, caller: Caller, export_uuid: UUID) -> AsyncIterator[bytes]:
    """The pieces of the file. Raises NotFound; Conflict EXPORT_NOT_READY."""
    await require_ready(runtime, caller, export_uuid)
    return pieces(runtime, caller.tenant_id, export_uuid)


async def file_url(runtime: Runtime, caller: Caller, export_uuid: UUID) -> str:
    """Where the file can be had without a key until the export expires.

    Raises NotFound; Conflict EXPORT_NOT_READY.
    """
    view = await require_ready(runtime, caller, export_uuid)
    async with runtime.database.reading() as connection:
        row = await _existing(connection, caller, export_uuid)
    until = int(view.expires_at.timestamp())
    token = Tokens(runtime.keys).download(Download(caller.tenant_id, row["id"], until))
    return f"{runtime.settings.base_url}/d/{token}"


async def linked_file(runtime: Runtime, link: Download) -> LinkedFile | None:
    """The file that a link leads to, or None: it is not there any more."""
    if link.until < runtime.now().timestamp():
        return None
    async with runtime.database.reading() as connection:
        row = await store.by_id(connection, link.tenant_id, link.export_id)
    if row is None or row["state"] != "ready":
        return None
    name = f"{row['kind']}-{row['created_at']:%Y-%m-%d}.csv"
    return LinkedFile(name, row["byte_count"], pieces(runtime, link.tenant_id, row["uuid"]))


async def pieces(runtime: Runtime, tenant_id: int, export_uuid: UUID) -> AsyncIterator[bytes]:
    """The file of an export that is ready, piece by piece; nothing for another."""
    async with runtime.database.reading() as connection:
        row = await store.get(connection, tenant_id, export_uuid)
    number = 0
    while row is not None and row["state"] == "ready":
        async with runtime.database.reading() as connection:
            data = await store.piece(connection, tenant_id, row["id"], number)
        if data is None:
            return
        yield data
        number += 1


async def _tell(
    connection: AsyncConnection, runtime: Runtime, row: Row, type_: EventType | None
) -> None:
    """Exports of kinds that no word is for are told when they are finished, and then only."""
    if type_ is not None:
        data = {"export_uuid": row["uuid"], "kind": row["kind"]}
        await webhook_events.tell(
            connection,
            row["tenant_id"],
            type_,
            runtime.now(),
            data,
            list_id=row["list_id"],
            numbers={"export_id": row["id"]},
        )


async def _existing(connection: AsyncConnection, caller: Caller, export_uuid: UUID) -> Row:
    row = await store.get(connection, caller.tenant_id, export_uuid)
    if row is None:
        raise NotFound("There is no such export.")
    return row


def _states(status: str) -> tuple[str, ...]:
    return ("pending", "running") if status == "pending" else (status,)


def _status(row: Row) -> str:
    return "pending" if row["state"] == "running" else row["state"]


def _progress(row: Row) -> int:
    if row["finished_at"] is not None:
        return 100
    return min(99, 100 * row["rows_written"] // max(row["rows_total"], 1))


def _view(row: Row) -> ExportView:
    return ExportView(
        uuid=row["uuid"],
        kind=row["kind"],
        status=_status(row),
        description=row["description"],
        progress=_progress(row),
        rows_written=row["rows_written"],
        byte_count=row["byte_count"],
        error=row["error"],
        requested_by=row["requested_by"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        parameters=row["parameters"],
        origin=row["origin"],
    )
