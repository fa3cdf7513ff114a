"""How many people of an audience read which locale, as counts from one query."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, func, or_, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.store.audiences import Audience, has_left, named
from mailwright.store.rows import Row, every
from mailwright.store.tables import contacts, suppressions


async def people_by_locale(
    connection: AsyncConnection, tenant_id: int, audience: Audience
) -> Sequence[Row]:
    """`locale` and `people` of everybody who would be mailed now, most people first.

    Counts everybody who agreed, which the index on consent and locale answers by itself, and takes
    off those who are suppressed, who are few: asking for each person would read every row.
    """
    agreed = and_(named(tenant_id, audience), contacts.c.consent == "subscribed")
    if audience.list_id is not None:
        agreed = and_(agreed, ~has_left(tenant_id, audience.list_id))
    parts = union_all(
        select(contacts.c.locale, func.count().label("people"))
        .where(agreed)
        .group_by(contacts.c.locale),
        select(contacts.c.locale, -func.count())
        .where(agreed, _is_suppressed(tenant_id))
        .group_by(contacts.c.locale),
    ).subquery()
    people = func.sum(parts.c.people)
    found = (
        select(parts.c.locale, people.label("people"))
        .group_by(parts.c.locale)
        .having(people > 0)
        .order_by(people.desc(), parts.c.locale)
    )
    rows = await every(connection, found)
    return [{"locale": row["locale"], "people": int(row["people"])} for row in rows]


def _is_suppressed(tenant_id: int) -> ColumnElement[bool]:
    addresses = (
        select(suppressions.c.email_key)
        .where(
            suppressions.c.tenant_id == tenant_id,
            or_(suppressions.c.scope == "all", suppressions.c.scope == "marketing"),
        )
        .distinct()
    )
    return contacts.c.email_key.in_(addresses)
