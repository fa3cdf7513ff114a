"""Segments as a list has them: its own, and those of the whole account, with who uses them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.errors import NotFound
from mailwright.services.caller import Caller
from mailwright.services.interests import list_id_of
from mailwright.services.paging import Page, Paged
from mailwright.services.runtime import Runtime
from mailwright.services.segments import SegmentView, existing, segment_view
from mailwright.store import segments as store
from mailwright.store.rows import Row


@dataclass(frozen=True, slots=True)
class SegmentOnList:
    """A segment among those of a list. `origin`: as its author wrote it, in the words of a door.

    `last_used_at`: when a campaign that uses it last began.
    """

    view: SegmentView
    origin: dict[str, Any] | None
    campaigns_count: int
    last_used_at: datetime | None


async def page_of_list(
    runtime: Runtime,
    caller: Caller,
    list_uuid: UUID,
    page: Page,
    *,
    order: str = "name",
    descending: bool = False,
) -> Paged[SegmentOnList]:
    """Segments of the list, and those of the whole account, which fit people of any list.

    By name, id or created_at. Raises NotFound.
    """
    caller.require("segments:read")
    async with runtime.database.reading() as connection:
        list_id = await list_id_of(connection, caller, list_uuid)
        rows, total = await store.page(
            connection,
            caller.tenant_id,
            list_id=list_id,
            order=order,
            descending=descending,
            limit=page.per_page,
            offset=page.offset,
        )
        return Paged(await _on_list(connection, caller, rows), total, page)


async def get_of_list(
    runtime: Runtime, caller: Caller, list_uuid: UUID, segment_uuid: UUID
) -> SegmentOnList:
    """One of them. Raises NotFound, for one of another list too."""
    caller.require("segments:read")
    async with runtime.database.reading() as connection:
        list_id = await list_id_of(connection, caller, list_uuid)
        row = await existing(connection, caller, segment_uuid)
        if row["list_id"] not in (None, list_id):
            raise NotFound("There is no such segment on this list.")
        return (await _on_list(connection, caller, [row]))[0]


async def _on_list(
    connection: AsyncConnection, caller: Caller, rows: Sequence[Row]
) -> list[SegmentOnList]:
    usage = await store.usage(connection, caller.tenant_id, [row["id"] for row in rows])
    return [
        SegmentOnList(
            segment_view(row),
            row["origin"],
            usage[row["id"]]["campaigns_count"] if row["id"] in usage else 0,
            usage[row["id"]]["last_used_at"] if row["id"] in usage else None,
        )
        for row in rows
    ]
