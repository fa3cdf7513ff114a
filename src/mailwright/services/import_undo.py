"""Undoing an import, some contacts at a time."""

from __future__ import annotations

import asyncio
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.services import webhook_events
from mailwright.services.runtime import Runtime
from mailwright.store import import_undo as store
from mailwright.store import imports
from mailwright.store.rows import Row
from mailwright.store.webhook_bulk import UNDO_TYPES

CHUNK_SECONDS = 1.0
PAGE_CONTACTS = 5_000


async def undo_some(connection: AsyncConnection, runtime: Runtime, row: Row) -> bool:
    """Goes on undoing the import of `row`, which is held; whether there is more to do."""
    clock = asyncio.get_running_loop().time
    until = clock() + CHUNK_SECONDS
    after_id, contacts, memberships = row["undone_to"], 0, 0
    finished = False
    heard = await webhook_events.is_heard(connection, row["tenant_id"], *UNDO_TYPES)
    while not finished and clock() < until:
        step = await store.undo_page(
            connection,
            row["tenant_id"],
            row["id"],
            row["list_id"],
            after_id=after_id,
            limit=PAGE_CONTACTS,
            told_at=runtime.now() if heard else None,
        )
        contacts += step.contacts
        memberships += step.memberships
        finished, after_id = step.last_id is None, step.last_id or after_id
    values: dict[str, Any] = {
        "undone_to": after_id,
        "undone_contacts": row["undone_contacts"] + contacts,
        "undone_memberships": row["undone_memberships"] + memberships,
    }
    if finished:
        values |= {"state": "undone", "undone_at": runtime.now()}
    await imports.change(connection, row["tenant_id"], row["id"], values)
    return not finished
