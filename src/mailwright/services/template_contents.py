"""Templates for doors that know one content of each, and no versions.

Such a door sees the newest version. Saving another content publishes it at once, as a version of
its own where the one before was published: campaigns that name that one go on saying what they did.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast
from uuid import UUID

from mailwright.domain.template_version import VersionState
from mailwright.errors import NotFound
from mailwright.services import template_versions, templates
from mailwright.services.caller import Caller
from mailwright.services.runtime import Runtime
from mailwright.services.template_fields import NewTemplate, TemplateChanges, VersionChanges
from mailwright.services.template_views import TemplateView, VersionView, version_view
from mailwright.store import template_versions as store

#: What a content that is not replaced goes on with.
_KEPT = ("subject", "preheader", "html", "text", "design_kind", "design", "locale")
_BODIES = frozenset({"content", "document", "html", "mjml"})


async def get_content(runtime: Runtime, caller: Caller, template_uuid: UUID) -> VersionView:
    """What the template says now. Raises NotFound."""
    caller.require("templates:read")
    async with runtime.database.reading() as connection:
        row = await templates.existing(connection, caller, template_uuid)
        version = await store.newest(connection, caller.tenant_id, row["id"])
    if version is None:
        raise NotFound("This template says nothing yet.")
    return version_view(version)


async def create_template(runtime: Runtime, caller: Caller, fields: NewTemplate) -> TemplateView:
    """The new template, published where it has a body. Raises InvalidInput."""
    made = await templates.create_template(runtime, caller, fields)
    await _publish(runtime, caller, made.uuid)
    return await templates.get_template(runtime, caller, made.uuid)


async def change_template(
    runtime: Runtime,
    caller: Caller,
    template_uuid: UUID,
    changes: TemplateChanges,
    content: VersionChanges,
) -> TemplateView:
    """The template with both kinds of changes made. Raises NotFound, InvalidInput."""
    await _save_content(runtime, caller, template_uuid, content)
    return await templates.change_template(runtime, caller, template_uuid, changes)


async def _save_content(
    runtime: Runtime, caller: Caller, template_uuid: UUID, content: VersionChanges
) -> None:
    if not content:
        return
    now = await get_content(runtime, caller, template_uuid)
    if now.state == VersionState.DRAFT:
        key = (template_uuid, now.uuid)
        await template_versions.change_version(runtime, caller, *key, content)
    else:
        await template_versions.create_version(
            runtime, caller, template_uuid, _with_the_rest(now, content)
        )
    await _publish(runtime, caller, template_uuid)


def _with_the_rest(now: VersionView, content: VersionChanges) -> VersionChanges:
    """The change with all that it leaves alone. A text of its own belongs to its page."""
    given = cast("Mapping[str, Any]", content)
    kept = {name: getattr(now, name) for name in _KEPT}
    if now.kind == "document":
        kept |= {"document": now.document, "html": None, "text": None}
    if _BODIES & given.keys():
        kept = {
            name: value
            for name, value in kept.items()
            if name in ("subject", "preheader", "locale")
        }
    found = {name: value for name, value in kept.items() if value is not None}
    return cast("VersionChanges", {**found, **given})


async def _publish(runtime: Runtime, caller: Caller, template_uuid: UUID) -> None:
    version = await get_content(runtime, caller, template_uuid)
    if version.html is not None:
        await template_versions.publish_version(runtime, caller, template_uuid, version.uuid)
