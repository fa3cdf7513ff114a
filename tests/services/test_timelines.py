"""Opens and clicks by hour, then by day: they add up, and machines are told apart."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert

from mailwright.domain.timeline import HOURS, bucket_span
from mailwright.errors import NotFound
from mailwright.services.caller import Caller
from mailwright.services.reports import get_report
from mailwright.services.runtime import Runtime
from mailwright.services.timelines import Timeline, get_timeline
from mailwright.services.tracking import Hit, record_hits
from mailwright.store import tables
from mailwright.store.database import Database
from tests.builders import Made, MadeTenant, make_campaign, make_message, make_tenant
from tests.clock import Clock

MINUTE = timedelta(minutes=1)


async def started(database: Database, tenant: MadeTenant, at: datetime) -> Made:
    return await make_campaign(database, tenant.id, state="sent", started_at=at)


async def happened(
    database: Database, tenant: MadeTenant, campaign: Made, kind: str, at: datetime, verdict: str
) -> None:
    values = {
        "tenant_id": tenant.id,
        "at": at,
        "kind": kind,
        "message_id": 1,
        "campaign_id": campaign.id,
        "data": {"verdict": verdict},
    }
    async with database.transaction() as connection:
        await connection.execute(insert(tables.events).values(values))


def busy(timeline: Timeline) -> dict[int, tuple[int, int, int, int]]:
    return {
        place: (bucket.opens, bucket.machine_opens, bucket.clicks, bucket.machine_clicks)
        for place, bucket in enumerate(timeline.buckets)
        if bucket.opens or bucket.clicks
    }


async def test_hours_of_two_days_are_followed_by_days(
    runtime: Runtime, caller: Caller, database: Database, tenant: MadeTenant, clock: Clock
) -> None:
    start = clock.time - timedelta(days=9)
    campaign = await started(database, tenant, start)
    other = await started(database, tenant, start)
    for kind, after, verdict in (
        ("opened", -MINUTE, "human"),  # a clock that is slow
        ("opened", 59 * MINUTE, "human"),
        ("opened", 59 * MINUTE, "prefetch"),
        ("opened", 60 * MINUTE, "proxy"),  # for somebody who reads
        ("clicked", 60 * MINUTE, "scanner"),
        ("clicked", timedelta(hours=47, minutes=59), "human"),
        ("opened", timedelta(hours=48), "unknown"),
        ("clicked", timedelta(days=5, hours=1), "human"),
        ("sent", MINUTE, ""),
    ):
        await happened(database, tenant, campaign, kind, start + after, verdict)
    await happened(database, tenant, other, "opened", start, "human")
    timeline = await get_timeline(runtime, caller, campaign.uuid)
    assert timeline.started_at == start
    assert busy(timeline) == {
        0: (3, 1, 0, 0),
        1: (1, 0, 1, 1),
        47: (0, 0, 1, 0),
        HOURS: (1, 0, 0, 0),
        HOURS + 3: (0, 0, 1, 0),
    }
    assert len(timeline.buckets) == HOURS + 4
    spans = [(bucket.since, bucket.until) for bucket in timeline.buckets]
    assert spans == [bucket_span(start, place) for place in range(HOURS + 4)]


async def test_a_young_campaign_has_the_hours_that_have_begun(
    runtime: Runtime, caller: Caller, database: Database, tenant: MadeTenant, clock: Clock
) -> None:
    campaign = await started(database, tenant, clock.time)
    clock.advance(hours=2, minutes=30)
    timeline = await get_timeline(runtime, caller, campaign.uuid)
    assert len(timeline.buckets) == 3
    assert busy(timeline) == {}


async def test_it_adds_up_to_the_report(
    runtime: Runtime, caller: Caller, database: Database, tenant: MadeTenant, clock: Clock
) -> None:
    campaign = await started(database, tenant, clock.time)
    message = await make_message(database, tenant.id, campaign_id=campaign.id, state="sent")
    for link in (None, None, 1, 1, 1):
        clock.advance(hours=1)
        hit = Hit(tenant.id, message, clock.time, {"verdict": "human"}, link)
        await record_hits(runtime, [hit])
    report = await get_report(runtime, caller, campaign.uuid)
    timeline = await get_timeline(runtime, caller, campaign.uuid)
    assert sum(bucket.opens for bucket in timeline.buckets) == report.opens == 2
    assert sum(bucket.clicks for bucket in timeline.buckets) == report.clicks == 3


async def test_before_the_start_there_is_nothing(
    runtime: Runtime, caller: Caller, database: Database, tenant: MadeTenant
) -> None:
    campaign = await make_campaign(database, tenant.id)
    assert await get_timeline(runtime, caller, campaign.uuid) == Timeline(None, [])


@pytest.mark.checklist("SEC-10")
async def test_another_tenants_campaign_is_unknown(
    runtime: Runtime, caller: Caller, database: Database
) -> None:
    other = await make_tenant(database)
    campaign = await started(database, other, datetime(2026, 11, 1, tzinfo=UTC))
    with pytest.raises(NotFound):
        await get_timeline(runtime, caller, campaign.uuid)
