"""`/campaigns/{id}/send` and its sisters: what moves a campaign through its life."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from mailwright.dialects.mailingcore.campaign_shapes import (
    CampaignShape,
    ScheduleBody,
    TestBody,
    TestResult,
    TestShape,
    campaign_shape,
)
from mailwright.dialects.mailingcore.dependencies import CallerOf, RuntimeOf, known
from mailwright.dialects.mailingcore.quota_headers import quota_headers
from mailwright.dialects.mailingcore.shapes import one
from mailwright.errors import Conflict
from mailwright.services import campaign_sending as service
from mailwright.services import campaign_tests, sender_defaults

router = APIRouter(prefix="/campaigns/{campaign_id}", tags=["campaigns"])


@router.post("/test", responses={200: {"model": TestShape}})
async def test(runtime: RuntimeOf, caller: CallerOf, campaign_id: str, body: TestBody) -> Response:
    """Send a test to 1 to 5 addresses. The campaign stays as it is and nobody else gets it."""
    campaign_uuid = known(campaign_id, "campaign")
    await sender_defaults.give_sender(runtime, caller, campaign_uuid)
    results: list[TestResult] = []
    refused: Conflict | None = None
    for email in body.emails:
        try:
            sent = await campaign_tests.send_test(runtime, caller, campaign_uuid, email)
            results.append(TestResult(email=sent.email, status="SENT", message=sent.reply))
        except Conflict as error:
            refused = error
            results.append(TestResult(email=email, status="REJECTED", message=error.message))
    count = sum(result.status == "SENT" for result in results)
    if refused is not None and not count:
        raise refused
    return one(TestShape(sent=count, results=results))


@router.post("/schedule", responses={200: {"model": CampaignShape}})
async def schedule(
    runtime: RuntimeOf, caller: CallerOf, campaign_id: str, body: ScheduleBody
) -> Response:
    """Schedule a campaign; it leaves by itself at that time. A past time is refused."""
    campaign_uuid = known(campaign_id, "campaign")
    await sender_defaults.give_sender(runtime, caller, campaign_uuid)
    view = await service.schedule_campaign(
        runtime, caller, campaign_uuid, body.scheduled_at, timezone=body.timezone
    )
    return one(campaign_shape(view), headers=await quota_headers(runtime, caller))


@router.post("/send", status_code=202, responses={202: {"model": CampaignShape}})
async def send(runtime: RuntimeOf, caller: CallerOf, campaign_id: str) -> Response:
    """Send a campaign now. Delivery goes on in the background."""
    campaign_uuid = known(campaign_id, "campaign")
    await sender_defaults.give_sender(runtime, caller, campaign_uuid)
    view = await service.send_campaign(runtime, caller, campaign_uuid)
    return one(campaign_shape(view), 202, await quota_headers(runtime, caller))


@router.post("/cancel", responses={200: {"model": CampaignShape}})
async def cancel(runtime: RuntimeOf, caller: CallerOf, campaign_id: str) -> Response:
    """Cancel a campaign for good, before it was sent or in flight. Who has no mail gets none."""
    campaign_uuid = known(campaign_id, "campaign")
    return one(campaign_shape(await service.cancel_campaign(runtime, caller, campaign_uuid)))
