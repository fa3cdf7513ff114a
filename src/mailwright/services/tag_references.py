"""Rules call tags by name, so they are rewritten when a tag is renamed."""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.store import tag_references as store


async def rename(connection: AsyncConnection, tenant_id: int, old: str, new: str) -> None:
    """Puts `new` for `old` in every segment, and in the filters of campaigns not yet sent."""
    for row in await store.segments_with_tags(connection, tenant_id):
        rule = renamed(row["rule"], old, new)
        if rule != row["rule"]:
            await store.save_segment(connection, tenant_id, row["id"], rule)
    for row in await store.campaigns_with_tags(connection, tenant_id):
        found = renamed(row["audience_filter"], old, new)
        if found != row["audience_filter"]:
            await store.save_campaign(connection, tenant_id, row["id"], found)


def renamed(rule: Any, old: str, new: str) -> Any:
    """The rule, or any JSON with rules in it, with the tag under its new name."""
    if isinstance(rule, list):
        return [renamed(part, old, new) for part in cast("list[Any]", rule)]
    if not isinstance(rule, dict):
        return rule
    found = cast("dict[str, Any]", rule)
    if found.get("field") != "tag":
        return {key: renamed(value, old, new) for key, value in found.items()}
    value = found.get("value")
    if isinstance(value, list):
        items = cast("list[Any]", value)
        return {**found, "value": [new if item == old else item for item in items]}
    return {**found, "value": new if value == old else value}
