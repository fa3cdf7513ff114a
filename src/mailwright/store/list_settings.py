"""What a list is told beyond its name: its sender, language, pages, policy and state."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, and_, cast, exists, func, or_, select, update
from sqlalchemy.dialects.postgresql import UUID
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.store.rows import AnySelect, Row, every, maybe_one
from mailwright.store.tables import (
    campaigns,
    list_members,
    lists,
    segments,
    senders,
    webhook_endpoints,
)

ORDERS = {"name": lists.c.name, "created_at": lists.c.created_at}
_OVER = ("sent", "failed", "canceled")


def _rows() -> AnySelect:
    """Lists with the sender that speaks to them and the webhook that calls for them, if any."""
    calls = and_(
        webhook_endpoints.c.tenant_id == lists.c.tenant_id,
        webhook_endpoints.c.uuid == cast(lists.c.webhook["webhook_uuid"].astext, UUID),
    )
    speaks = and_(senders.c.tenant_id == lists.c.tenant_id, senders.c.id == lists.c.sender_id)
    return select(
        *lists.c,
        senders.c.uuid.label("sender_uuid"),
        senders.c.name.label("sender_name"),
        senders.c.email.label("sender_email"),
        webhook_endpoints.c.url.label("webhook_url"),
    ).select_from(lists.outerjoin(senders, speaks).outerjoin(webhook_endpoints, calls))


async def get(connection: AsyncConnection, tenant_id: int, list_uuid: uuid.UUID) -> Row | None:
    """One list that was not deleted, or None."""
    return await maybe_one(connection, _rows().where(_is(tenant_id, list_uuid)))


async def page(
    connection: AsyncConnection,
    tenant_id: int,
    *,
    state: str,
    name: str | None,
    order: str,
    descending: bool,
    limit: int,
    offset: int,
) -> tuple[Sequence[Row], int]:
    """Lists in that state, and how many there are in all. `name`: of exactly that name."""
    mine = and_(lists.c.tenant_id == tenant_id, lists.c.state == state)
    if name is not None:
        mine = and_(mine, lists.c.name == name)
    keys = (ORDERS[order], lists.c.id)
    by = [key.desc() if descending else key for key in keys]
    found = _rows().where(mine).order_by(*by).limit(limit).offset(offset)
    total = select(func.count()).select_from(lists).where(mine)
    return await every(connection, found), (await connection.execute(total)).scalar_one()


async def change(
    connection: AsyncConnection, tenant_id: int, list_uuid: uuid.UUID, values: Mapping[str, object]
) -> None:
    """Sets `values`. A name that is taken raises IntegrityError."""
    await connection.execute(
        update(lists).where(_is(tenant_id, list_uuid)).values(**values, updated_at=func.now())
    )


async def is_awaited(connection: AsyncConnection, tenant_id: int, list_id: int) -> bool:
    """Whether a campaign that is not over yet is for the list, or for a segment of it."""
    own = select(segments.c.id).where(
        segments.c.tenant_id == tenant_id, segments.c.list_id == list_id
    )
    waiting = exists(
        select(1).where(
            campaigns.c.tenant_id == tenant_id,
            or_(campaigns.c.list_id == list_id, campaigns.c.segment_id.in_(own)),
            campaigns.c.state.not_in(_OVER),
        )
    )
    return bool(await connection.scalar(select(waiting)))


async def bury(connection: AsyncConnection, tenant_id: int, list_id: int) -> None:
    """The list is deleted for everybody but the campaigns that were sent to it."""
    await connection.execute(
        list_members.delete().where(
            list_members.c.tenant_id == tenant_id, list_members.c.list_id == list_id
        )
    )
    await connection.execute(
        update(lists)
        .where(lists.c.tenant_id == tenant_id, lists.c.id == list_id)
        .values(state="deleted", updated_at=func.now())
    )


async def redirections_of(
    connection: AsyncConnection, tenant_id: int, *, campaign_id: int
) -> Mapping[str, str]:
    """Where people go on who act on a mail of the campaign; of its list, if it has one."""
    statement = (
        select(lists.c.redirections)
        .join(
            campaigns,
            and_(campaigns.c.tenant_id == lists.c.tenant_id, campaigns.c.list_id == lists.c.id),
        )
        .where(campaigns.c.tenant_id == tenant_id, campaigns.c.id == campaign_id)
    )
    return await connection.scalar(statement) or {}


def _is(tenant_id: int, list_uuid: uuid.UUID) -> ColumnElement[bool]:
    return and_(
        lists.c.tenant_id == tenant_id, lists.c.uuid == list_uuid, lists.c.state != "deleted"
    )
