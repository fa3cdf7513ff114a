"""`/campaigns`: the list, and writing one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from starlette.responses import Response

from mailwright.domain.campaign_lifecycle import CampaignEvent, CampaignState, can
from mailwright.domain.doors import RULES, Door
from mailwright.domain.ids import parse_id
from mailwright.errors import Conflict, InvalidInput
from mailwright.services import browser_views, campaign_previews
from mailwright.services import campaigns as service
from mailwright.services.campaign_views import CampaignView
from mailwright.web import campaign_reports
from mailwright.web.campaign_forms import changes_of, options, values_of
from mailwright.web.inbox import sandboxed
from mailwright.web.visits import Visit, render

#: The requirements of a send, in words for people, in the order of the form.
REQUIREMENTS = {
    "subject": "A subject",
    "from_name": "A From name",
    "sender_email": "A confirmed sender",
    "audience": "A list or a segment",
    "content": "A body",
}

#: (event, label, style, question); a page shows those that the state allows.
ACTIONS: tuple[tuple[CampaignEvent, str, str, str], ...] = (
    (CampaignEvent.PAUSE, "Pause", "", ""),
    (CampaignEvent.RESUME, "Resume", "primary", ""),
    (CampaignEvent.UNSCHEDULE, "Unschedule", "", ""),
    (
        CampaignEvent.CANCEL,
        "Cancel sending",
        "danger",
        "Stop this campaign for good? Who was not mailed yet never will be.",
    ),
)

_RULES = RULES[Door.DASHBOARD]
_NEW_FORM = {"track_opens": "on", "track_clicks": "on"}


async def show_list(visit: Visit) -> Response:
    """Campaigns, newest first, by name and status."""
    search, status = visit.query("search"), visit.query("status")
    wanted = CampaignState(status) if status in set(CampaignState) else None
    paged = await service.page_campaigns(
        visit.runtime, visit.caller, visit.page(), search=search or None, status=wanted
    )
    return await visit.show(
        "campaigns.html",
        paged=paged,
        search=search,
        chosen=wanted,
        statuses=[state.value for state in CampaignState],
    )


async def show_new(visit: Visit) -> Response:
    """An empty form."""
    return await _new(visit, _NEW_FORM)


async def create(visit: Visit) -> Response:
    """The new draft, or the form again with what is wrong beside each field."""
    try:
        campaign = await service.create_campaign(
            visit.runtime, visit.caller, changes_of(visit.form)
        )
    except InvalidInput as error:
        return await _new(visit, visit.form, error)
    return visit.go(f"/campaigns/{campaign.uuid}", said="Draft saved.")


async def show(visit: Visit) -> Response:
    """A campaign: its form while it can be edited, its figures once it has any."""
    campaign = await service.get_campaign(visit.runtime, visit.caller, uuid_of(visit))
    return await campaign_page(visit, campaign)


async def save(visit: Visit) -> Response:
    """The changes, or the form again with what is wrong beside each field."""
    campaign_uuid = uuid_of(visit)
    try:
        await service.change_campaign(
            visit.runtime, visit.caller, campaign_uuid, changes_of(visit.form)
        )
    except (InvalidInput, Conflict) as error:
        campaign = await service.get_campaign(visit.runtime, visit.caller, campaign_uuid)
        return await campaign_page(visit, campaign, form=visit.form, error=error)
    return visit.go(f"/campaigns/{campaign_uuid}", said="Saved.")


async def preview(visit: Visit) -> Response:
    """The body in the form as mail, sandboxed."""
    try:
        page = await browser_views.render_preview(visit.caller, visit.form.get("content", ""), "en")
    except InvalidInput as error:
        sentences = [text for found in error.details.values() for text in found]
        return sandboxed(render("preview_error.html", sentences=sentences))
    return sandboxed(page)


async def show_body(visit: Visit) -> Response:
    """The saved body as mail, sandboxed."""
    rendered = await campaign_previews.render_campaign(
        visit.runtime, visit.caller, uuid_of(visit), sanitize=False
    )
    return sandboxed(rendered.html or "")


async def campaign_page(
    visit: Visit,
    campaign: CampaignView,
    *,
    form: Any = None,
    error: InvalidInput | Conflict | None = None,
    test_error: str = "",
    schedule_error: str = "",
) -> Response:
    """The page of one campaign, with the errors of whatever was tried on it."""
    state = CampaignState(campaign.status)
    trouble = any((error, test_error, schedule_error))
    is_editable = state in _RULES.editable
    return await visit.show(
        "campaign.html",
        422 if trouble else 200,
        campaign=campaign,
        form=form or values_of(campaign),
        errors=error.details if isinstance(error, InvalidInput) else {},
        problem=error.message if error else "",
        needs_overwrite=isinstance(error, Conflict) and error.code == "CONTENT_OVERWRITE_REQUIRED",
        test_error=test_error,
        test_email=visit.form.get("email", visit.session.email),
        schedule_error=schedule_error,
        options=await options(visit) if is_editable else {},
        is_editable=is_editable,
        is_deletable=state in _RULES.deletable,
        can_send=can(state, CampaignEvent.SEND),
        actions=[action for action in ACTIONS if _offers(state, action[0])],
        requirements=REQUIREMENTS,
        **await campaign_reports.figures(visit, campaign),
    )


def uuid_of(visit: Visit) -> UUID:
    """The campaign in the path. Raises NotFound."""
    return parse_id(visit.request.path_params["uuid"], "campaign")


def _offers(state: CampaignState, event: CampaignEvent) -> bool:
    if event is CampaignEvent.CANCEL and state not in _RULES.cancelable:
        return False
    return can(state, event)


async def _new(visit: Visit, form: Any, error: InvalidInput | None = None) -> Response:
    return await visit.show(
        "campaign_new.html",
        422 if error else 200,
        form=form,
        errors=error.details if error else {},
        problem=error.message if error else "",
        options=await options(visit),
        campaign=None,
        needs_overwrite=False,
    )
