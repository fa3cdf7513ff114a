"""The tool `suppressions`."""

from __future__ import annotations

from mailwright.mcp import previews
from mailwright.mcp.operations import Operation, Tool
from mailwright.services import suppressions as service

_READ = "suppressions:read"
_WRITE = "suppressions:write"

SUPPRESSIONS = Tool(
    "suppressions",
    "Addresses that are never mailed, and why.",
    {
        "list": Operation(service.page_suppressions, _READ, "search: the start of an address"),
        "get": Operation(service.get_suppression, _READ),
        "create": Operation(
            service.add_suppression,
            _WRITE,
            "scope all or marketing; reason manual, bounce, complaint, unsubscribe",
        ),
        "delete": Operation(
            service.remove_suppression,
            _WRITE,
            "lifts it",
            preview=previews.about(
                service.get_suppression, "Let this address be mailed again", "email", "reason"
            ),
        ),
        "undo": Operation(
            service.undo_wave,
            _WRITE,
            "lifts a wave made by mistake",
            preview=previews.plainly("Lift every suppression of that reason in that time"),
        ),
    },
)
