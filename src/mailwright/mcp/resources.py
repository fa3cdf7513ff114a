"""Resources: campaigns and their reports, to be read beside a conversation."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from mcp_types import Resource, ResourceTemplate

from mailwright.domain import scopes
from mailwright.errors import NotFound
from mailwright.mcp.answers import answer
from mailwright.mcp.campaigns import READ
from mailwright.services import campaigns, reports
from mailwright.services.caller import Caller
from mailwright.services.paging import Page
from mailwright.services.runtime import Runtime

SHOWN = 20  # the newest campaigns; every other one can be read by its id
_UNSENT = frozenset({"draft", "scheduled"})
_URI = re.compile(r"mailwright://campaigns/([0-9a-f-]{36})(/report)?")
_JSON = "application/json"

TEMPLATES = [
    ResourceTemplate(
        name="campaign",
        uri_template="mailwright://campaigns/{campaign_id}",
        description="A campaign in full.",
        mime_type=_JSON,
    ),
    ResourceTemplate(
        name="report",
        uri_template="mailwright://campaigns/{campaign_id}/report",
        description="What came of a campaign, in figures.",
        mime_type=_JSON,
    ),
]


async def newest(runtime: Runtime, caller: Caller) -> list[Resource]:
    """The newest campaigns, and the reports of those that were sent."""
    if not scopes.allows(caller.granted, READ):
        return []
    page = await campaigns.page_campaigns(runtime, caller, Page(1, SHOWN))
    found: list[Resource] = []
    for row in page.items:
        uri = f"mailwright://campaigns/{row.uuid}"
        about = f"{row.status}: {row.subject or 'no subject yet'}"
        found.append(Resource(name=row.name, uri=uri, description=about, mime_type=_JSON))
        if row.status not in _UNSENT:
            name = f"Report of {row.name}"
            found.append(Resource(name=name, uri=f"{uri}/report", mime_type=_JSON))
    return found


async def read(runtime: Runtime, caller: Caller, uri: str) -> dict[str, Any]:
    """The campaign or report behind a URI. Raises NotFound, Forbidden."""
    match = _URI.fullmatch(uri.lower())
    if match is None:
        raise NotFound("There is no such resource.")
    get = reports.get_report if match[2] else campaigns.get_campaign
    return answer(await get(runtime, caller, UUID(match[1])))
