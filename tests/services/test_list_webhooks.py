"""A webhook of one list hears of that list and its people, and of nothing else."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from mailwright.dialects.cakemail.list_shapes import ListWebhook
from mailwright.domain.webhook_event import EventType, WebhookDialect
from mailwright.errors import Forbidden, InvalidInput, NotFound
from mailwright.services import (
    consents,
    contacts,
    list_joining,
    list_settings,
    lists,
    suppressions,
    tags,
    webhook_events,
    webhooks,
)
from mailwright.services.caller import Caller
from mailwright.services.contact_writing import ContactChanges
from mailwright.services.list_joining import Joining
from mailwright.services.list_settings import ListSettings
from mailwright.services.list_webhooks import ListHook
from mailwright.services.paging import Page
from mailwright.services.runtime import Runtime
from mailwright.services.webhook_events import Fact
from mailwright.services.webhooks import NewWebhook
from mailwright.store.database import Database
from tests.builders import MadeTenant, make_campaign, make_contact, make_list, make_tenant
from tests.services.importing import imported
from tests.services.webhook_stage import WebhookStage, open_to_loopback
from tests.wire.http_receiver import receiving


@asynccontextmanager
async def hooked(
    runtime: Runtime, caller: Caller, *actions: str
) -> AsyncGenerator[tuple[WebhookStage, ListSettings]]:
    """A list with a webhook of its own, made as Cakemail's door makes it."""
    runtime = open_to_loopback(runtime)
    async with receiving() as receiver:
        hook = ListWebhook(url=receiver.url, actions=list(actions or ["all"])).ours()
        news = await list_settings.create(runtime, caller, "News", {"webhook": hook})
        [webhook] = (await webhooks.page_webhooks(runtime, caller, Page())).items
        key = await webhooks.get_signing_key(runtime, caller, webhook.uuid)
        yield WebhookStage(runtime, caller, receiver, webhook, key or ""), news


async def heard(stage: WebhookStage) -> list[tuple[str, str]]:
    """Event and address of what came since the last look."""
    await stage.deliver()
    bodies = [json.loads(request.body) for request in stage.receiver.requests]
    stage.receiver.requests.clear()
    return sorted((body["event"], body["data"]["email"]) for body in bodies)


@pytest.mark.checklist("X10")
async def test_a_list_tells_of_who_comes_changes_leaves_and_is_taken_off(
    runtime: Runtime, caller: Caller
) -> None:
    async with hooked(runtime, caller) as (stage, news):
        runtime = stage.runtime
        ada = (await list_joining.join(runtime, caller, news.uuid, Joining("ada@x.com"))).contact
        other = await lists.create_list(runtime, caller, {"name": "Other"})
        await list_joining.join(runtime, caller, other.uuid, Joining("bob@x.com"))
        assert await heard(stage) == [("Contact.Added", "ada@x.com")]
        [request] = (await webhooks.page_webhooks(runtime, caller, Page())).items
        assert request.list_uuid == news.uuid
        changes = ContactChanges(first_name="Ada")
        await contacts.change_contact(runtime, caller, ada.uuid, changes)
        await tags.set_tags(runtime, caller, ada.uuid, ["vip"])  # no action of its own
        assert await heard(stage) == [("Contact.Updated", "ada@x.com")]
        await consents.unsubscribe_contact(runtime, caller, ada.uuid)
        assert await heard(stage) == [("Email.Unsubscribed", "ada@x.com")]
        await consents.resubscribe_contact(runtime, caller, ada.uuid)
        await list_joining.leave(runtime, caller, news.uuid, ada.uuid)
        assert await heard(stage) == [
            ("Email.Unsubscribed", "ada@x.com"),
            ("contact.opted_in", "ada@x.com"),
        ]
        await list_joining.remove(runtime, caller, news.uuid, ada.uuid)
        assert await heard(stage) == [("Contact.Removed", "ada@x.com")]
        await suppressions.add_suppression(runtime, caller, "ada@x.com")
        await imported(runtime, caller, "email\ncy@x.com\n", list_name="Other")
        await imported(runtime, caller, "email\ncy@x.com\ndot@x.com\n", list_name="News")
        assert await heard(stage) == [
            ("Contact.Added", "cy@x.com"),
            ("Contact.Added", "dot@x.com"),
            ("Contact.Updated", "cy@x.com"),
        ]


async def test_bounces_and_complaints_are_those_of_campaigns_to_the_list(
    runtime: Runtime, database: Database, tenant: MadeTenant, caller: Caller
) -> None:
    async with hooked(runtime, caller, "bounce", "spam") as (stage, _):
        async with database.reading() as connection:
            found = await connection.exec_driver_sql("SELECT id FROM lists")
            list_id = found.scalar_one()
        member = await make_contact(database, tenant.id, "ada@x.com", list_id=list_id)
        stranger = await make_contact(database, tenant.id, "eve@x.com")
        ours = await make_campaign(database, tenant.id, list_id=list_id)
        theirs = await make_campaign(database, tenant.id)
        now = stage.runtime.now()
        bounced = Fact(tenant.id, EventType.EMAIL_BOUNCED, now, contact_id=stranger.id)
        facts = [
            replace(bounced, campaign_id=ours.id),
            replace(bounced, campaign_id=theirs.id),
            replace(bounced, type=EventType.EMAIL_COMPLAINED),
            replace(bounced, type=EventType.EMAIL_COMPLAINED, contact_id=member.id),
            replace(bounced, type=EventType.EMAIL_OPENED, campaign_id=ours.id),
        ]
        async with database.transaction() as connection:
            await webhook_events.emit(connection, facts)
        assert await heard(stage) == [
            ("Email.Bounced", "eve@x.com"),
            ("Email.ReportedAsSpam", "ada@x.com"),
        ]


async def test_it_is_changed_with_the_list_and_gone_with_it(
    runtime: Runtime, caller: Caller
) -> None:
    async with hooked(runtime, caller, "subscribe") as (stage, news):
        runtime = stage.runtime
        other = ListWebhook(actions=["delete"]).ours()
        view = await list_settings.change(runtime, caller, news.uuid, {"webhook": other})
        assert view.webhook == {"url": stage.receiver.url, "actions": ["delete"]}
        now = await webhooks.get_webhook(runtime, caller, stage.webhook.uuid)
        assert now.events == ["contact.removed_from_list"]
        await webhooks.delete_webhook(runtime, caller, stage.webhook.uuid)
        assert (await list_settings.get(runtime, caller, news.uuid)).webhook is None
        with pytest.raises(InvalidInput):  # there is no address any more
            await list_settings.change(runtime, caller, news.uuid, {"webhook": other})
        again = ListWebhook(url=stage.receiver.url).ours()
        await list_settings.change(runtime, caller, news.uuid, {"webhook": again})
        view = await list_settings.change(runtime, caller, news.uuid, {"webhook": None})
        assert view.webhook is None
        assert (await webhooks.page_webhooks(runtime, caller, Page())).total == 0
        await list_settings.change(runtime, caller, news.uuid, {"webhook": again})
        [made] = (await webhooks.page_webhooks(runtime, caller, Page())).items
        await lists.delete_list(runtime, caller, news.uuid)
        with pytest.raises(NotFound):
            await webhooks.get_webhook(runtime, caller, made.uuid)


async def test_who_may_not_make_webhooks_gives_a_list_none(
    runtime: Runtime, caller: Caller
) -> None:
    clerk = replace(caller, granted=frozenset({"lists:read", "lists:write"}))
    hook = ListWebhook(url="https://shop.example/hook").ours()
    with pytest.raises(Forbidden):
        await list_settings.create(runtime, clerk, "News", {"webhook": hook})
    private = ListHook("http://127.0.0.1/", [EventType.LIST_UPDATED], {}, WebhookDialect.NATIVE)
    with pytest.raises(InvalidInput) as refusal:
        await list_settings.create(runtime, caller, "News", {"webhook": private})
    assert set(refusal.value.details or {}) == {"webhook.url"}
    assert (await list_settings.page(runtime, caller, Page())).total == 0


async def test_a_webhook_of_a_foreign_list_is_none(
    runtime: Runtime, database: Database, caller: Caller
) -> None:
    other = await make_tenant(database)
    theirs = await make_list(database, other.id)
    new = NewWebhook("https://shop.example/", ["list.updated"], list_uuid=theirs.uuid)
    with pytest.raises(InvalidInput) as refusal:
        await webhooks.create_webhook(runtime, caller, new)
    assert set(refusal.value.details or {}) == {"list_uuid"}
