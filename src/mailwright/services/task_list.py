"""What is done in the background for a tenant: exports and imports, in one list."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.errors import Conflict, NotFound
from mailwright.services import export_tasks
from mailwright.services.caller import Caller
from mailwright.services.paging import Page, Paged
from mailwright.services.runtime import Runtime
from mailwright.store import members
from mailwright.store import task_list as store
from mailwright.store.rows import Row
from mailwright.store.task_list import IMPORT, TaskFilter

__all__ = ["IMPORT", "Requester", "TaskFilter", "TaskView"]


@dataclass(frozen=True, slots=True)
class Requester:
    """Who asked: a member; for a key or the shell the account's first owner stands."""

    number: int
    email: str


@dataclass(frozen=True, slots=True)
class TaskView:
    """A task. `kind`: an export's, or `import`; `status`: pending, ready, failed or deleted."""

    uuid: UUID
    kind: str
    status: str
    description: str | None
    progress: int
    requested_by: Requester
    payload: dict[str, Any]
    created_at: datetime
    expires_at: datetime


async def page_tasks(
    runtime: Runtime,
    caller: Caller,
    page: Page,
    wanted: TaskFilter,
    *,
    order: str = "created_at",
    descending: bool = True,
) -> Paged[TaskView]:
    """Tasks that fit, the newest first unless asked otherwise."""
    caller.require("exports:read")
    async with runtime.database.reading() as connection:
        rows, total = await store.page(
            connection,
            caller.tenant_id,
            wanted,
            order=order,
            descending=descending,
            limit=page.per_page,
            offset=page.offset,
        )
        known: dict[str, Requester] = {}
        views = [await _view(connection, caller, row, known) for row in rows]
    return Paged(views, total, page)


async def get_task(runtime: Runtime, caller: Caller, task_uuid: UUID) -> TaskView:
    """One task. Raises NotFound."""
    caller.require("exports:read")
    async with runtime.database.reading() as connection:
        row = await store.get(connection, caller.tenant_id, task_uuid)
        if row is None:
            raise NotFound("There is no such task.")
        return await _view(connection, caller, row, {})


async def delete_task(runtime: Runtime, caller: Caller, task_uuid: UUID) -> TaskView:
    """The task, now deleted, with its file. Raises NotFound, Conflict for an import."""
    found = await get_task(runtime, caller, task_uuid)
    if found.kind == IMPORT:
        raise Conflict("An import is not deleted; it can be undone.", code="TASK_NOT_DELETABLE")
    await export_tasks.delete_export(runtime, caller, task_uuid)
    return await get_task(runtime, caller, task_uuid)


async def requesters_of(
    runtime: Runtime, caller: Caller, actors: Iterable[str]
) -> dict[str, Requester]:
    """Whom each actor of the caller's tenant stands for."""
    async with runtime.database.reading() as connection:
        return {actor: await requester_of(connection, caller, actor) for actor in set(actors)}


async def requester_of(connection: AsyncConnection, caller: Caller, actor: str | None) -> Requester:
    """Whom an actor of the caller's tenant stands for."""
    row = None
    kind, _, reference = (actor or "").partition(":")
    if kind == "member":
        try:
            row = await members.by_uuid(connection, caller.tenant_id, UUID(reference))
        except ValueError:
            row = None
    if row is None:
        row = await members.first_owner(connection, caller.tenant_id)
    return Requester(row["id"], row["email"]) if row else Requester(0, "owner@localhost")


async def _view(
    connection: AsyncConnection, caller: Caller, row: Row, known: dict[str, Requester]
) -> TaskView:
    actor = row["requested_by"] or ""
    if actor not in known:
        known[actor] = await requester_of(connection, caller, actor)
    return TaskView(
        uuid=row["uuid"],
        kind=row["kind"],
        status=row["status"],
        description=row["description"],
        progress=int(row["progress"]),
        requested_by=known[actor],
        payload=row["payload"] or {},
        created_at=row["created_at"],
        expires_at=row["expires_at"],
    )
