"""What the buttons of a campaign do; each ends on the campaign's page with a word about it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from uuid import UUID

from starlette.responses import Response

from mailwright.errors import MailwrightError, NotReady, TransportRefused
from mailwright.services import campaign_archive, campaign_sending, campaign_tests, campaigns
from mailwright.services.caller import Caller
from mailwright.services.campaign_views import CampaignView
from mailwright.services.runtime import Runtime
from mailwright.web.campaigns import REQUIREMENTS, campaign_page, uuid_of
from mailwright.web.visits import Visit

Transition = Callable[[Runtime, Caller, UUID], Awaitable[CampaignView]]

#: The path's last word → what happens → what the next page says.
TRANSITIONS: dict[str, tuple[Transition, str]] = {
    "send": (campaign_sending.send_campaign, "On its way."),
    "pause": (campaign_sending.pause_campaign, "Paused: no further mail leaves."),
    "resume": (campaign_sending.resume_campaign, "Going on."),
    "cancel": (campaign_sending.cancel_campaign, "Canceled: nobody else is mailed."),
    "unschedule": (campaign_sending.unschedule_campaign, "A draft again."),
    "archive": (campaign_archive.archive_campaign, "Put away. Find it under Archived."),
    "unarchive": (campaign_archive.unarchive_campaign, "Back in the list."),
}


async def transition(visit: Visit) -> Response:
    """Sends, pauses, resumes, cancels, unschedules, archives or unarchives."""
    visit.caller.require("campaigns:write")
    act, said = TRANSITIONS[visit.request.url.path.rpartition("/")[2]]
    campaign_uuid = uuid_of(visit)
    path = f"/campaigns/{campaign_uuid}"
    try:
        await act(visit.runtime, visit.caller, campaign_uuid)
    except MailwrightError as error:
        return visit.go(path, error=sentence(error))
    return visit.go(path, said=said)


async def send_test(visit: Visit) -> Response:
    """Mails one address, now."""
    visit.caller.require("campaigns:write")
    campaign_uuid = uuid_of(visit)
    email = visit.form.get("email", "").strip()
    try:
        await campaign_tests.send_test(visit.runtime, visit.caller, campaign_uuid, email)
    except (MailwrightError, TransportRefused) as error:
        campaign = await campaigns.get_campaign(visit.runtime, visit.caller, campaign_uuid)
        return await campaign_page(visit, campaign, test_error=sentence(error))
    return visit.go(f"/campaigns/{campaign_uuid}", said=f"Test sent to {email}.")


async def duplicate(visit: Visit) -> Response:
    """A copy to work on."""
    copy = await campaigns.duplicate_campaign(visit.runtime, visit.caller, uuid_of(visit))
    return visit.go(f"/campaigns/{copy.uuid}", said="This is the copy.")


async def delete(visit: Visit) -> Response:
    """Gone."""
    await campaigns.delete_campaign(visit.runtime, visit.caller, uuid_of(visit))
    return visit.go("/campaigns", said="The campaign was deleted.")


def sentence(error: MailwrightError) -> str:
    """The error for people: what is missing by its name on the page, else its own sentence."""
    missing, sender = error.details.get("missing"), error.details.get("sender")
    if isinstance(error, NotReady) and isinstance(missing, list):
        words = [REQUIREMENTS.get(str(word), str(word)) for word in missing]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        why = f" {sender['message']}" if sender else ""
        return f"Not ready yet. Missing: {', '.join(words).lower()}.{why}"
    return error.message
