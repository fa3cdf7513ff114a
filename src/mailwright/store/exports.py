"""Contacts in the order of their ids, page by page, for files of any length."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.store import labels
from mailwright.store.audiences import Audience, is_member, named
from mailwright.store.contacts import rows
from mailwright.store.list_contacts import status_in
from mailwright.store.rows import Row, every
from mailwright.store.tables import contacts

KEYS_MAX = 200


async def page_of_contacts(
    connection: AsyncConnection,
    tenant_id: int,
    audience: Audience,
    *,
    after_id: int,
    limit: int,
    states: Collection[str] | None = None,
) -> Sequence[Row]:
    """The next contacts of the audience.

    `states`: their standings on its list; None: whoever has not left it.
    """
    found = rows(tenant_id).where(_fits(tenant_id, audience, states), contacts.c.id > after_id)
    return await every(connection, found.order_by(contacts.c.id).limit(limit))


async def count_contacts(
    connection: AsyncConnection,
    tenant_id: int,
    audience: Audience,
    *,
    states: Collection[str] | None = None,
) -> int:
    """How many there are of them."""
    found = select(func.count()).select_from(contacts)
    found = found.where(_fits(tenant_id, audience, states))
    return (await connection.execute(found)).scalar_one()


async def tags_of(
    connection: AsyncConnection, tenant_id: int, contact_ids: Collection[int]
) -> Mapping[int, list[str]]:
    """The names of each contact's tags."""
    return await labels.names_of(connection, tenant_id, labels.TAGS, contact_ids)


async def attribute_keys(connection: AsyncConnection, tenant_id: int) -> Sequence[str]:
    """Every key the tenant's contacts have among their attributes, sorted; at most KEYS_MAX."""
    key = func.jsonb_object_keys(contacts.c.attributes).label("key")
    found = select(key).where(contacts.c.tenant_id == tenant_id).distinct().order_by(key)
    return [row["key"] for row in await every(connection, found.limit(KEYS_MAX))]


def _fits(
    tenant_id: int, audience: Audience, states: Collection[str] | None
) -> ColumnElement[bool]:
    parts = [named(tenant_id, audience)]
    if audience.list_id is not None:
        if states is None:
            parts.append(is_member(tenant_id, audience.list_id, state="subscribed"))
        else:
            parts.append(status_in(tenant_id, audience.list_id, states))
    return and_(*parts)
