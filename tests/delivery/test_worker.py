"""Workers: everybody once, whatever happens on the way."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import replace

import pytest

from mailwright.delivery import fan_out
from mailwright.domain.campaign_lifecycle import CampaignEvent
from mailwright.domain.smtp_verdict import Phase
from mailwright.services import installation
from mailwright.services.caller import Caller
from mailwright.services.runtime import Runtime
from tests.builders import MadeTenant, make_campaign, make_contact, make_list
from tests.delivery.stage import set_stage


@pytest.mark.checklist("Z28")
async def test_everybody_gets_one_mail_and_the_campaign_is_sent(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with set_stage(runtime, tenant, caller, people=1_234) as stage, stage.working():
        await stage.start()
        await stage.until_state("sent", 30)
        assert Counter(stage.sink.recipients) == {f"p{n}@example.org": 1 for n in range(1_234)}
        assert await stage.tally() == {"sent": 1_234}
        assert await stage.counts_add_up()


async def test_an_empty_audience_is_sent_at_once(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with set_stage(runtime, tenant, caller, people=0) as stage:
        await stage.start()
        assert await stage.state() == "sent"


@pytest.mark.checklist("U05")
async def test_two_workers_send_nobody_twice(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with set_stage(runtime, tenant, caller, people=2_500) as stage:
        await stage.start()
        async with stage.working(), stage.working():
            await stage.until_state("sent", 30)
        assert set(Counter(stage.sink.recipients).values()) == {1}
        assert len(stage.sink.recipients) == 2_500
        assert await stage.counts_add_up()


async def test_mails_leave_while_the_audience_is_still_written_down(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with set_stage(runtime, tenant, caller, people=3_000) as stage, stage.working():
        await stage.happens(CampaignEvent.SEND)
        await fan_out.start(stage.runtime, tenant.id, stage.campaign.id)
        assert await fan_out.write_chunk(stage.runtime, tenant.id, stage.campaign.id)
        await stage.until(lambda: len(stage.sink.recipients) >= 100)
        assert await stage.state() == "sending"


@pytest.mark.checklist("Z24")
async def test_pausing_and_canceling_take_effect_within_a_look(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with set_stage(runtime, tenant, caller, people=900, url="?rate=200") as stage:
        await stage.start()
        async with stage.working():
            await stage.until(lambda: len(stage.sink.recipients) >= 20)
            await stage.happens(CampaignEvent.PAUSE)
            await asyncio.sleep(0.3)
            held = len(stage.sink.recipients)
            await asyncio.sleep(0.5)
            assert len(stage.sink.recipients) == held < 200
            await stage.happens(CampaignEvent.RESUME)
            await fan_out.start(stage.runtime, tenant.id, stage.campaign.id)
            await stage.until(lambda: len(stage.sink.recipients) >= held + 20)
            await stage.happens(CampaignEvent.CANCEL)
            await stage.until(stage.is_closed)
            ended = len(stage.sink.recipients)
            await asyncio.sleep(0.3)
        assert len(stage.sink.recipients) == ended
        assert await stage.tally() == {"sent": ended, "canceled": 900 - ended}
        assert set(Counter(stage.sink.recipients).values()) == {1}
        assert await stage.counts_add_up()


@pytest.mark.checklist("OUT-20", "OUT-17", "U06")
async def test_who_unsubscribes_or_is_suppressed_in_mid_send_gets_nothing(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with set_stage(runtime, tenant, caller, people=400, url="?rate=400") as stage:
        await stage.start()
        async with stage.working():
            await stage.until(lambda: len(stage.sink.recipients) >= 10)
            await stage.execute(
                "UPDATE contacts SET consent = 'unsubscribed' WHERE email = 'p399@example.org'"
            )
            await stage.execute(
                "UPDATE list_members SET state = 'unsubscribed' FROM contacts c"
                " WHERE c.id = contact_id AND c.email = 'p398@example.org'"
            )
            await stage.execute(
                "INSERT INTO suppressions (tenant_id, uuid, email_key, reason) SELECT tenant_id,"
                " gen_random_uuid(), email_key, 'manual' FROM contacts"
                " WHERE email = 'p397@example.org'"
            )
            await stage.until_state("sent", 20)
        ledger = await stage.ledger()
        reasons = {
            address: row["reason"] for address, row in ledger.items() if row["state"] == "skipped"
        }
        assert reasons == {
            "p399@example.org": "unsubscribed",
            "p398@example.org": "list_unsubscribed",
            "p397@example.org": "suppressed",
        }
        assert not reasons.keys() & set(stage.sink.recipients)
        assert await stage.counts_add_up()


async def test_consent_is_looked_at_again_when_a_batch_is_taken(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with set_stage(runtime, tenant, caller, people=5) as stage:
        await stage.start()
        await stage.execute(
            "UPDATE contacts SET consent = 'unconfirmed' WHERE email = 'p0@example.org'"
        )
        await stage.execute("DELETE FROM contacts WHERE email = 'p1@example.org'")
        async with stage.working():
            await stage.until_state("sent")
        ledger = await stage.ledger()
        assert ledger["p0@example.org"]["reason"] == "unconfirmed"
        assert ledger["p1@example.org"]["reason"] == "contact_deleted"
        assert await stage.tally() == {"sent": 3, "skipped": 2}


async def test_a_mail_follows_its_contact_to_a_new_address(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with set_stage(runtime, tenant, caller, people=1) as stage:
        await stage.start()
        await stage.execute("UPDATE contacts SET email = 'New@x.org', email_key = 'new@x.org'")
        async with stage.working():
            await stage.until_state("sent")
        assert stage.sink.recipients == ["New@x.org"]
        assert set(await stage.ledger()) == {"New@x.org"}


async def test_a_worker_told_to_stop_finishes_the_mails_in_hand_and_gives_the_batch_back(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with set_stage(runtime, tenant, caller, people=300, url="?connections=2") as stage:
        stage.sink.answer(Phase.END_OF_DATA, "delay 0.05")
        await stage.start()
        async with stage.working() as stop:
            await stage.until(lambda: len(stage.sink.recipients) >= 3)
            stop.set()
        before = list(stage.sink.recipients)
        assert await stage.tally() == {"sent": len(before), "queued": 300 - len(before)}
        assert not any(row["possibly_repeated"] for row in (await stage.ledger()).values())
        stage.sink.answers.clear()
        async with stage.working():
            await stage.until_state("sent")
        assert set(Counter(stage.sink.recipients).values()) == {1}


async def test_a_dead_workers_batch_is_taken_over_and_what_it_had_in_flight_is_marked(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with set_stage(runtime, tenant, caller, people=10) as stage:
        await stage.start()
        first = (await stage.ledger())["p0@example.org"]["id"]
        await stage.execute(
            "UPDATE batches SET state = 'leased', worker = 'dead', fence = 7,"
            f" lease_until = now() + interval '1 second', in_flight = ARRAY[{first}]::bigint[]"
        )
        async with stage.working():
            await asyncio.sleep(0.5)
            assert not stage.sink.recipients
            await stage.until_state("sent")
        ledger = await stage.ledger()
        assert [a for a, row in ledger.items() if row["possibly_repeated"]] == ["p0@example.org"]
        assert await stage.counts_add_up()


async def test_small_campaigns_do_not_wait_for_large_ones(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with set_stage(runtime, tenant, caller, people=1_500) as stage:
        await stage.start()
        small = await make_list(stage.runtime.database, tenant.id)
        await make_contact(stage.runtime.database, tenant.id, "small@x.org", list_id=small.id)
        row = await stage.row()
        other = await make_campaign(
            stage.runtime.database,
            tenant.id,
            sender_id=row["sender_id"],
            list_id=small.id,
            from_name="News",
        )
        quick = replace(stage, campaign=other)
        await quick.start()
        async with stage.working():
            await quick.until_state("sent")
            assert await stage.state() == "sending"


async def test_one_contact_that_cannot_be_written_to_stops_nobody_else(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with set_stage(runtime, tenant, caller, people=5) as stage:
        await stage.execute(
            "UPDATE contacts SET email = 'sp ace@example.org' WHERE email = 'p2@example.org'"
        )
        await stage.start()
        async with stage.working():
            await stage.until_state("sent")
        assert await stage.tally() == {"sent": 4, "failed": 1}
        assert (await stage.ledger())["sp ace@example.org"]["reason"] == "not-sendable"


async def test_a_rate_limit_holds(runtime: Runtime, tenant: MadeTenant, caller: Caller) -> None:
    async with set_stage(runtime, tenant, caller, people=60, url="?rate=50") as stage:
        await stage.start()
        began = time.monotonic()
        async with stage.working():
            await stage.until_state("sent")
        assert time.monotonic() - began > 1.0


async def test_two_workers_share_connections_and_rate(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with set_stage(runtime, tenant, caller, people=2_000, url="?rate=100") as stage:
        await stage.start()
        async with stage.working(), stage.working():
            await stage.until(lambda: len(stage.sink.recipients) >= 50)
            began, before = time.monotonic(), len(stage.sink.recipients)
            await asyncio.sleep(1.5)
            rate = (len(stage.sink.recipients) - before) / (time.monotonic() - began)
        assert 50 < rate < 120


async def test_nothing_is_claimed_while_sending_is_switched_off(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with set_stage(runtime, tenant, caller, people=3) as stage:
        await stage.start()
        await installation.disable_sending(stage.runtime)
        async with stage.working():
            await asyncio.sleep(0.3)
            assert not stage.sink.recipients
            await installation.enable_sending(stage.runtime)
            await stage.until_state("sent")


async def test_every_connection_ends_when_the_database_takes_the_lease_away(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with set_stage(runtime, tenant, caller, people=200, url="?connections=4") as stage:
        stage.sink.answer(Phase.END_OF_DATA, "delay 0.02")
        await stage.start()
        async with stage.working():
            await stage.until(lambda: len(stage.sink.recipients) >= 20)
            await stage.execute(  # as if another worker had it
                "UPDATE batches SET fence = fence + 1, worker = 'other',"
                " lease_until = now() + interval '1 second'"
            )
            await stage.until_state("sent", 30)
        ledger = await stage.ledger()
        repeated = [a for a, n in Counter(stage.sink.recipients).items() if n > 1]
        flagged = {a for a, row in ledger.items() if row["possibly_repeated"]}
        assert set(repeated) <= flagged
        assert len(flagged) <= 4
        assert len(set(stage.sink.recipients)) == 200
        assert await stage.counts_add_up()
