"""What a rule refers to must be the tenant's own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.segment_rule import (
    EngagementCondition,
    InterestCondition,
    LinkCondition,
    ListCondition,
    ProjectCondition,
    Rule,
    conditions_of,
)
from mailwright.errors import InvalidInput
from mailwright.store import interests, lists, projects, segments


async def require_own(
    connection: AsyncConnection, tenant_id: int, rule: Rule, *, field: str
) -> None:
    """Raises InvalidInput for `field` when a list, campaign or project of the rule is not there."""
    wanted: dict[str, set[UUID]] = {noun: set() for noun in _NOUNS}
    for leaf in conditions_of(rule):
        for kind, (noun, uuids) in _NAMED.items():
            if isinstance(leaf, kind):
                wanted[noun].update(uuids(leaf))
    known = {
        noun: await find(connection, tenant_id, wanted[noun]) if wanted[noun] else set[UUID]()
        for noun, find in _NOUNS.items()
    }
    for noun, uuids in wanted.items():
        if uuids - known[noun]:
            raise InvalidInput.field(field, f"The rule names a {noun} that does not exist.")


async def _lists(connection: AsyncConnection, tenant_id: int, wanted: set[UUID]) -> set[UUID]:
    return set(await lists.ids_of(connection, tenant_id, wanted))


#: How each noun is looked up among the tenant's own.
_NOUNS: Mapping[str, Callable[[AsyncConnection, int, set[UUID]], Awaitable[set[UUID]]]] = {
    "list": _lists,
    "interest": interests.known,
    "link": segments.known_links,
    "campaign": segments.known_campaigns,
    "project": projects.known,
}
_NAMED: Mapping[type, tuple[str, Callable[[Any], tuple[UUID, ...]]]] = {
    ListCondition: ("list", lambda leaf: leaf.lists),
    InterestCondition: ("interest", lambda leaf: leaf.interests),
    LinkCondition: ("link", lambda leaf: leaf.links),
    EngagementCondition: ("campaign", lambda leaf: leaf.campaigns),
    ProjectCondition: ("project", lambda leaf: leaf.projects),
}
