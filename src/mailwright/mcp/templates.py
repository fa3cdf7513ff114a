"""The tool `templates`."""

from __future__ import annotations

from mailwright.mcp import previews
from mailwright.mcp.operations import Operation, Tool
from mailwright.services import template_rendering
from mailwright.services import template_versions as versions
from mailwright.services import templates as service

_READ = "templates:read"
_WRITE = "templates:write"

TEMPLATES = Tool(
    "templates",
    "Reusable contents with numbered versions and language variants; campaigns name a published "
    "version in template_version_uuid.",
    {
        "list": Operation(service.page_templates, _READ),
        "get": Operation(service.get_template, _READ, "with its versions"),
        "create": Operation(
            service.create_template, _WRITE, "with a first draft version", required=("name",)
        ),
        "update": Operation(service.change_template, _WRITE),
        "get_version": Operation(versions.get_version, _READ),
        "create_version": Operation(versions.create_version, _WRITE),
        "update_version": Operation(versions.change_version, _WRITE, "drafts only"),
        "create_variant": Operation(versions.create_variant, _WRITE, "in another language"),
        "publish": Operation(versions.publish_version, _WRITE, "then it never changes"),
        "unpublish": Operation(versions.unpublish_version, _WRITE),
        "render": Operation(template_rendering.render_version, _READ, "with `data` for variables"),
        "delete": Operation(
            service.delete_template,
            _WRITE,
            preview=previews.about(service.get_template, "Delete this template", "name", "slug"),
        ),
    },
)
