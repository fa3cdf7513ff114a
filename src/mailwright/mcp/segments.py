"""The tool `segments`."""

from __future__ import annotations

from mailwright.mcp import previews
from mailwright.mcp.operations import Operation, Tool
from mailwright.services import segments as service

_READ = "segments:read"
_WRITE = "segments:write"

SEGMENTS = Tool(
    "segments",
    'Saved rules over contacts. A rule is {"field", "op", "value"} or {"all"|"any": [rules]} or '
    '{"not": rule}; fields email, first_name, last_name, locale, created_at, attributes.KEY, list, '
    "received, opened, clicked (campaign id or any, with within_days); ops eq ne in contains "
    "starts_with ends_with gt gte lt lte exists.",
    {
        "list": Operation(service.page_segments, _READ),
        "get": Operation(service.get_segment, _READ, "with a fresh count"),
        "contacts": Operation(service.page_segment_contacts, _READ),
        "try": Operation(service.preview_segment, _READ, "count and ten people; saves nothing"),
        "create": Operation(service.create_segment, _WRITE),
        "update": Operation(service.change_segment, _WRITE),
        "delete": Operation(
            service.delete_segment,
            _WRITE,
            preview=previews.about(
                service.get_segment, "Delete this segment", "name", "contacts_count"
            ),
        ),
    },
)
