"""The tool `reports`."""

from __future__ import annotations

from mailwright.mcp.campaigns import READ
from mailwright.mcp.operations import Operation, Tool
from mailwright.services import reports as service

REPORTS = Tool(
    "reports",
    "What came of a campaign, in figures.",
    {
        "campaign": Operation(
            service.get_report, READ, "sent, delivered, opened, clicked, bounced, unsubscribed, …"
        ),
        "rates": Operation(service.get_stats, READ, "the short form, with open and click rate"),
        "links": Operation(service.page_link_clicks, READ, "clicks by link, most clicked first"),
    },
)
