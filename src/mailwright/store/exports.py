"""Contacts in the order of their ids, page by page, for files of any length."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.store.audiences import Audience, named
from mailwright.store.contacts import rows
from mailwright.store.rows import Row, every
from mailwright.store.tables import contacts, list_members

KEYS_MAX = 200


async def page_of_contacts(
    connection: AsyncConnection,
    tenant_id: int,
    audience: Audience,
    *,
    after_id: int,
    limit: int,
) -> Sequence[Row]:
    """The next contacts of the audience; those who left its list are not among them."""
    found = rows(tenant_id).where(named(tenant_id, audience), contacts.c.id > after_id)
    if audience.list_id is not None:
        found = found.where(
            select(1)
            .where(
                list_members.c.tenant_id == tenant_id,
                list_members.c.list_id == audience.list_id,
                list_members.c.contact_id == contacts.c.id,
                list_members.c.state == "subscribed",
            )
            .correlate(contacts)
            .exists()
        )
    return await every(connection, found.order_by(contacts.c.id).limit(limit))


async def attribute_keys(connection: AsyncConnection, tenant_id: int) -> Sequence[str]:
    """Every key the tenant's contacts have among their attributes, sorted; at most KEYS_MAX."""
    key = func.jsonb_object_keys(contacts.c.attributes).label("key")
    found = select(key).where(contacts.c.tenant_id == tenant_id).distinct().order_by(key)
    return [row["key"] for row in await every(connection, found.limit(KEYS_MAX))]
