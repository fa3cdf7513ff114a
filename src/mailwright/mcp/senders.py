"""The tool `senders`."""

from __future__ import annotations

from mailwright.mcp import previews
from mailwright.mcp.operations import Operation, Tool
from mailwright.services import domains
from mailwright.services import senders as service

_READ = "senders:read"
_WRITE = "senders:write"

SENDERS = Tool(
    "senders",
    "From names and addresses, and their domains. Campaigns need a confirmed, enabled one.",
    {
        "list": Operation(service.page_senders, _READ),
        "get": Operation(service.get_sender, _READ),
        "domains": Operation(
            domains.page_domains, "domains:read", "records to publish, and what DNS says of each"
        ),
        "create": Operation(
            service.create_sender,
            _WRITE,
            "may mail the address a link to confirm",
            preview=previews.plainly(
                "Make this sender; unless the address is known to be yours, it gets a mail with a "
                "link to confirm"
            ),
        ),
        "update": Operation(service.change_sender, _WRITE),
        "delete": Operation(
            service.delete_sender,
            _WRITE,
            preview=previews.about(service.get_sender, "Delete this sender", "name", "email"),
        ),
    },
)
