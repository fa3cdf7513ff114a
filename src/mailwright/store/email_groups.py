"""What groups of single mails are called; the groups themselves are tags, see `event_log`."""

from __future__ import annotations

from sqlalchemy import exists, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.store.rows import every
from mailwright.store.tables import email_groups, event_tags


async def descriptions(connection: AsyncConnection, tenant_id: int) -> dict[int, str]:
    """The words of each group that has any."""
    found = select(email_groups.c.number, email_groups.c.description).where(
        email_groups.c.tenant_id == tenant_id
    )
    return {row["number"]: row["description"] for row in await every(connection, found)}


async def is_used(connection: AsyncConnection, tenant_id: int, tag: str) -> bool:
    """Whether any mail carries the tag."""
    mine = select(1).where(event_tags.c.tenant_id == tenant_id, event_tags.c.tag == tag)
    return bool(await connection.scalar(select(exists(mine))))


async def describe(
    connection: AsyncConnection, tenant_id: int, number: int, description: str
) -> None:
    """Calls the group so from now on."""
    given = upsert(email_groups).values(tenant_id=tenant_id, number=number, description=description)
    await connection.execute(
        given.on_conflict_do_update(
            index_elements=["tenant_id", "number"],
            set_={"description": given.excluded.description},
        )
    )
