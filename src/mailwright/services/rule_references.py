"""What a rule refers to must be the tenant's own."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.segment_rule import (
    EngagementCondition,
    ListCondition,
    ProjectCondition,
    Rule,
    conditions_of,
)
from mailwright.errors import InvalidInput
from mailwright.store import lists, projects, segments


async def require_own(
    connection: AsyncConnection, tenant_id: int, rule: Rule, *, field: str
) -> None:
    """Raises InvalidInput for `field` when a list, campaign or project of the rule is not there."""
    wanted: dict[str, set[UUID]] = {"list": set(), "campaign": set(), "project": set()}
    for leaf in conditions_of(rule):
        if isinstance(leaf, ListCondition):
            wanted["list"].update(leaf.lists)
        elif isinstance(leaf, EngagementCondition):
            wanted["campaign"].update(leaf.campaigns)
        elif isinstance(leaf, ProjectCondition):
            wanted["project"].update(leaf.projects)
    known = {
        "list": set(await lists.ids_of(connection, tenant_id, wanted["list"])),
        "campaign": await segments.known_campaigns(connection, tenant_id, wanted["campaign"]),
        "project": await projects.known(connection, tenant_id, wanted["project"]),
    }
    for noun, uuids in wanted.items():
        if uuids - known[noun]:
            raise InvalidInput.field(field, f"The rule names a {noun} that does not exist.")
