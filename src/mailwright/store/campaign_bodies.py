"""The bodies of campaigns, compiled when they were saved."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import delete, insert, literal, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.store.rows import Row, maybe_one
from mailwright.store.tables import campaign_bodies as bodies

_COPIED = ("kind", "document", "markdown", "html", "plain_text", "design_kind", "design")


async def get(connection: AsyncConnection, tenant_id: int, campaign_id: int) -> Row | None:
    """The body, or None while there is none."""
    statement = select(bodies).where(
        bodies.c.tenant_id == tenant_id, bodies.c.campaign_id == campaign_id
    )
    return await maybe_one(connection, statement)


async def save(
    connection: AsyncConnection, tenant_id: int, campaign_id: int, values: Mapping[str, object]
) -> None:
    """The campaign's body is this one, whatever it was."""
    statement = upsert(bodies).values(tenant_id=tenant_id, campaign_id=campaign_id, **values)
    replaced = {name: statement.excluded[name] for name in (*_COPIED, "updated_at")}
    await connection.execute(
        statement.on_conflict_do_update(index_elements=["tenant_id", "campaign_id"], set_=replaced)
    )


async def change(
    connection: AsyncConnection, tenant_id: int, campaign_id: int, values: Mapping[str, object]
) -> None:
    """Sets `values` of the body there is."""
    mine = (bodies.c.tenant_id == tenant_id) & (bodies.c.campaign_id == campaign_id)
    await connection.execute(update(bodies).where(mine).values(**values))


async def remove(connection: AsyncConnection, tenant_id: int, campaign_id: int) -> None:
    """The campaign has no body."""
    await connection.execute(
        delete(bodies).where(bodies.c.tenant_id == tenant_id, bodies.c.campaign_id == campaign_id)
    )


async def copy(
    connection: AsyncConnection, tenant_id: int, from_campaign_id: int, to_campaign_id: int
) -> None:
    """Gives one campaign the body of another, where that has one."""
    source = select(
        bodies.c.tenant_id, literal(to_campaign_id), *(bodies.c[name] for name in _COPIED)
    ).where(bodies.c.tenant_id == tenant_id, bodies.c.campaign_id == from_campaign_id)
    await connection.execute(
        insert(bodies).from_select(["tenant_id", "campaign_id", *_COPIED], source)
    )
