"""`/campaigns/{uuid}/send` and its sisters: what moves a campaign through its life."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from mailwright.api.campaign_fields import ScheduleBody, TestBody
from mailwright.api.dependencies import CallerOf, RuntimeOf
from mailwright.api.envelopes import Data, one
from mailwright.api.idempotency import OnceOf
from mailwright.api.problems import errors
from mailwright.services import campaign_archive, campaign_tests
from mailwright.services import campaign_sending as service
from mailwright.services.campaign_tests import TestSent
from mailwright.services.campaign_views import CampaignView

router = APIRouter(prefix="/campaigns/{campaign_uuid}", tags=["campaigns"])

_VIEW = {200: {"model": Data[CampaignView]}}
_COMMON = ("RESOURCE_NOT_FOUND", "CAMPAIGN_TRANSITION_IN_PROGRESS")
_KEYED = ("IDEMPOTENCY_KEY_REUSED", "IDEMPOTENCY_KEY_IN_USE")


def _answered(act: Callable[[], Awaitable[CampaignView]]) -> Callable[[], Awaitable[Response]]:
    async def answer() -> Response:
        return one(await act())

    return answer


@router.post(
    "/send",
    responses={
        **_VIEW,
        **errors(*_COMMON, *_KEYED, "CAMPAIGN_NOT_SENDABLE", "CAMPAIGN_NOT_READY"),
    },
)
async def send(runtime: RuntimeOf, caller: CallerOf, campaign_uuid: UUID, once: OnceOf) -> Response:
    """Send a campaign now. It is `queued`; after `failed`, only those get mail who did not yet."""
    return await once(_answered(lambda: service.send_campaign(runtime, caller, campaign_uuid)))


@router.post(
    "/schedule",
    responses={
        **_VIEW,
        **errors(*_COMMON, *_KEYED, "CAMPAIGN_NOT_SENDABLE", "CAMPAIGN_NOT_READY"),
    },
)
async def schedule(
    runtime: RuntimeOf, caller: CallerOf, campaign_uuid: UUID, body: ScheduleBody, once: OnceOf
) -> Response:
    """Schedule a campaign, or move it to another time. A past time is refused."""
    return await once(
        _answered(
            lambda: service.schedule_campaign(
                runtime, caller, campaign_uuid, body.scheduled_at, body.timezone
            )
        )
    )


@router.post("/unschedule", responses={**_VIEW, **errors(*_COMMON, "CAMPAIGN_NOT_UNSCHEDULABLE")})
async def unschedule(runtime: RuntimeOf, caller: CallerOf, campaign_uuid: UUID) -> Response:
    """Take a scheduled campaign back: it is a draft again."""
    return one(await service.unschedule_campaign(runtime, caller, campaign_uuid))


@router.post("/pause", responses={**_VIEW, **errors(*_COMMON, "CAMPAIGN_NOT_PAUSABLE")})
async def pause(runtime: RuntimeOf, caller: CallerOf, campaign_uuid: UUID) -> Response:
    """Hold a queued or sending campaign; no further mail leaves until `resume`."""
    return one(await service.pause_campaign(runtime, caller, campaign_uuid))


@router.post("/resume", responses={**_VIEW, **errors(*_COMMON, "CAMPAIGN_NOT_RESUMABLE")})
async def resume(runtime: RuntimeOf, caller: CallerOf, campaign_uuid: UUID) -> Response:
    """Let a paused campaign go on where it was."""
    return one(await service.resume_campaign(runtime, caller, campaign_uuid))


@router.post("/cancel", responses={**_VIEW, **errors(*_COMMON, "CAMPAIGN_NOT_CANCELABLE")})
async def cancel(runtime: RuntimeOf, caller: CallerOf, campaign_uuid: UUID) -> Response:
    """Stop a queued, sending or paused campaign for good. A scheduled one is unscheduled."""
    return one(await service.cancel_campaign(runtime, caller, campaign_uuid))


@router.post("/archive", responses={**_VIEW, **errors(*_COMMON, "CAMPAIGN_NOT_ARCHIVABLE")})
async def archive(runtime: RuntimeOf, caller: CallerOf, campaign_uuid: UUID) -> Response:
    """Put a draft, sent, failed or canceled campaign away: out of the list, nothing lost."""
    return one(await campaign_archive.archive_campaign(runtime, caller, campaign_uuid))


@router.post("/unarchive", responses={**_VIEW, **errors(*_COMMON)})
async def unarchive(runtime: RuntimeOf, caller: CallerOf, campaign_uuid: UUID) -> Response:
    """Bring an archived campaign back into the list."""
    return one(await campaign_archive.unarchive_campaign(runtime, caller, campaign_uuid))


@router.post(
    "/test",
    responses={
        200: {"model": Data[TestSent]},
        **errors("RESOURCE_NOT_FOUND", *_KEYED, "TEST_SEND_FAILED", "CAMPAIGN_NOT_TESTABLE"),
    },
)
async def test(
    runtime: RuntimeOf, caller: CallerOf, campaign_uuid: UUID, body: TestBody, once: OnceOf
) -> Response:
    """Send a test to one address, in any state; nothing changes and nobody else gets it."""

    async def act() -> Response:
        return one(
            await campaign_tests.send_test(
                runtime, caller, campaign_uuid, body.email, language=body.language
            )
        )

    return await once(act)
