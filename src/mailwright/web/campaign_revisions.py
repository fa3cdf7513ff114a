"""What a campaign said before: each saved revision to look at, and to bring back."""

from __future__ import annotations

from starlette.responses import Response

from mailwright.errors import Conflict, NotFound
from mailwright.services import campaign_revisions
from mailwright.services import campaigns as service
from mailwright.web.campaigns import is_editable_now, uuid_of
from mailwright.web.inbox import sandboxed
from mailwright.web.visits import Visit


async def show(visit: Visit) -> Response:
    """What the campaign said then, beside a button that brings it back."""
    campaign_uuid = uuid_of(visit)
    campaign = await service.get_campaign(visit.runtime, visit.caller, campaign_uuid)
    key = (visit.runtime, visit.caller, campaign_uuid, _revision_of(visit))
    revision = await campaign_revisions.get_revision(*key)
    return await visit.show(
        "campaigns/revision.html",
        campaign=campaign,
        revision=revision,
        is_editable=is_editable_now(campaign),
    )


async def show_body(visit: Visit) -> Response:
    """The body as it was then, sandboxed."""
    key = (visit.runtime, visit.caller, uuid_of(visit), _revision_of(visit))
    return sandboxed((await campaign_revisions.get_revision(*key)).html or "")


async def restore(visit: Visit) -> Response:
    """The words of that revision are the campaign's again."""
    campaign_uuid, number = uuid_of(visit), _revision_of(visit)
    key = (visit.runtime, visit.caller, campaign_uuid, number)
    try:
        await campaign_revisions.restore_revision(*key)
    except Conflict as error:
        return visit.go(f"/campaigns/{campaign_uuid}", error=error.message)
    return visit.go(f"/campaigns/{campaign_uuid}", said=f"Revision {number} is back.")


def _revision_of(visit: Visit) -> int:
    """The number in the path. Raises NotFound."""
    text = visit.request.path_params["number"]
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise NotFound("There is no such revision of the campaign.")
    return int(text)
