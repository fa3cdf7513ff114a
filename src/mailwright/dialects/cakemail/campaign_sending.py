"""`/campaigns/{id}/schedule` and its sisters: what moves a campaign through its life."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from mailwright.dialects.cakemail.campaign_fields import ScheduleBody, TestBody
from mailwright.dialects.cakemail.campaign_shapes import status_of
from mailwright.dialects.cakemail.dependencies import CallerOf, RuntimeOf
from mailwright.dialects.cakemail.fields import NumberInPath
from mailwright.dialects.cakemail.shapes import Done, answer, unix
from mailwright.services import campaign_archive, campaign_tests
from mailwright.services import campaign_sending as service
from mailwright.services.caller import Caller
from mailwright.services.campaign_views import CampaignView
from mailwright.services.numbers import uuid_of
from mailwright.services.runtime import Runtime

router = APIRouter(prefix="/campaigns/{campaign_id}", tags=["campaigns"])

_DONE: dict[int | str, dict[str, Any]] = {200: {"model": Done}}

Deed = Callable[[Runtime, Caller, UUID], Awaitable[CampaignView]]


@router.post("/send-test")
async def send_test(
    runtime: RuntimeOf, caller: CallerOf, campaign_id: NumberInPath, body: TestBody
) -> Response:
    """Send a test to one address, or to several. The audience gets nothing, and nothing changes."""
    uuid = await uuid_of(runtime, caller, "campaign", campaign_id)
    addresses = body.addresses
    for address in addresses:
        await campaign_tests.send_test(runtime, caller, uuid, address)
        if body.kind == "separated":
            await campaign_tests.send_test(runtime, caller, uuid, address, text_only=True)
    told = {"email": addresses[0], "emails": addresses, "type": body.kind}
    return answer({**told, "object": "test_email", "sent": True, "campaign_id": campaign_id})


@router.post("/schedule", responses=_DONE)
async def schedule(
    runtime: RuntimeOf, caller: CallerOf, campaign_id: NumberInPath, body: ScheduleBody
) -> Response:
    """Schedule a campaign; without a time it is sent now."""
    moment = body.moment

    async def act(runtime: Runtime, caller: Caller, uuid: UUID) -> CampaignView:
        if moment is None:
            return await service.send_campaign(runtime, caller, uuid)
        return await service.schedule_campaign(runtime, caller, uuid, moment)

    return await _did(runtime, caller, campaign_id, act, scheduled=True)


@router.post("/reschedule", responses=_DONE)
async def reschedule(
    runtime: RuntimeOf, caller: CallerOf, campaign_id: NumberInPath, body: ScheduleBody
) -> Response:
    """Move a scheduled campaign to another time; without one it is sent now."""

    async def act(runtime: Runtime, caller: Caller, uuid: UUID) -> CampaignView:
        return await service.reschedule_campaign(runtime, caller, uuid, body.moment)

    return await _did(runtime, caller, campaign_id, act, scheduled=True)


@router.post("/unschedule", responses=_DONE)
async def unschedule(runtime: RuntimeOf, caller: CallerOf, campaign_id: NumberInPath) -> Response:
    """Take a scheduled campaign back: it is a draft again."""
    key = (runtime, caller, campaign_id)
    return await _did(*key, service.unschedule_campaign, scheduled=False, unscheduled=True)


@router.post("/suspend", responses=_DONE)
async def suspend(runtime: RuntimeOf, caller: CallerOf, campaign_id: NumberInPath) -> Response:
    """Hold a campaign that is being delivered; no further mail leaves until it is resumed."""
    return await _did(runtime, caller, campaign_id, service.pause_campaign)


@router.post("/resume", responses=_DONE)
async def resume(runtime: RuntimeOf, caller: CallerOf, campaign_id: NumberInPath) -> Response:
    """Let a suspended campaign go on where it was."""
    return await _did(runtime, caller, campaign_id, service.resume_campaign, resumed=True)


@router.post("/cancel", responses=_DONE)
async def cancel(runtime: RuntimeOf, caller: CallerOf, campaign_id: NumberInPath) -> Response:
    """Stop a scheduled campaign, or one that is being delivered, for good."""
    return await _did(runtime, caller, campaign_id, service.cancel_campaign, cancelled=True)


@router.post("/archive", responses=_DONE)
async def archive(runtime: RuntimeOf, caller: CallerOf, campaign_id: NumberInPath) -> Response:
    """Put a campaign away that is over: out of the list, nothing lost."""
    key = (runtime, caller, campaign_id)
    return await _did(*key, campaign_archive.archive_campaign, archived=True)


@router.post("/unarchive", responses=_DONE)
async def unarchive(runtime: RuntimeOf, caller: CallerOf, campaign_id: NumberInPath) -> Response:
    """Bring an archived campaign back into the list."""
    key = (runtime, caller, campaign_id)
    return await _did(*key, campaign_archive.unarchive_campaign, archived=False)


async def _did(
    runtime: Runtime, caller: Caller, campaign_id: int, deed: Deed, **words: bool
) -> Response:
    """Does it, and says so in a word, with how the campaign stands now."""
    uuid = await uuid_of(runtime, caller, "campaign", campaign_id)
    view = await deed(runtime, caller, uuid)
    told: dict[str, object] = {
        "id": campaign_id,
        "campaign_id": campaign_id,
        "name": view.name,
        "status": status_of(view),
        "suspended": view.status == "paused",
        "object": "campaign",
        **words,
    }
    if view.scheduled_at is not None:
        told["scheduled_for"] = unix(view.scheduled_at)
    return answer(told)
