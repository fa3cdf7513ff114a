"""Everything that is done in the background, exports and imports alike, in one list."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, literal, null, select, true, union_all
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.store.rows import AnySelect, Row, every, maybe_one
from mailwright.store.tables import exports, imports

IMPORT = "import"
ORDERS = ("status", "created_at", "expires_at")

#: How long what an import left behind is worth looking at.
_KEPT_FOR = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class TaskFilter:
    """Which tasks; None: whatever. `kinds`: an export's, or `import`."""

    kinds: Sequence[str] | None = None
    status: str | None = None
    list_id: int | None = None
    progress: int | None = None


def _exports(tenant_id: int) -> AnySelect:
    progress = case(
        (exports.c.finished_at.is_not(None), 100),
        else_=func.least(99, 100 * exports.c.rows_written / func.greatest(exports.c.rows_total, 1)),
    )
    status = case((exports.c.state == "running", "pending"), else_=exports.c.state)
    return select(
        exports.c.uuid,
        exports.c.kind,
        status.label("status"),
        exports.c.list_id,
        exports.c.description,
        func.coalesce(exports.c.origin, exports.c.parameters).label("payload"),
        exports.c.requested_by,
        progress.label("progress"),
        exports.c.created_at,
        exports.c.expires_at,
    ).where(exports.c.tenant_id == tenant_id)


def _imports(tenant_id: int) -> AnySelect:
    status = case(
        (imports.c.state == "done", "ready"),
        (imports.c.state == "failed", "failed"),
        (imports.c.state == "undone", "deleted"),
        else_="pending",
    )
    progress = case(
        (imports.c.finished_at.is_not(None), 100),
        else_=func.least(99, 100 * imports.c.bytes_read / func.greatest(imports.c.file_bytes, 1)),
    )
    payload = func.jsonb_build_object("file_name", imports.c.file_name, type_=JSONB)
    return select(
        imports.c.uuid,
        literal(IMPORT).label("kind"),
        status.label("status"),
        imports.c.list_id,
        null().label("description"),
        payload.label("payload"),
        imports.c.mapping["actor"].astext.label("requested_by"),
        progress.label("progress"),
        imports.c.created_at,
        (imports.c.created_at + _KEPT_FOR).label("expires_at"),
    ).where(imports.c.tenant_id == tenant_id)


async def page(
    connection: AsyncConnection,
    tenant_id: int,
    wanted: TaskFilter,
    *,
    order: str,
    descending: bool,
    limit: int,
    offset: int,
) -> tuple[Sequence[Row], int]:
    """Tasks that fit, and how many there are in all."""
    tasks = union_all(_exports(tenant_id), _imports(tenant_id)).subquery()
    fits = _fits(tasks.c, wanted)
    by: list[ColumnElement[Any]] = [tasks.c[order], tasks.c.uuid]
    found = select(tasks).where(fits).order_by(*(key.desc() if descending else key for key in by))
    total = select(func.count()).select_from(tasks).where(fits)
    rows = await every(connection, found.limit(limit).offset(offset))
    return rows, (await connection.execute(total)).scalar_one()


async def get(connection: AsyncConnection, tenant_id: int, task_uuid: uuid.UUID) -> Row | None:
    """One task, or None."""
    tasks = union_all(_exports(tenant_id), _imports(tenant_id)).subquery()
    return await maybe_one(connection, select(tasks).where(tasks.c.uuid == task_uuid))


def _fits(columns: Any, wanted: TaskFilter) -> ColumnElement[bool]:
    parts: list[ColumnElement[bool]] = [true()]
    if wanted.kinds is not None:
        parts.append(columns.kind.in_(wanted.kinds))
    if wanted.status is not None:
        parts.append(columns.status == wanted.status)
    if wanted.list_id is not None:
        parts.append(columns.list_id == wanted.list_id)
    if wanted.progress is not None:
        parts.append(columns.progress == wanted.progress)
    return and_(*parts)
