"""Jobs: enqueued with their change, run by name, carried on after a kill."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pgqueuer.qm import QueueManager

from mailwright.domain.campaign_lifecycle import CampaignEvent
from mailwright.jobs import runner, sweeps
from mailwright.services.caller import Caller
from mailwright.services.runtime import Runtime, utc_now
from mailwright.store import job_queue
from mailwright.store.database import Database
from mailwright.store.job_queue import Job, enqueue
from tests.builders import MadeTenant
from tests.delivery.stage import Stage, set_stage


@asynccontextmanager
async def running(runtime: Runtime) -> AsyncGenerator[asyncio.Event]:
    """Jobs run as long as the block."""
    stop = asyncio.Event()
    task = asyncio.create_task(runner.run(runtime, stop=stop))
    try:
        yield stop
    finally:
        stop.set()
        async with asyncio.timeout(8):
            await task


async def _jobs(database: Database) -> list[tuple[str, str]]:
    async with database.raw() as connection:
        rows = await connection.fetch(
            "SELECT entrypoint, status::text FROM jobs.pgqueuer ORDER BY id"
        )
    return [(row["entrypoint"], row["status"]) for row in rows]


async def _schedule(stage: Stage, at: datetime, **columns: Any) -> None:
    await stage.happens(CampaignEvent.SCHEDULE)
    await stage.change(scheduled_at=at, **columns)
    payload = {
        "tenant_id": stage.tenant.id,
        "campaign_id": stage.campaign.id,
        "scheduled_at": at.isoformat(),
    }
    async with stage.runtime.database.transaction() as connection:
        await enqueue(connection, Job.FIRE_SCHEDULE, payload, execute_after=at)


async def _send(stage: Stage) -> None:
    await stage.happens(CampaignEvent.SEND)
    payload = {"tenant_id": stage.tenant.id, "campaign_id": stage.campaign.id}
    async with stage.runtime.database.transaction() as connection:
        await enqueue(connection, Job.START_CAMPAIGN, payload)


async def test_every_job_has_an_entrypoint_and_every_entrypoint_a_job(
    runtime: Runtime, database: Database
) -> None:
    connection = await job_queue.connect(database)
    try:
        manager = QueueManager(job_queue.queries(connection))
        runner.register(manager, runtime, asyncio.Event())
    finally:
        await connection.close()
    assert set(manager.entrypoint_registry) == {str(job) for job in Job}


async def test_a_job_of_a_change_that_was_rolled_back_does_not_exist(database: Database) -> None:
    async def change_your_mind() -> None:
        async with database.transaction() as connection:
            await enqueue(connection, Job.RUN_IMPORT, {"tenant_id": 1, "import_id": 1})
            raise InterruptedError

    with pytest.raises(InterruptedError):
        await change_your_mind()
    assert await _jobs(database) == []


async def test_the_same_job_is_not_enqueued_twice(database: Database) -> None:
    async with database.transaction() as connection:
        await enqueue(connection, Job.RUN_IMPORT, {"tenant_id": 1, "import_id": 1})
        await enqueue(connection, Job.RUN_IMPORT, {"import_id": 1, "tenant_id": 1})
        await enqueue(connection, Job.RUN_IMPORT, {"tenant_id": 1, "import_id": 2})
    assert len(await _jobs(database)) == 2


@pytest.mark.checklist("Z28")
async def test_send_queues_starts_and_sends(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with set_stage(runtime, tenant, caller, people=50) as stage:
        await _send(stage)
        assert await stage.state() == "queued"
        async with stage.working(), running(stage.runtime):
            await stage.until_state("sent")
        assert len(stage.sink.recipients) == 50


async def test_a_campaign_that_is_no_longer_ready_fails_and_says_what_is_missing(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with set_stage(runtime, tenant, caller, people=1) as stage:
        await _send(stage)
        await stage.execute("UPDATE senders SET enabled = false")
        async with running(stage.runtime):
            await stage.until_state("failed")
        assert "sender_email" in (await stage.row())["state_reason"]


async def test_a_schedule_fires_within_two_seconds_of_its_time(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with set_stage(replace(runtime, now=utc_now), tenant, caller, people=1) as stage:
        at = datetime.now(UTC) + timedelta(seconds=1.5)
        await _schedule(stage, at)
        async with running(stage.runtime):
            await asyncio.sleep(0.8)
            assert await stage.state() == "scheduled"
            await stage.until_state("sending")
        queued_at = (await stage.row())["queued_at"]
        assert timedelta(0) <= queued_at - at < timedelta(seconds=2)


async def test_a_schedule_whose_job_got_lost_fires_all_the_same(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with set_stage(replace(runtime, now=utc_now), tenant, caller, people=1) as stage:
        await _schedule(stage, datetime.now(UTC) + timedelta(seconds=0.5))
        await stage.execute("DELETE FROM jobs.pgqueuer")
        async with running(stage.runtime):
            await stage.until_state("sending")


async def test_a_schedule_missed_by_too_much_is_paused_with_its_reason(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with set_stage(replace(runtime, now=utc_now), tenant, caller, people=1) as stage:
        await _schedule(stage, datetime.now(UTC) - timedelta(seconds=90), max_delay_seconds=60)
        async with running(stage.runtime):
            await stage.until_state("paused")
        assert (await stage.row())["state_reason"] == "missed_schedule"


async def test_a_schedule_missed_by_little_is_sent(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with set_stage(replace(runtime, now=utc_now), tenant, caller, people=1) as stage:
        await _schedule(stage, datetime.now(UTC) - timedelta(seconds=30), max_delay_seconds=60)
        async with running(stage.runtime):
            await stage.until_state("sending")


async def test_a_schedule_that_was_moved_does_not_fire_at_the_old_time(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with set_stage(replace(runtime, now=utc_now), tenant, caller, people=1) as stage:
        await _schedule(stage, datetime.now(UTC) - timedelta(seconds=1))
        await stage.change(scheduled_at=datetime.now(UTC) + timedelta(hours=1))
        async with running(stage.runtime):
            await asyncio.sleep(1.0)
            assert await stage.state() == "scheduled"
        assert await _jobs(stage.runtime.database) == []


async def test_a_canceled_campaign_is_closed_by_its_job(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with set_stage(runtime, tenant, caller, people=20) as stage:
        await stage.start()
        await stage.happens(CampaignEvent.CANCEL)
        await sweeps.sweep(stage.runtime)
        async with running(stage.runtime):
            await stage.until(stage.is_closed)
        assert await stage.tally() == {"canceled": 20}


async def test_a_campaign_whose_last_worker_was_killed_before_saying_so_is_finished(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with set_stage(runtime, tenant, caller, people=2) as stage:
        await stage.start()
        await stage.execute("UPDATE messages SET state = 'sent'")
        await stage.execute("UPDATE batches SET state = 'done', sent = 2")
        await sweeps.sweep(stage.runtime)
        assert await stage.state() == "sent"


async def test_a_dead_workers_job_is_taken_over(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with set_stage(runtime, tenant, caller, people=1) as stage:
        await _send(stage)
        await stage.execute(
            "UPDATE jobs.pgqueuer SET status = 'picked', queue_manager_id = gen_random_uuid(),"
            " heartbeat = now() - interval '4 seconds'"
        )
        async with running(stage.runtime):
            await stage.until_state("sending")


async def test_a_job_that_raises_is_tried_again_and_not_dropped(
    runtime: Runtime, tenant: MadeTenant, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[float] = []

    async def failing(runtime: Runtime, payload: Any, *, stop: asyncio.Event) -> None:
        tries.append(asyncio.get_running_loop().time())
        raise ValueError("not yet")

    monkeypatch.setattr(runner, "HANDLERS", {**runner.HANDLERS, Job.START_CAMPAIGN: failing})
    async with set_stage(runtime, tenant, caller, people=1) as stage:
        await _send(stage)
        async with running(stage.runtime):
            await stage.until(lambda: len(tries) >= 2)
        assert await _jobs(stage.runtime.database) == [("start_campaign", "queued")]


async def test_jobs_go_on_after_the_database_was_away(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with set_stage(runtime, tenant, caller, people=1) as stage, running(stage.runtime):
        await asyncio.sleep(0.3)
        await stage.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        await asyncio.sleep(0.1)
        await _send(stage)
        await stage.until_state("sending", 15)
