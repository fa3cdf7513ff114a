"""The tool `lists`."""

from __future__ import annotations

from mailwright.mcp import previews
from mailwright.mcp.operations import Operation, Tool
from mailwright.services import lists as service

_READ = "lists:read"
_WRITE = "lists:write"

LISTS = Tool(
    "lists",
    "Named sets of contacts that campaigns are sent to. People on one: `contacts` `list`.",
    {
        "list": Operation(service.page_lists, _READ),
        "get": Operation(service.get_list, _READ),
        "create": Operation(service.create_list, _WRITE, required=("name",)),
        "update": Operation(service.change_list, _WRITE),
        "add_contact": Operation(service.add_to_list, _WRITE),
        "remove_contact": Operation(service.remove_from_list, _WRITE),
        "delete": Operation(
            service.delete_list,
            _WRITE,
            preview=previews.about(
                service.get_list, "Delete this list; its contacts stay", "name", "contacts_count"
            ),
        ),
    },
)
