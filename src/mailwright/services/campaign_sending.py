"""What people ask of a campaign's life: send, schedule, unschedule, pause, resume, cancel.

Each takes the row, asks the lifecycle, and enqueues the job that follows in the same transaction.
The state is judged before readiness: a sent campaign says so, whatever else it lacks.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.campaign_lifecycle import CampaignEvent, CampaignState, advance
from mailwright.domain.doors import archived_refusal, require_cancelable
from mailwright.domain.wall_clock import WallClock, instant, parse_zone, read_wall_clock
from mailwright.errors import Conflict, InvalidInput, NotReady
from mailwright.services import audit, campaign_readiness, campaign_transitions, campaigns
from mailwright.services.caller import Caller
from mailwright.services.campaign_views import CampaignView, full_view
from mailwright.services.runtime import Runtime
from mailwright.store import campaigns as store
from mailwright.store.job_queue import Job, enqueue
from mailwright.store.rows import Row

#: A time this little in the past means now; more is a mistake (design section 6).
PAST_TOLERANCE = timedelta(seconds=60)

_E = CampaignEvent


async def send_campaign(runtime: Runtime, caller: Caller, campaign_uuid: UUID) -> CampaignView:
    """The campaign, queued: it leaves as soon as a worker is free. After `failed`, only the rest.

    Raises NotFound, Conflict CAMPAIGN_NOT_SENDABLE, NotReady CAMPAIGN_NOT_READY.
    """
    async with _held(runtime, caller, campaign_uuid, "send") as (connection, row):
        await _require_ready(runtime, connection, caller, row, _E.SEND)
        sandbox = {"sandbox": caller.sandbox}
        await campaign_transitions.move(connection, runtime, caller, row, _E.SEND, values=sandbox)
        await _enqueue(connection, Job.START_CAMPAIGN, row)
        return await _view(runtime, connection, row)


async def schedule_campaign(
    runtime: Runtime,
    caller: Caller,
    campaign_uuid: UUID,
    scheduled_at: datetime,
    timezone: str | None = None,
) -> CampaignView:
    """The campaign, scheduled, or moved to another time. A minute ago means now.

    `scheduled_at` without an offset is local time in `timezone` (an IANA name; None: the
    campaign's own); see domain/wall_clock.py for the nights when clocks are changed.

    Raises NotFound, InvalidInput for a time further back, Conflict CAMPAIGN_NOT_SENDABLE, NotReady
    CAMPAIGN_NOT_READY.
    """
    zone = parse_zone(timezone) if timezone else None
    async with _held(runtime, caller, campaign_uuid, "schedule") as (connection, row):
        zone = zone or row["timezone"]
        scheduled_at = instant(scheduled_at, zone)
        _require_to_come(runtime, scheduled_at)
        await _require_ready(runtime, connection, caller, row, _E.SCHEDULE)
        values = {"scheduled_at": scheduled_at, "timezone": zone, "sandbox": caller.sandbox}
        await campaign_transitions.move(
            connection, runtime, caller, row, _E.SCHEDULE, values=values
        )
        payload = {**_payload(row), "scheduled_at": scheduled_at.isoformat()}
        await enqueue(connection, Job.FIRE_SCHEDULE, payload, execute_after=scheduled_at)
        return await _view(runtime, connection, row)


def wall_clock_to_come(runtime: Runtime, asked: datetime, zone: str) -> WallClock:
    """What scheduling for `asked` (without an offset) in `zone` would mean, to be shown before.

    Raises InvalidInput for a time that has passed.
    """
    wall_clock = read_wall_clock(asked, zone)
    _require_to_come(runtime, wall_clock.instant)
    return wall_clock


def _require_to_come(runtime: Runtime, at: datetime) -> None:
    if at < runtime.now() - PAST_TOLERANCE:
        message = "This time has passed; give one in the future."
        raise InvalidInput.field("scheduled_at", message)


async def reschedule_campaign(
    runtime: Runtime, caller: Caller, campaign_uuid: UUID, scheduled_at: datetime | None
) -> CampaignView:
    """A scheduled campaign, moved to another time; None: sent now.

    Raises NotFound, Conflict CAMPAIGN_NOT_RESCHEDULABLE for one that is not scheduled, and what
    `schedule_campaign` and `send_campaign` raise.
    """
    view = await campaigns.get_campaign(runtime, caller, campaign_uuid)
    if view.status != CampaignState.SCHEDULED:
        raise Conflict(
            f"A campaign that is {view.status} cannot be rescheduled; it must be scheduled.",
            code="CAMPAIGN_NOT_RESCHEDULABLE",
            details={"status": view.status, "allowed": [str(CampaignState.SCHEDULED)]},
        )
    if scheduled_at is None:
        return await send_campaign(runtime, caller, campaign_uuid)
    return await schedule_campaign(runtime, caller, campaign_uuid, scheduled_at)


async def unschedule_campaign(
    runtime: Runtime, caller: Caller, campaign_uuid: UUID
) -> CampaignView:
    """The campaign, a draft again. Raises NotFound, Conflict CAMPAIGN_NOT_UNSCHEDULABLE."""
    async with _held(runtime, caller, campaign_uuid, "unschedule") as (connection, row):
        await campaign_transitions.move(connection, runtime, caller, row, _E.UNSCHEDULE)
        return await _view(runtime, connection, row)


async def pause_campaign(runtime: Runtime, caller: Caller, campaign_uuid: UUID) -> CampaignView:
    """The campaign, held: no further mail leaves. Raises Conflict CAMPAIGN_NOT_PAUSABLE."""
    async with _held(runtime, caller, campaign_uuid, "pause") as (connection, row):
        await campaign_transitions.move(
            connection, runtime, caller, row, _E.PAUSE, reason="requested"
        )
        return await _view(runtime, connection, row)


async def resume_campaign(runtime: Runtime, caller: Caller, campaign_uuid: UUID) -> CampaignView:
    """The campaign, queued again; it goes on where it was. Raises CAMPAIGN_NOT_RESUMABLE."""
    async with _held(runtime, caller, campaign_uuid, "resume") as (connection, row):
        await campaign_transitions.move(connection, runtime, caller, row, _E.RESUME)
        await _enqueue(connection, Job.START_CAMPAIGN, row)
        return await _view(runtime, connection, row)


async def cancel_campaign(runtime: Runtime, caller: Caller, campaign_uuid: UUID) -> CampaignView:
    """The campaign, stopped for good; who was not mailed yet never is.

    Raises NotFound, Conflict CAMPAIGN_NOT_CANCELABLE (what may be canceled differs by door).
    """
    async with _held(runtime, caller, campaign_uuid, "cancel") as (connection, row):
        require_cancelable(caller.door, CampaignState(row["state"]))
        await campaign_transitions.move(connection, runtime, caller, row, _E.CANCEL)
        await _enqueue(connection, Job.CLOSE_CANCELED, row)
        return await _view(runtime, connection, row)


@asynccontextmanager
async def _held(
    runtime: Runtime, caller: Caller, campaign_uuid: UUID, deed: str
) -> AsyncGenerator[tuple[AsyncConnection, Row]]:
    """The campaign's row, held in a transaction that ends with the block; the deed is noted."""
    caller.require("campaigns:write")
    async with runtime.database.transaction() as connection:
        campaign_id = await campaigns.id_of(connection, caller, campaign_uuid)
        yield connection, await campaign_transitions.take(connection, caller, campaign_id)
        await audit.record(connection, caller, f"campaign.{deed}", f"campaign:{campaign_uuid}")


async def _require_ready(
    runtime: Runtime, connection: AsyncConnection, caller: Caller, row: Row, event: CampaignEvent
) -> None:
    advance(CampaignState(row["state"]), event)
    if row["archived"]:
        raise archived_refusal("be sent", "CAMPAIGN_NOT_SENDABLE")
    lack = await campaign_readiness.lack(runtime, connection, row, sandbox=caller.sandbox)
    if lack:
        raise NotReady(
            f"The campaign is not ready; it still needs: {lack.told}.",
            code="CAMPAIGN_NOT_READY",
            details=lack.details,
        )


async def _enqueue(connection: AsyncConnection, job: Job, row: Row) -> None:
    await enqueue(connection, job, _payload(row))


def _payload(row: Row) -> dict[str, object]:
    return {"tenant_id": row["tenant_id"], "campaign_id": row["id"]}


async def _view(runtime: Runtime, connection: AsyncConnection, row: Row) -> CampaignView:
    return full_view(runtime, await store.seen(connection, row["tenant_id"], row["id"]))
