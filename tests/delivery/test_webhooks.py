"""What the engine tells webhooks: in one statement with the outcome, and only who listens."""

from __future__ import annotations

from collections import Counter

import pytest
from sqlalchemy import func, select

from mailwright.delivery import finish
from mailwright.domain.campaign_lifecycle import CampaignEvent
from mailwright.domain.smtp_verdict import Phase
from mailwright.domain.webhook_event import EventType
from mailwright.services import webhooks
from mailwright.services.caller import Caller
from mailwright.services.runtime import Runtime
from mailwright.store.rows import Row, every
from mailwright.store.tables import contacts, webhook_deliveries
from tests.builders import MadeTenant, make_tenant
from tests.delivery.stage import Stage, set_stage
from tests.services.webhook_stage import webhook_stage

_EMAIL = (
    EventType.EMAIL_SENT,
    EventType.EMAIL_DELIVERED,
    EventType.EMAIL_BOUNCED,
    EventType.EMAIL_FAILED,
)


async def _send(stage: Stage) -> None:
    await stage.start()
    async with stage.working():
        await stage.until_state("sent")


async def test_every_outcome_is_told_once_with_who_and_why(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with (
        webhook_stage(runtime, caller) as hook,
        set_stage(runtime, tenant, caller, people=60) as stage,
    ):
        stage.sink.answer(Phase.RCPT, "550 5.1.1 no such user", recipient="p1@*")
        stage.sink.answer(Phase.RCPT, "451 4.7.1 later", recipient="p2@*")
        await _send(stage)
        rows = await hook.deliveries()
        told = Counter(row["type"] for row in rows)
        assert told == {
            "email.sent": 58,
            "email.delivered": 58,
            "email.bounced": 1,
            "suppression.added": 1,
            "campaign.sent": 1,
        }
        sent = {row["payload"]["email"] for row in rows if row["type"] == "email.sent"}
        assert sent == set(stage.sink.recipients)
        [bounced] = [row["payload"] for row in rows if row["type"] == "email.bounced"]
        ledger = (await stage.ledger())["p1@example.org"]
        assert bounced == {
            "message_id": ledger["id"],
            "email": "p1@example.org",
            "contact_uuid": str(await _contact_uuid(stage, ledger)),
            "campaign_uuid": str(stage.campaign.uuid),
            "campaign_name": (await stage.row())["name"],
            "reason": ledger["reason"],
            "reply": "550 5.1.1 no such user",
        }
        [left] = [row["payload"] for row in rows if row["type"] == "suppression.added"]
        assert (left["email"], left["reason"]) == ("p1@example.org", "bounce")
        [done] = [row["payload"] for row in rows if row["type"] == "campaign.sent"]
        assert (done["campaign_uuid"], done["status"]) == (str(stage.campaign.uuid), "sent")
        assert len({row["event_uuid"] for row in rows}) == len(rows)
        assert await stage.counts_add_up()


async def _contact_uuid(stage: Stage, message: Row) -> object:
    async with stage.runtime.database.reading() as connection:
        found = select(contacts.c.uuid).where(contacts.c.id == message["contact_id"])
        return (await every(connection, found))[0]["uuid"]


async def test_each_endpoint_gets_what_it_chose_and_nobody_elses(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    other = await make_tenant(runtime.database)
    stranger = Caller(other.id, caller.actor, caller.door, caller.granted)
    async with (
        webhook_stage(runtime, caller, EventType.EMAIL_SENT) as sent,
        webhook_stage(runtime, caller, EventType.EMAIL_SENT, EventType.EMAIL_DELIVERED) as both,
        webhook_stage(runtime, caller) as disabled,
        webhook_stage(runtime, stranger) as foreign,
        set_stage(runtime, tenant, caller, people=3) as stage,
    ):
        await webhooks.change_webhook(runtime, caller, disabled.webhook.uuid, {"enabled": False})
        await _send(stage)
        assert [row["type"] for row in await sent.deliveries()] == ["email.sent"] * 3
        assert len(await both.deliveries()) == 6
        assert await disabled.deliveries() == await foreign.deliveries() == []
        shared = {row["event_uuid"] for row in await sent.deliveries()}
        assert shared < {row["event_uuid"] for row in await both.deliveries()}


async def test_who_begins_to_listen_in_mid_campaign_hears_the_rest(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with set_stage(runtime, tenant, caller, people=40, url="?connections=1") as stage:
        stage.sink.answer(Phase.END_OF_DATA, "delay 0.01")
        await stage.start()
        async with stage.working():
            await stage.until(lambda: len(stage.sink.recipients) >= 5)
            async with webhook_stage(runtime, caller, EventType.EMAIL_SENT) as hook:
                heard_from = len(stage.sink.recipients)
                await stage.until_state("sent")
                heard = {row["payload"]["email"] for row in await hook.deliveries()}
        assert set(stage.sink.recipients[heard_from:]) <= heard
        assert len(heard) < 40


async def test_deleting_the_endpoint_does_not_disturb_the_engine(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with (
        webhook_stage(runtime, caller) as hook,
        set_stage(runtime, tenant, caller, people=40, url="?connections=1") as stage,
    ):
        stage.sink.answer(Phase.END_OF_DATA, "delay 0.01")
        await stage.start()
        async with stage.working():
            await stage.until(lambda: len(stage.sink.recipients) >= 5)
            await webhooks.delete_webhook(runtime, caller, hook.webhook.uuid)
            await stage.until_state("sent")
        assert await stage.tally() == {"sent": 40}
        assert len(stage.sink.recipients) == 40


async def test_a_canceled_campaigns_unknown_outcome_is_told_as_failed(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with (
        webhook_stage(runtime, caller, *_EMAIL) as hook,
        set_stage(runtime, tenant, caller, people=2) as stage,
    ):
        await stage.start()
        await stage.execute(
            "UPDATE batches SET state = 'leased', lease_until = now() - interval '1 second',"
            " in_flight = ARRAY[first_message_id]"
        )
        await stage.happens(CampaignEvent.CANCEL)
        await finish.close_chunk(stage.runtime, stage.tenant.id, stage.campaign.id)
        assert await stage.tally() == {"failed": 1, "canceled": 1}
        [row] = await hook.deliveries()
        assert (row["type"], row["payload"]["reason"]) == ("email.failed", "outcome_unknown")


@pytest.mark.parametrize("listening", [False, True])
async def test_where_nobody_chose_an_outcome_nothing_is_written(
    runtime: Runtime, tenant: MadeTenant, caller: Caller, listening: bool
) -> None:
    async with (
        webhook_stage(runtime, caller, EventType.CONTACT_UNSUBSCRIBED) as hook,
        set_stage(runtime, tenant, caller, people=3) as stage,
    ):
        if not listening:
            await webhooks.delete_webhook(runtime, caller, hook.webhook.uuid)
        await _send(stage)
        async with runtime.database.reading() as connection:
            count = select(func.count()).select_from(webhook_deliveries)
            assert (await connection.execute(count)).scalar_one() == 0
