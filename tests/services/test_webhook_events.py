"""What is told: with its cause or not at all, to whoever chose it."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from mailwright.domain.campaign_lifecycle import CampaignEvent
from mailwright.domain.tokens import MessageRef, Unsubscribe
from mailwright.domain.webhook_event import EventType
from mailwright.services import campaign_transitions, webhook_events
from mailwright.services.caller import Caller
from mailwright.services.consents import resubscribe_contact, unsubscribe_contact
from mailwright.services.contact_bulk import BulkContact, upsert_contacts
from mailwright.services.runtime import Runtime
from mailwright.services.tracking import Hit, record_hits
from mailwright.services.unsubscribes import resubscribe, unsubscribe
from mailwright.services.webhook_events import Fact
from mailwright.store.database import Database
from mailwright.store.tables import contacts
from tests.builders import MadeTenant, make_campaign, make_contact, make_message, make_tenant
from tests.services.webhook_stage import webhook_stage


async def _mailed(database: Database, tenant: MadeTenant) -> Unsubscribe:
    contact = await make_contact(database, tenant.id, "ada@example.org")
    campaign = await make_campaign(database, tenant.id, name="March")
    message = await make_message(
        database,
        tenant.id,
        email="ada@example.org",
        campaign_id=campaign.id,
        contact_id=contact.id,
        state="sent",
    )
    return Unsubscribe(MessageRef(tenant.id, message), contact.id, campaign.id)


@pytest.mark.checklist("M51")
async def test_an_unsubscribe_is_told_to_the_tenants_system(
    runtime: Runtime, database: Database, tenant: MadeTenant, caller: Caller
) -> None:
    async with webhook_stage(runtime, caller, EventType.CONTACT_UNSUBSCRIBED) as stage:
        link = await _mailed(database, tenant)
        await unsubscribe(stage.runtime, link, source="one_click")
        await unsubscribe(stage.runtime, link, source="one_click")  # a second time is none
        await stage.deliver()
        [body] = stage.told()
        async with database.reading() as connection:
            contact_uuid = await connection.scalar(select(contacts.c.uuid))
        data = body["data"]
        assert body["type"] == "contact.unsubscribed"
        assert (data["email"], data["contact_uuid"]) == ("ada@example.org", str(contact_uuid))
        assert (data["campaign_name"], data["source"]) == ("March", "one_click")


@pytest.mark.checklist("M51")
async def test_leaving_again_after_coming_back_is_told_again(
    runtime: Runtime, database: Database, tenant: MadeTenant, caller: Caller
) -> None:
    async with webhook_stage(runtime, caller, EventType.CONTACT_UNSUBSCRIBED) as stage:
        link = await _mailed(database, tenant)
        await unsubscribe(stage.runtime, link, source="page")
        await resubscribe(stage.runtime, link)
        await unsubscribe(stage.runtime, link, source="page")
        assert [row["type"] for row in await stage.deliveries()] == ["contact.unsubscribed"] * 2


@pytest.mark.checklist("M51")
async def test_who_is_unsubscribed_by_the_tenant_is_told_too(
    runtime: Runtime, database: Database, tenant: MadeTenant, caller: Caller
) -> None:
    async with webhook_stage(runtime, caller, EventType.CONTACT_UNSUBSCRIBED) as stage:
        contact = await make_contact(database, tenant.id)
        await unsubscribe_contact(stage.runtime, caller, contact.uuid)
        await unsubscribe_contact(stage.runtime, caller, contact.uuid)
        await resubscribe_contact(stage.runtime, caller, contact.uuid)
        [row] = await stage.deliveries()
        assert row["payload"]["contact_uuid"] == str(contact.uuid)
        assert row["payload"]["source"] == "api"


@pytest.mark.checklist("M51")
async def test_who_is_unsubscribed_among_many_is_told_and_who_never_was_in_is_not(
    runtime: Runtime, database: Database, tenant: MadeTenant, caller: Caller
) -> None:
    async with webhook_stage(runtime, caller, EventType.CONTACT_UNSUBSCRIBED) as stage:
        contact = await make_contact(database, tenant.id, "ada@example.org")
        rows = [
            BulkContact(0, "ada@example.org", {}, "unsubscribed"),
            BulkContact(1, "new@example.org", {}, "unsubscribed"),
            BulkContact(2, "bob@example.org", {}, "subscribed"),
        ]
        for _ in range(2):
            await upsert_contacts(stage.runtime, caller, rows, source="shop")
        [row] = await stage.deliveries()
        assert row["payload"]["contact_uuid"] == str(contact.uuid)
        assert row["payload"]["source"] == "shop"


async def test_opens_and_clicks_are_told_with_the_implied_open(
    runtime: Runtime, database: Database, tenant: MadeTenant, caller: Caller
) -> None:
    other = await make_tenant(database)
    async with webhook_stage(runtime, caller) as stage:
        ref = (await _mailed(database, tenant)).message
        theirs = (await _mailed(database, other)).message
        data = {"agent": "Mozilla/5.0 (X11)", "verdict": "human"}
        click = data | {"url": "https://example.org/"}
        at = stage.runtime.now()
        hits = [
            Hit(ref.tenant_id, ref.message_id, at, click, link_number=2),
            Hit(ref.tenant_id, ref.message_id, at, data),
            Hit(theirs.tenant_id, theirs.message_id, at, data),
            Hit(ref.tenant_id, 10**9, at, data),
        ]
        await record_hits(stage.runtime, hits)
        rows = await stage.deliveries()
        assert [row["type"] for row in rows] == ["email.opened", "email.clicked", "email.opened"]
        clicked = rows[1]["payload"]
        assert (clicked["url"], clicked["link"]) == ("https://example.org/", 2)
        assert (clicked["verdict"], clicked["email"]) == ("human", "ada@example.org")
        assert rows[0]["payload"]["implied_by"] == "click"


async def test_a_paused_and_a_failed_campaign_are_told_with_their_reason(
    runtime: Runtime, database: Database, tenant: MadeTenant, caller: Caller
) -> None:
    campaign = await make_campaign(database, tenant.id, state="queued")
    async with webhook_stage(runtime, caller) as stage:
        for event, reason in (
            (CampaignEvent.PAUSE, "a wave of bounces"),
            (CampaignEvent.RESUME, None),
            (CampaignEvent.FAIL, "the transport is away"),
        ):
            async with database.transaction() as connection:
                await campaign_transitions.apply(
                    connection, runtime, caller, campaign.id, event, reason=reason
                )
        told = [(row["type"], row["payload"]["reason"]) for row in await stage.deliveries()]
        assert told == [
            ("campaign.paused", "a wave of bounces"),
            ("campaign.resumed", None),
            ("campaign.failed", "the transport is away"),
        ]


async def test_what_is_rolled_back_is_not_told(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    fact = Fact(tenant.id, EventType.CONTACT_UNSUBSCRIBED, runtime.now())

    async def change_your_mind() -> None:
        async with runtime.database.transaction() as connection:
            await webhook_events.emit(connection, [fact])
            raise InterruptedError

    async with webhook_stage(runtime, caller) as stage:
        with pytest.raises(InterruptedError):
            await change_your_mind()
        assert await stage.deliveries() == []


async def test_for_whoever_has_no_webhook_no_job_is_made(
    runtime: Runtime, database: Database, tenant: MadeTenant
) -> None:
    await unsubscribe(runtime, await _mailed(database, tenant), source="page")
    async with database.raw() as connection:
        assert await connection.fetchval("SELECT count(*) FROM jobs.pgqueuer") == 0
        assert await connection.fetchval("SELECT count(*) FROM webhook_deliveries") == 0
