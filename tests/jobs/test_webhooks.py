"""The job of webhooks: woken by its cause, by a sweep, or after a kill."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from mailwright.domain.webhook_event import EventType
from mailwright.jobs import sweeps
from mailwright.services import webhook_log, webhooks
from mailwright.services.caller import Caller
from mailwright.services.consents import unsubscribe_contact
from mailwright.services.runtime import Runtime, utc_now
from mailwright.services.webhooks import NewWebhook
from mailwright.store.database import Database
from tests.builders import MadeTenant, make_contact
from tests.clock import Clock
from tests.jobs.test_runner import running
from tests.services.webhook_stage import webhook_stage


async def _jobs(database: Database) -> list[str]:
    async with database.raw() as connection:
        rows = await connection.fetch("SELECT entrypoint FROM jobs.pgqueuer ORDER BY id")
    return [row["entrypoint"] for row in rows]


@pytest.mark.checklist("M51")
async def test_an_unsubscribe_reaches_the_tenants_system_without_waiting_for_a_sweep(
    runtime: Runtime,
    database: Database,
    tenant: MadeTenant,
    caller: Caller,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sweeps, "SECONDS", 60.0)
    contact = await make_contact(database, tenant.id, "ada@example.org")
    left = EventType.CONTACT_UNSUBSCRIBED
    async with (
        webhook_stage(replace(runtime, now=utc_now), caller, left) as stage,
        running(stage.runtime),
    ):
        await asyncio.sleep(0.5)  # the first sweep is over, the runner listens
        await unsubscribe_contact(stage.runtime, caller, contact.uuid)
        await stage.receiver.until(1, seconds=5.0)
        [body] = stage.told()
        assert (body["type"], body["data"]["email"]) == ("contact.unsubscribed", "ada@example.org")


async def test_a_delivery_whose_job_got_lost_is_found_by_the_sweep(
    runtime: Runtime, database: Database, caller: Caller
) -> None:
    async with webhook_stage(runtime, caller) as stage:
        await webhook_log.send_test(stage.runtime, caller, stage.webhook.uuid)
        async with database.raw() as connection:
            await connection.execute("DELETE FROM jobs.pgqueuer")
        await sweeps.sweep(stage.runtime)
        await sweeps.sweep(stage.runtime)
        assert await _jobs(database) == ["deliver_webhooks"]
        async with running(stage.runtime):
            await stage.receiver.until(1)


async def test_the_sweep_wakes_what_is_due_and_nothing_else(
    runtime: Runtime, database: Database, caller: Caller, clock: Clock
) -> None:
    async with webhook_stage(runtime, caller) as stage:
        stage.receiver.answer(500)
        await webhook_log.send_test(stage.runtime, caller, stage.webhook.uuid)
        await stage.deliver()
        async with database.raw() as connection:
            await connection.execute("DELETE FROM jobs.pgqueuer")
        await sweeps.sweep(stage.runtime)
        assert await _jobs(database) == []
        clock.advance(seconds=7)
        await webhooks.change_webhook(runtime, caller, stage.webhook.uuid, {"enabled": False})
        await sweeps.sweep(stage.runtime)
        assert await _jobs(database) == []
        await webhooks.change_webhook(runtime, caller, stage.webhook.uuid, {"enabled": True})
        assert await _jobs(database) == ["deliver_webhooks"]


async def test_a_slow_receiver_keeps_only_itself_waiting(runtime: Runtime, caller: Caller) -> None:
    async with (
        webhook_stage(runtime, caller) as slow,
        webhook_stage(runtime, caller) as quick,
    ):
        go_on = slow.receiver.hang()
        for _ in range(20):
            await webhook_log.send_test(slow.runtime, caller, slow.webhook.uuid)
        async with running(slow.runtime):
            await slow.receiver.until(16)
            await webhook_log.send_test(quick.runtime, caller, quick.webhook.uuid)
            await quick.receiver.until(1, seconds=3)
            go_on.set()
            await slow.receiver.until(20)


@pytest.mark.checklist("SEC-27")
async def test_a_secret_is_nowhere_but_sealed(
    runtime: Runtime,
    database: Database,
    caller: Caller,
    clock: Clock,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Two canaries, one rotated away, through every step that touches them; nobody sings."""
    canaries = ["canary-of-the-first-secret-4f1c9a7e", "canary-of-the-second-secret-8b2d6e0f"]
    async with webhook_stage(runtime, caller, EventType.EMAIL_SENT) as stage:
        new = NewWebhook(stage.receiver.url, [EventType.EMAIL_SENT], secret=canaries[0])
        made, _ = await webhooks.create_webhook(stage.runtime, caller, new)
        await webhooks.rotate_secret(stage.runtime, caller, made.uuid, canaries[1])
        await webhook_log.send_test(stage.runtime, caller, made.uuid)
        await webhook_log.send_test(stage.runtime, caller, made.uuid)
        stage.receiver.answer(500, "no")
        async with running(stage.runtime):
            await stage.receiver.until(2)
        dump: list[str] = []
        async with database.raw() as connection:
            tables = await connection.fetch(
                "SELECT format('%I.%I', table_schema, table_name) AS name"
                " FROM information_schema.tables"
                " WHERE table_schema IN ('public', 'jobs') AND table_type = 'BASE TABLE'"
            )
            for table in tables:
                rows = await connection.fetch(f"SELECT t::text AS line FROM {table['name']} t")
                dump += [row["line"] for row in rows]
    outputs = "".join(dump) + repr(stage) + repr(made) + "".join(capfd.readouterr())
    sent = b"".join(received.body for received in stage.receiver.requests).decode()
    sent += repr([received.headers for received in stage.receiver.requests])
    assert "webhook.test" in outputs
    for canary in canaries:
        for form in (canary, canary.encode().hex()):  # text, and bytea as it is written
            assert form not in outputs + sent
