"""What a campaign refers to by uuid, looked up among the tenant's own rows."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from sqlalchemy import Table, select
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.store.tables import contacts, lists, projects, segments, senders, template_versions

_TABLES: Mapping[str, Table] = {
    "list": lists,
    "segment": segments,
    "sender": senders,
    "project": projects,
    "contact": contacts,
    "template version": template_versions,
}


async def id_of(
    connection: AsyncConnection, tenant_id: int, noun: str, wanted: uuid.UUID
) -> int | None:
    """The id of the tenant's row, or None. It cannot be deleted until the transaction ends.

    A list that was archived is not there for a campaign.
    """
    table = _TABLES[noun]
    statement = select(table.c.id).where(table.c.tenant_id == tenant_id, table.c.uuid == wanted)
    if noun == "list":
        statement = statement.where(lists.c.state == "active")
    return await connection.scalar(statement.with_for_update(read=True, key_share=True))
