"""How many people of an audience read which locale, as counts from one query."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Subquery, and_, func, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.audience_filter import parse_filter
from mailwright.domain.segment_rule import OptInCondition, TextCondition, conditions_of
from mailwright.store.audiences import (
    Audience,
    is_off,
    is_suppressed,
    is_suppressed_by_pattern,
    named,
)
from mailwright.store.rows import AnySelect, Row, every
from mailwright.store.tables import contacts, suppressions


async def people_by_locale(
    connection: AsyncConnection, tenant_id: int, audience: Audience
) -> Sequence[Row]:
    """`locale` and `people` of everybody who would be mailed now, most people first."""
    agreed = and_(named(tenant_id, audience), contacts.c.consent == "subscribed")
    if audience.list_id is not None:
        agreed = and_(agreed, ~is_off(tenant_id, audience.list_id))
    if is_told_by_the_index(audience):
        counts = _less_the_suppressed(tenant_id, agreed)
    else:
        counts = _of_each(agreed & ~is_suppressed(tenant_id)).subquery()
    people = func.sum(counts.c.people)
    found = (
        select(counts.c.locale, people.label("people"))
        .group_by(counts.c.locale)
        .having(people > 0)
        .order_by(people.desc(), counts.c.locale)
    )
    rows = await every(connection, found)
    return [{"locale": row["locale"], "people": int(row["people"])} for row in rows]


def is_told_by_the_index(audience: Audience) -> bool:
    """Whether consent and locale alone decide, so that no row of `contacts` need be read."""
    if audience.list_id is not None or audience.rule:
        return False
    rule = parse_filter(audience.audience_filter) if audience.audience_filter else None
    return rule is None or all(
        isinstance(leaf, OptInCondition)
        or (isinstance(leaf, TextCondition) and leaf.field == "locale")
        for leaf in conditions_of(rule)
    )


def _less_the_suppressed(tenant_id: int, agreed: ColumnElement[bool]) -> Subquery:
    """Everybody, from the index, and off that those who are suppressed, who are few."""
    addresses = (
        select(suppressions.c.email_key).where(suppressions.c.tenant_id == tenant_id).distinct()
    )
    own = contacts.c.email_key.in_(addresses)
    suppressed = _of_each(agreed & own, sign=-1)
    by_pattern = _of_each(agreed & is_suppressed_by_pattern(tenant_id) & ~own, sign=-1)
    return union_all(_of_each(agreed), suppressed, by_pattern).subquery()


def _of_each(condition: ColumnElement[bool], *, sign: int = 1) -> AnySelect:
    people = (sign * func.count()).label("people")
    return select(contacts.c.locale, people).where(condition).group_by(contacts.c.locale)
