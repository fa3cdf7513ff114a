"""The tool `campaigns`: from a draft to its report."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from mailwright.domain.campaign_lifecycle import CampaignState
from mailwright.mcp import previews
from mailwright.mcp.operations import Operation, Tool
from mailwright.services import campaign_sending as sending
from mailwright.services import campaigns as service
from mailwright.services import locale_coverage, recipients, reports
from mailwright.services.caller import Caller
from mailwright.services.campaign_previews import Rendered, render_campaign
from mailwright.services.campaign_tests import send_test
from mailwright.services.campaign_views import CampaignRow
from mailwright.services.campaigns import Sort
from mailwright.services.paging import Page, Paged
from mailwright.services.runtime import Runtime

READ = "campaigns:read"
_WRITE = "campaigns:write"


async def _list(
    runtime: Runtime,
    caller: Caller,
    page: Page,
    *,
    search: str | None = None,
    status: CampaignState | None = None,
    sort: str = "-created_at",
) -> Paged[CampaignRow]:
    order = Sort.parse(sort)
    return await service.page_campaigns(
        runtime, caller, page, search=search, status=status, sort=order
    )


async def _render(
    runtime: Runtime,
    caller: Caller,
    campaign_uuid: UUID,
    *,
    contact_uuid: UUID | None = None,
    language: str | None = None,
    html: bool = False,
) -> Rendered:
    shown = await render_campaign(
        runtime, caller, campaign_uuid, contact_uuid=contact_uuid, language=language
    )
    return shown if html else replace(shown, html=None)


CAMPAIGNS = Tool(
    "campaigns",
    "Newsletters and other mails to many people: write, check, test, schedule, send, stop.",
    {
        "list": Operation(_list, READ, "newest first"),
        "get": Operation(service.get_campaign, READ, "body as Markdown, readiness, state"),
        "create": Operation(
            service.create_campaign,
            _WRITE,
            "a draft; body as `content` (Markdown) or `html`; from_identity is a sender's id",
            required=("name",),
        ),
        "update": Operation(service.change_campaign, _WRITE, "draft, scheduled or failed ones"),
        "duplicate": Operation(service.duplicate_campaign, _WRITE, "copy into a new draft"),
        "render": Operation(_render, READ, "subject and text as a reader sees them; html if asked"),
        "readiness": Operation(
            previews.readiness, READ, "preflight: what is missing, how many people"
        ),
        "audience": Operation(recipients.page_audience, READ, "who would get it now"),
        "locale_coverage": Operation(
            locale_coverage.get_locale_coverage, READ, "people by language and variant"
        ),
        "test": Operation(send_test, _WRITE, "to one address", preview=previews.trying),
        "schedule": Operation(
            sending.schedule_campaign,
            _WRITE,
            "ISO 8601; without an offset local in `timezone` (IANA); also reschedules",
            preview=previews.scheduling,
        ),
        "unschedule": Operation(sending.unschedule_campaign, _WRITE, "back to draft"),
        "send": Operation(sending.send_campaign, _WRITE, "now", preview=previews.sending),
        "pause": Operation(sending.pause_campaign, _WRITE),
        "resume": Operation(sending.resume_campaign, _WRITE, preview=previews.resuming),
        "cancel": Operation(
            sending.cancel_campaign, _WRITE, "for good", preview=previews.canceling
        ),
        "delete": Operation(
            service.delete_campaign,
            _WRITE,
            preview=previews.about(
                service.get_campaign, "Delete this campaign", "name", "status", "subject"
            ),
        ),
        "report": Operation(reports.get_report, READ, "figures of a sent one"),
    },
)
