"""Leaving and coming back by the link in a mail."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

import pytest
from sqlalchemy import insert, select, update

from mailwright.domain.email_stream import Stream
from mailwright.domain.tokens import MessageRef, Unsubscribe
from mailwright.domain.webhook_event import EventType
from mailwright.errors import InvalidInput
from mailwright.services import webhooks
from mailwright.services.caller import Caller
from mailwright.services.emails import NewEmail, submit
from mailwright.services.runtime import Runtime
from mailwright.services.unsubscribes import Standing, get_subscription, resubscribe, unsubscribe
from mailwright.services.webhooks import NewWebhook
from mailwright.store import audiences, tables
from mailwright.store.audiences import Audience
from mailwright.store.database import Database
from tests.builders import (
    MadeTenant,
    make_campaign,
    make_contact,
    make_list,
    make_message,
    make_sender,
)


@pytest.fixture
async def link(database: Database, tenant: MadeTenant) -> Unsubscribe:
    """Somebody on a list, and the link in the mail they got."""
    made_list = await make_list(database, tenant.id)
    contact = await make_contact(database, tenant.id, list_id=made_list.id)
    campaign = await make_campaign(database, tenant.id, list_id=made_list.id)
    message = await make_message(
        database, tenant.id, campaign_id=campaign.id, contact_id=contact.id, state="sent"
    )
    return Unsubscribe(MessageRef(tenant.id, message), contact.id, campaign.id)


async def counted(database: Database) -> int | None:
    async with database.reading() as connection:
        return await connection.scalar(select(tables.campaign_counters.c.unsubscribed))


@pytest.mark.checklist("OUT-20", "U12")
async def test_the_engines_next_look_skips_them_well_within_a_second(
    runtime: Runtime, database: Database, link: Unsubscribe
) -> None:
    tenant_id = link.message.tenant_id
    started = time.monotonic()
    await unsubscribe(runtime, link, source="one_click")
    everybody = Audience(None, None, None)
    async with database.reading() as connection:
        reason = await connection.scalar(
            select(audiences.skip_reason(tenant_id, everybody)).where(
                tables.contacts.c.id == link.contact_id
            )
        )
    assert reason == "unsubscribed"
    assert time.monotonic() - started < 1


async def test_everything_it_means_is_written_at_once(
    runtime: Runtime, database: Database, link: Unsubscribe
) -> None:
    view = await unsubscribe(runtime, link, source="page")
    assert (view.standing, view.can_return) == (Standing.UNSUBSCRIBED, True)
    async with database.reading() as connection:
        contact = (await connection.execute(select(tables.contacts))).one()
        member = (await connection.execute(select(tables.list_members))).one()
        message = (await connection.execute(select(tables.messages))).one()
        consent = (await connection.execute(select(tables.consents))).one()
        event = (await connection.execute(select(tables.events))).one()
    assert contact.consent == "unsubscribed"
    assert contact.unsubscribed_at == message.unsubscribed_at == member.left_at == runtime.now()
    assert member.state == "unsubscribed"
    assert (consent.consent, consent.source, consent.door) == ("unsubscribed", "page", "public")
    assert (event.kind, event.campaign_id) == ("unsubscribed", link.campaign_id)
    assert await counted(database) == 1


async def test_doing_it_many_times_at_once_counts_once(
    runtime: Runtime, database: Database, link: Unsubscribe
) -> None:
    await asyncio.gather(*(unsubscribe(runtime, link, source="one_click") for _ in range(8)))
    assert await counted(database) == 1
    async with database.reading() as connection:
        assert len((await connection.execute(select(tables.consents))).all()) == 1


async def test_coming_back_undoes_the_count_and_leaving_again_counts_again(
    runtime: Runtime, database: Database, link: Unsubscribe
) -> None:
    await unsubscribe(runtime, link, source="page")
    view = await resubscribe(runtime, link)
    assert view.standing is Standing.SUBSCRIBED
    assert await counted(database) == 0
    await unsubscribe(runtime, link, source="page")
    assert await counted(database) == 1
    async with database.reading() as connection:
        history = await connection.scalars(
            select(tables.consents.c.consent).order_by(tables.consents.c.id)
        )
        assert list(history) == ["unsubscribed", "subscribed", "unsubscribed"]


async def test_a_link_undoes_only_what_it_did(
    runtime: Runtime, database: Database, link: Unsubscribe
) -> None:
    async with database.transaction() as connection:
        await connection.execute(update(tables.contacts).values(consent="unsubscribed"))
    view = await resubscribe(runtime, link)
    assert (view.standing, view.can_return) == (Standing.UNSUBSCRIBED, False)


async def test_looking_changes_nothing(
    runtime: Runtime, database: Database, link: Unsubscribe
) -> None:
    assert (await get_subscription(runtime, link)).standing is Standing.SUBSCRIBED
    assert await counted(database) is None


async def test_a_deleted_contact_and_a_test_mail_change_nothing(
    runtime: Runtime, database: Database, link: Unsubscribe
) -> None:
    gone = Unsubscribe(link.message, 10**9, link.campaign_id)
    test = Unsubscribe(MessageRef(link.message.tenant_id, 0), link.contact_id, link.campaign_id)
    for nobody, standing in ((gone, Standing.GONE), (test, Standing.TEST)):
        assert (await unsubscribe(runtime, nobody, source="page")).standing is standing
        assert (await resubscribe(runtime, nobody)).standing is standing
    assert await counted(database) is None


async def test_another_list_of_the_contact_is_left_alone(
    runtime: Runtime, database: Database, link: Unsubscribe
) -> None:
    tenant_id = link.message.tenant_id
    other = await make_list(database, tenant_id)
    async with database.transaction() as connection:
        await connection.execute(
            insert(tables.list_members).values(
                tenant_id=tenant_id, list_id=other.id, contact_id=link.contact_id
            )
        )
    await unsubscribe(runtime, link, source="page")
    async with database.reading() as connection:
        state = await connection.scalar(
            select(tables.list_members.c.state).where(tables.list_members.c.list_id == other.id)
        )
    assert state == "subscribed"


@pytest.mark.checklist("X11", "OUT-18")
async def test_a_stranger_leaves_by_the_link_of_a_single_mail_and_comes_back(
    runtime: Runtime, database: Database, tenant: MadeTenant, caller: Caller
) -> None:
    hook = NewWebhook("https://shop.example/hooks", [EventType.CONTACT_UNSUBSCRIBED])
    await webhooks.create_webhook(runtime, caller, hook)
    await make_sender(database, tenant.id)
    receipt = NewEmail("Eve@example.org", subject="Receipt", text="{{ unsubscribeUrl }}")
    await submit(runtime, caller, receipt)
    async with database.reading() as connection:
        message_id = (await connection.execute(select(tables.messages.c.id))).scalar_one()
    link = Unsubscribe(MessageRef(tenant.id, message_id), 0, 0)
    assert (await get_subscription(runtime, link)).standing is Standing.SUBSCRIBED
    views = await asyncio.gather(
        *(unsubscribe(runtime, link, source="one_click") for _ in range(4))
    )
    assert {(view.standing, view.email, view.can_return) for view in views} == {
        (Standing.UNSUBSCRIBED, "Eve@example.org", True)
    }
    async with database.reading() as connection:
        [suppression] = (await connection.execute(select(tables.suppressions))).all()
        told = (await connection.execute(select(tables.webhook_deliveries.c.payload))).scalars()
        assert [payload["email"] for payload in told] == ["Eve@example.org"]
    assert (suppression.email_key, suppression.scope) == ("eve@example.org", "marketing")
    assert suppression.reason == "unsubscribe"
    await submit(runtime, caller, receipt)  # a receipt still goes out
    with pytest.raises(InvalidInput, match="suppressed"):
        await submit(runtime, caller, replace(receipt, stream=Stream.MARKETING))
    assert (await resubscribe(runtime, link)).standing is Standing.SUBSCRIBED
    async with database.reading() as connection:
        assert (await connection.execute(select(tables.suppressions))).all() == []


async def test_a_stranger_who_became_a_contact_leaves_as_one(
    runtime: Runtime, database: Database, tenant: MadeTenant
) -> None:
    message = await make_message(database, tenant.id, email="Eve@example.org", state="sent")
    await make_contact(database, tenant.id, "eve@example.org")
    link = Unsubscribe(MessageRef(tenant.id, message), 0, 0)
    view = await unsubscribe(runtime, link, source="page")
    assert (view.standing, view.email) == (Standing.UNSUBSCRIBED, "eve@example.org")
    async with database.reading() as connection:
        assert (await connection.execute(select(tables.contacts.c.consent))).scalars().all() == [
            "unsubscribed"
        ]
        assert (await connection.execute(select(tables.suppressions))).all() == []
