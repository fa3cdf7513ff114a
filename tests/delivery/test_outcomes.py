"""What servers say, and what becomes of the messages."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace

import pytest
from sqlalchemy import select, update

from mailwright.delivery import fan_out, finish
from mailwright.domain.campaign_lifecycle import CampaignEvent
from mailwright.domain.smtp_verdict import Phase
from mailwright.services import installation
from mailwright.services.caller import Caller
from mailwright.services.runtime import Runtime
from mailwright.store.rows import every
from mailwright.store.tables import contacts, events, messages, projects, suppressions
from tests.builders import MadeTenant
from tests.delivery.stage import FAST, Stage, set_stage
from tests.smtp_sink import DROP, TAKE_AND_DROP, SmtpSink


async def _suppressed(stage: Stage) -> dict[str, str]:
    async with stage.runtime.database.reading() as connection:
        rows = await every(connection, select(suppressions))
    return {row["email_key"]: row["reason"] for row in rows}


async def test_the_servers_words_are_kept_on_the_row(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with set_stage(runtime, tenant, caller, people=1) as stage:
        stage.sink.answer(Phase.END_OF_DATA, "250 2.0.0 Ok: queued as 4F1C")
        await stage.start()
        async with stage.working():
            await stage.until_state("sent")
        row = (await stage.ledger())["p0@example.org"]
        assert (row["state"], row["reply"]) == ("sent", "250 2.0.0 Ok: queued as 4F1C")
        assert row["attempts"] == 1
        assert row["sent_at"] is not None


async def test_a_message_refused_for_now_is_sent_at_its_retry_and_counted_once(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with set_stage(runtime, tenant, caller, people=20, retry_first_seconds=1) as stage:
        stage.sink.answer(Phase.RCPT, "451 4.7.1 later", recipient="p1@*", times=1)
        stage.sink.answer(Phase.END_OF_DATA, "451 4.3.0 busy", recipient="p2@*", times=1)
        await stage.start()
        async with stage.working():
            await stage.until_state("sent")
            ledger = await stage.ledger()
            assert ledger["p2@example.org"]["state"] == "deferred"
            assert await stage.counts_add_up()
            await stage.until(lambda: len(stage.sink.recipients) == 20)
        assert await stage.tally() == {"sent": 20}
        assert (await stage.ledger())["p1@example.org"]["attempts"] == 2
        assert await stage.counts_add_up()
        assert set(Counter(stage.sink.recipients).values()) == {1}


async def test_an_unknown_user_bounces_and_is_suppressed(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with set_stage(runtime, tenant, caller, people=5) as stage:
        stage.sink.answer(Phase.RCPT, "550 5.1.1 no such user", recipient="p1@*")
        await stage.start()
        async with stage.working():
            await stage.until_state("sent")
        row = (await stage.ledger())["p1@example.org"]
        assert (row["state"], row["reply"]) == ("bounced", "550 5.1.1 no such user")
        assert await _suppressed(stage) == {"p1@example.org": "bounce"}
        assert await stage.counts_add_up()


@pytest.mark.checklist("C29", "C30")
async def test_every_outcome_is_noted_once_in_the_log(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with set_stage(runtime, tenant, caller, people=6, retry_first_seconds=1) as stage:
        stage.sink.answer(Phase.RCPT, "550 5.1.1 no such user", recipient="p1@*")
        stage.sink.answer(Phase.RCPT, "451 4.7.1 later", recipient="p2@*", times=1)
        async with runtime.database.transaction() as connection:
            left = update(contacts).where(contacts.c.email_key == "p3@example.org")
            await connection.execute(left.values(consent="unsubscribed"))
        await stage.start()
        async with stage.working():
            await stage.until_state("sent")
            await stage.until(lambda: len(stage.sink.recipients) == 4)
        async with runtime.database.reading() as connection:
            joined = events.join(messages, messages.c.id == events.c.message_id)
            noted = select(messages.c.email, events.c.kind, events.c.data).select_from(joined)
            rows = await every(connection, noted.order_by(messages.c.email))
        told = {row["email"].partition("@")[0]: row["kind"] for row in rows}
        sent = dict.fromkeys(("p0", "p2", "p4", "p5"), "sent")
        assert told == {**sent, "p1": "bounced", "p3": "skipped"}
        assert len(rows) == 6
        data = {row["kind"]: row["data"] for row in rows}
        assert data["sent"] == {}
        assert data["bounced"] == {"reason": "address-invalid", "reply": "550 5.1.1 no such user"}
        assert data["skipped"] == {"reason": "unsubscribed"}


async def test_a_refusal_for_our_reputation_suppresses_nobody(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with set_stage(runtime, tenant, caller, people=5) as stage:
        stage.sink.answer(Phase.RCPT, "550 5.7.1 blocked by policy", recipient="p1@*")
        await stage.start()
        async with stage.working():
            await stage.until_state("sent")
        assert (await stage.ledger())["p1@example.org"]["state"] == "bounced"
        assert await _suppressed(stage) == {}


async def test_a_connection_that_breaks_after_the_final_dot_is_a_marked_repeat(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with set_stage(runtime, tenant, caller, people=3, retry_first_seconds=1) as stage:
        stage.sink.answer(Phase.END_OF_DATA, TAKE_AND_DROP, recipient="p1@*", times=1)
        await stage.start()
        async with stage.working():
            await stage.until(lambda: Counter(stage.sink.recipients)["p1@example.org"] == 2)
            await stage.until_state("sent")
        ledger = await stage.ledger()
        assert [a for a, row in ledger.items() if row["possibly_repeated"]] == ["p1@example.org"]
        assert await stage.counts_add_up()


async def test_a_server_that_hangs_up_on_one_message_defers_that_message_only(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with set_stage(runtime, tenant, caller, people=20) as stage:
        stage.sink.answer(Phase.RCPT, DROP, recipient="p1@*")
        await stage.start()
        async with stage.working():
            await stage.until_state("sent")
        assert await stage.tally() == {"sent": 19, "deferred": 1}
        assert (await stage.ledger())["p1@example.org"]["reason"] == "connection-dropped"


async def test_retries_can_be_stopped(runtime: Runtime, tenant: MadeTenant, caller: Caller) -> None:
    async with set_stage(runtime, tenant, caller, people=3) as stage:
        stage.sink.answer(Phase.RCPT, "451 4.7.1 later", recipient="p1@*")
        await stage.start()
        async with stage.working():
            await stage.until_state("sent")
        while await finish.stop_retries(stage.runtime, tenant.id, stage.campaign.id):
            pass
        row = (await stage.ledger())["p1@example.org"]
        assert (row["state"], row["reason"]) == ("failed", "retries-stopped")
        assert await stage.counts_add_up()


async def test_canceling_ends_deferred_messages_too(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with set_stage(runtime, tenant, caller, people=40, url="?rate=100") as stage:
        stage.sink.answer(Phase.RCPT, "451 4.7.1 later", recipient="p[0-3]@*")
        await stage.start()
        async with stage.working():
            await stage.until(lambda: len(stage.sink.recipients) >= 5)
            await stage.happens(CampaignEvent.CANCEL)
            await stage.until(stage.is_closed)
        tally = await stage.tally()
        assert set(tally) == {"sent", "canceled"}
        assert (await stage.ledger())["p0@example.org"]["state"] == "canceled"
        assert await stage.counts_add_up()


async def test_a_transport_that_is_down_parks_the_project_and_then_works(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with set_stage(runtime, tenant, caller, people=30) as stage:
        stage.sink.answer(Phase.GREETING, "421 4.3.2 not now", times=9)
        await stage.start()
        async with stage.working():
            await stage.until(lambda: _outage(stage))
            assert await stage.state() == "sending"
            assert await stage.tally() == {"queued": 30}
            await stage.until_state("sent")
        assert await _outage(stage) is None
        assert set(Counter(stage.sink.recipients).values()) == {1}


@pytest.mark.checklist("Z27")
async def test_a_transport_that_stays_away_fails_the_campaign_which_then_mails_only_the_rest(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with set_stage(
        runtime, tenant, caller, people=200, route_outage_seconds=1, url="?connections=2"
    ) as stage:
        await stage.start()
        async with stage.working():
            await stage.until(lambda: len(stage.sink.recipients) >= 50)
            stage.sink.answer(Phase.MAIL, "550 5.7.1 your account is suspended")
            await stage.until_state("failed")
        sent = len(stage.sink.recipients)
        assert "your account is suspended" in (await stage.row())["state_reason"]
        assert await stage.tally() == {"sent": sent, "queued": 200 - sent}
        stage.sink.answers.clear()
        await stage.happens(CampaignEvent.SEND)
        await fan_out.start(stage.runtime, tenant.id, stage.campaign.id)
        async with stage.working():
            await stage.until_state("sent")
        assert set(Counter(stage.sink.recipients).values()) == {1}
        assert len(stage.sink.recipients) == 200
        assert await stage.counts_add_up()


async def test_a_limit_on_connections_at_the_server_is_no_outage(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with set_stage(runtime, tenant, caller, people=100) as stage:
        stage.sink.answer(Phase.END_OF_DATA, "delay 0.01")
        stage.sink.answer(Phase.GREETING, "421 4.7.0 too many connections", times=5)
        await stage.start()
        async with stage.working():
            await stage.until_state("sent")
        assert await _outage(stage) is None
        assert len(stage.sink.recipients) == 100


async def test_a_campaign_of_a_test_key_fails_at_once_when_the_inbox_is_away(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with set_stage(runtime, tenant, caller, people=3) as stage:
        await stage.change(sandbox=True)
        await stage.start()
        async with stage.working():
            await stage.until_state("failed")
        assert "mailwright serve" in (await stage.row())["state_reason"]
        assert await _outage(stage) is None
        assert not stage.sink.recipients


async def test_a_campaign_of_a_test_key_goes_to_the_inbox_whatever_its_transport(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with set_stage(runtime, tenant, caller, people=3) as stage, SmtpSink() as inbox:
        await installation.publish_capture_address(stage.runtime, "127.0.0.1", inbox.transport.port)
        await stage.change(sandbox=True)
        await stage.start()
        async with stage.working():
            await stage.until_state("sent")
        assert len(inbox.recipients) == 3
        assert not stage.sink.recipients


async def _outage(stage: Stage) -> str | None:
    async with stage.runtime.database.reading() as connection:
        return await connection.scalar(
            select(projects.c.outage_reason).where(projects.c.id == stage.tenant.project_id)
        )


async def test_a_database_that_restarts_in_mid_send_loses_nobody_and_repeats_nobody(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with set_stage(runtime, tenant, caller, people=600) as stage:
        stage.sink.answer(Phase.END_OF_DATA, "delay 0.005")
        await stage.start()
        async with stage.working(replace(FAST, lease_seconds=8)):
            for part in (100, 200, 300):
                await stage.until(lambda part=part: len(stage.sink.recipients) >= part)
                await stage.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
                await asyncio.sleep(0.2)
            await stage.until_state("sent", 40)
        assert len(set(stage.sink.recipients)) == 600
        assert set(Counter(stage.sink.recipients).values()) == {1}
        assert await stage.counts_add_up()


async def test_an_address_that_fails_for_two_weeks_is_left_alone_and_a_policy_blames_nobody(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with set_stage(runtime, tenant, caller, people=3) as stage:
        stage.sink.answer(Phase.RCPT, "552 5.2.2 over quota", recipient="p0@*")
        stage.sink.answer(Phase.RCPT, "550 5.7.1 blocked", recipient="p1@*")
        await stage.execute(
            "INSERT INTO messages (tenant_id, contact_id, email, state, reason, bounced_at)"
            " SELECT c.tenant_id, c.id, c.email, 'bounced',"
            "        CASE email WHEN 'p1@example.org' THEN 'policy' ELSE 'mailbox-full' END,"
            "        now() - days * interval '1 day'"
            " FROM contacts c CROSS JOIN (VALUES (15), (7)) AS earlier (days)"
        )
        await stage.start()
        async with stage.working():
            await stage.until_state("sent")
            await stage.until(lambda: _suppressed(stage))
        assert await _suppressed(stage) == {"p0@example.org": "bounce"}
