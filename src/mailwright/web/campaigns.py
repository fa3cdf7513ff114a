"""`/campaigns`: the list, and writing one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from starlette.responses import Response

from mailwright.domain.campaign_lifecycle import ARCHIVABLE, CampaignEvent, CampaignState, can
from mailwright.domain.doors import RULES, Door
from mailwright.domain.ids import parse_id
from mailwright.errors import Conflict, InvalidInput
from mailwright.services import (
    body_previews,
    campaign_previews,
    campaign_revisions,
    preflight,
    reports,
    template_rendering,
)
from mailwright.services import campaigns as service
from mailwright.services.campaign_revisions import RevisionRow
from mailwright.services.campaign_views import CampaignView
from mailwright.services.locale_coverage import LocaleCoverage, get_locale_coverage
from mailwright.services.paging import Page, Paged
from mailwright.web import campaign_reports
from mailwright.web.body_forms import body_of, body_problems, body_values, keep_editor
from mailwright.web.campaign_audiences import attribute_rows, chosen_uuid
from mailwright.web.campaign_forms import changes_of, options, schedule_values, values_of
from mailwright.web.inbox import sandboxed
from mailwright.web.security import POLICY_WITH_IMAGES, SANDBOX_WITH_IMAGES
from mailwright.web.visits import Visit, render

#: The requirements of a send, in words for people, in the order of the form.
REQUIREMENTS = {
    "subject": "A subject",
    "from_name": "A From name",
    "sender_email": "A confirmed sender",
    "audience": "A list, a segment or a filter",
    "content": "A body or a published template",
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

#: Beside the states in the list's filter: those put away.
ARCHIVED = "archived"

_RULES = RULES[Door.DASHBOARD]
_REVISIONS_SHOWN = Page(1, 10)
_NEW_FORM = {"track_opens": "on", "track_clicks": "on"}


async def show_list(visit: Visit) -> Response:
    """Campaigns, newest first, by name and status."""
    search, status = visit.query("search"), visit.query("status")
    wanted = CampaignState(status) if status in set(CampaignState) else None
    archived = status == ARCHIVED
    paged = await service.page_campaigns(
        visit.runtime,
        visit.caller,
        visit.page(),
        search=search or None,
        status=wanted,
        archived=archived,
    )
    return await visit.show(
        "campaigns/list.html",
        paged=paged,
        stats=await reports.stats_of(
            visit.runtime, visit.caller, [row.uuid for row in paged.items]
        ),
        search=search,
        chosen=ARCHIVED if archived else wanted,
        statuses=[*(state.value for state in CampaignState), ARCHIVED],
    )


async def show_new(visit: Visit) -> Response:
    """An empty form."""
    visit.caller.require("campaigns:write")
    return await _new(visit, _NEW_FORM | await body_values(visit, None))


async def create(visit: Visit) -> Response:
    """The new draft, or the form again with what is wrong beside each field."""
    try:
        campaign = await service.create_campaign(
            visit.runtime, visit.caller, changes_of(visit.form)
        )
    except InvalidInput as error:
        return await _new(visit, visit.form, error)
    response = visit.go(f"/campaigns/{campaign.uuid}", said="Draft saved.")
    return keep_editor(visit.runtime, response, visit.form)


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
    response = visit.go(f"/campaigns/{campaign_uuid}", said="Saved.")
    return keep_editor(visit.runtime, response, visit.form)


async def preview(visit: Visit) -> Response:
    """The body in the form as mail, sandboxed. Its author sees its pictures."""
    try:
        if version_uuid := chosen_uuid(visit.form, "template_version_uuid"):
            version = await template_rendering.render_version(
                visit.runtime, visit.caller, None, version_uuid, sanitize=False
            )
            return sandboxed(version.html or "", SANDBOX_WITH_IMAGES)
        page = await body_previews.render_body(visit.caller, body_of(visit.form), "en")
    except InvalidInput as error:
        sentences = body_problems(error.details) or [error.message]
        return sandboxed(render("editor/problem.html", sentences=sentences))
    return sandboxed(page, SANDBOX_WITH_IMAGES)


async def show_body(visit: Visit) -> Response:
    """The saved body as mail, sandboxed."""
    rendered = await campaign_previews.render_campaign(
        visit.runtime, visit.caller, uuid_of(visit), sanitize=False
    )
    return sandboxed(rendered.html or "")


async def show_preflight(visit: Visit) -> Response:
    """What one might regret about sending it, for the page of a draft."""
    campaign_uuid = uuid_of(visit)
    if not visit.is_partial:
        return visit.go(f"/campaigns/{campaign_uuid}")
    found = await preflight.get_preflight(visit.runtime, visit.caller, campaign_uuid)
    return visit.part("campaigns/preflight.html", findings=found.findings)


async def campaign_page(
    visit: Visit,
    campaign: CampaignView,
    *,
    form: Any = None,
    error: InvalidInput | Conflict | None = None,
    test_error: str = "",
    schedule_errors: Mapping[str, Any] | None = None,
) -> Response:
    """The page of one campaign, with the errors of whatever was tried on it."""
    state = CampaignState(campaign.status)
    trouble = any((error, test_error, schedule_errors))
    may_write = visit.may("campaigns:write")
    is_editable = may_write and is_editable_now(campaign)
    if form is None:
        form = values_of(campaign) | (await body_values(visit, campaign) if is_editable else {})
    response = await visit.show(
        "campaigns/one.html",
        422 if trouble else 200,
        campaign=campaign,
        form=form,
        **_faults(error),
        needs_overwrite=campaign.content_overwrite_required,
        saved_editor="html" if campaign.content_kind == "html" else "document",
        test_error=test_error,
        test_email=visit.form.get("email", visit.session.email),
        schedule=schedule_values(campaign, visit.form if schedule_errors else {}),
        schedule_errors=schedule_errors or {},
        options=await options(visit, campaign.template_version_uuid) if is_editable else {},
        attribute_rows=attribute_rows(form),
        coverage=await _coverage(visit, campaign, state),
        is_editable=is_editable,
        may_write=may_write,
        is_deletable=may_write and state in _RULES.deletable,
        can_send=can(state, CampaignEvent.SEND) and not campaign.archived,
        can_archive=may_write and state in ARCHIVABLE,
        revisions=await _revisions(visit, campaign.uuid),
        actions=[action for action in ACTIONS if may_write and _offers(state, action[0])],
        requirements=REQUIREMENTS,
        **await campaign_reports.figures(visit, campaign),
    )
    return _with_pictures(response) if is_editable else response


def uuid_of(visit: Visit) -> UUID:
    """The campaign in the path. Raises NotFound."""
    return parse_id(visit.request.path_params["uuid"], "campaign")


def is_editable_now(campaign: CampaignView) -> bool:
    """Whether its words may still be changed here."""
    return CampaignState(campaign.status) in _RULES.editable and not campaign.archived


async def _revisions(visit: Visit, campaign_uuid: UUID) -> Paged[RevisionRow]:
    key = (visit.runtime, visit.caller, campaign_uuid)
    return await campaign_revisions.page_revisions(*key, _REVISIONS_SHOWN)


def _offers(state: CampaignState, event: CampaignEvent) -> bool:
    if event is CampaignEvent.CANCEL and state not in _RULES.cancelable:
        return False
    return can(state, event)


async def _coverage(
    visit: Visit, campaign: CampaignView, state: CampaignState
) -> Sequence[LocaleCoverage]:
    """Who gets which language of the template; nothing for a body of its own or once it is sent."""
    if campaign.template_version_uuid is None or not can(state, CampaignEvent.SEND):
        return []
    return await get_locale_coverage(visit.runtime, visit.caller, campaign.uuid)


async def _new(visit: Visit, form: Any, error: InvalidInput | None = None) -> Response:
    response = await visit.show(
        "campaigns/new.html",
        422 if error else 200,
        form=form,
        **_faults(error),
        options=await options(visit),
        attribute_rows=attribute_rows(form),
        campaign=None,
        needs_overwrite=False,
        saved_editor="document",
    )
    return _with_pictures(response)


def _faults(error: InvalidInput | Conflict | None) -> dict[str, Any]:
    """What a form shows of `error`."""
    details = error.details if isinstance(error, InvalidInput) else {}
    return {
        "errors": details,
        "body_problems": body_problems(details),
        "problem": error.message if error else "",
    }


def _with_pictures(response: Response) -> Response:
    """The page, on which the editor shows the pictures of the body from wherever they lie."""
    response.headers["content-security-policy"] = POLICY_WITH_IMAGES
    return response
