"""What readers of single mails do: open, click, look in a browser, leave; and who is told."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from mailwright.domain.email_status import EmailStatus
from mailwright.domain.email_stream import Stream
from mailwright.domain.tokens import Tokens
from mailwright.errors import Conflict
from mailwright.services import browser_views, emails, projects, tracking, unsubscribes, webhooks
from mailwright.services.caller import Caller
from mailwright.services.emails import EmailView, NewEmail, email_filter
from mailwright.services.runtime import Runtime
from mailwright.services.tracking import Hit
from mailwright.services.webhooks import NewWebhook
from mailwright.store import tables
from mailwright.store.rows import Row, every
from tests.builders import MadeTenant, make_project
from tests.delivery.single_stage import SingleStage, set_single_stage


async def rows(stage: SingleStage, table: Any) -> list[Row]:
    async with stage.runtime.database.reading() as connection:
        return list(await every(connection, select(table)))


async def sent(stage: SingleStage, **fields: Any) -> tuple[EmailView, int]:
    """A mail that arrived, and its row of the ledger."""
    mail = await stage.submit(**fields)
    await stage.until_status(mail, "delivered")
    return mail, (await stage.ledger())[mail.to]["id"]


@pytest.mark.checklist("E24", "E25", "E26")
async def test_a_mail_goes_from_delivered_to_opened_to_clicked(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with set_single_stage(runtime, tenant, caller) as stage, stage.working():
        mail, message_id = await sent(
            stage,
            html='<a href="https://x.example/a">a</a>',
            track_opens=True,
            track_clicks=True,
            tags=["welcome"],
        )
        html = stage.received(mail.to).get_body(("html",))
        assert html is not None
        assert "/o/" in html.get_content()
        tokens = Tokens(runtime.keys)
        token = html.get_content().partition("/c/")[2].partition('"')[0]
        click = tokens.read_click(token)
        assert click is not None
        assert (click.message.message_id, click.url) == (message_id, "https://x.example/a")
        now = stage.runtime.now()
        opened = Hit(tenant.id, message_id, now, {"verdict": "person"})
        await tracking.record_hits(stage.runtime, [opened])
        assert (await stage.read(mail)).status is EmailStatus.OPENED
        clicked = Hit(tenant.id, message_id, now, {"url": click.url}, link_number=0)
        await tracking.record_hits(stage.runtime, [clicked])
        assert (await stage.read(mail)).status is EmailStatus.CLICKED
        assert await stage.events(mail) == ["submitted", "queued", "sent", "opened", "clicked"]
        logged = [row["kind"] for row in await rows(stage, tables.event_tags) if row["tag"]]
        assert sorted(logged) == ["clicked", "opened", "queued", "sent", "submitted"]
        wanted = email_filter(tag="welcome", status=EmailStatus.CLICKED)
        page = await emails.page_emails(stage.runtime, caller, wanted, per_page=9)
        assert [row.uuid for row in page.items] == [mail.uuid]
        assert await rows(stage, tables.campaign_counters) == []


async def test_links_of_the_text_lead_through_us_only_where_it_was_asked(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    words = {"text": "https://x.example/a", "html": '<a href="https://x.example/a">a</a>'}
    async with set_single_stage(runtime, tenant, caller) as stage, stage.working():
        for number, tracked in enumerate([(True, False), (False, True)]):
            html, text = tracked
            to = f"reader{number}@example.org"
            await sent(stage, to=to, track_clicks=html, track_text_clicks=text, **words)
            for kind, is_tracked in (("html", html), ("plain", text)):
                part = stage.received(to).get_body((kind,))
                assert part is not None
                assert ("/c/" in part.get_content()) == is_tracked, (kind, tracked)


async def test_a_mail_is_a_page_in_a_browser_untracked(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with set_single_stage(runtime, tenant, caller) as stage, stage.working():
        mail, _ = await sent(
            stage,
            html='<p>Order {{ n }}</p><a href="{{ viewInBrowserUrl }}">Look</a>',
            data={"n": 7},
            track_opens=True,
        )
        html = stage.received(mail.to).get_body(("html",))
        assert html is not None
        token = html.get_content().partition("/v/")[2].partition('"')[0]
        link = Tokens(runtime.keys).read_view(token)
        assert link is not None
        page = await browser_views.render_view(stage.runtime, link)
        assert page is not None
        assert "Order 7" in page
        assert "/o/" not in page


@pytest.mark.checklist("E15")
async def test_leaving_by_a_single_mail_leaves_its_list_and_all_marketing(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with set_single_stage(runtime, tenant, caller) as stage, stage.working():
        mail, _ = await sent(stage, stream=Stream.MARKETING, list=stage.list_id)
        header = stage.received(mail.to)["List-Unsubscribe"]
        link = Tokens(runtime.keys).read_unsubscribe(header.strip("<>").rpartition("/")[2])
        assert link is not None
        await unsubscribes.unsubscribe(stage.runtime, link, source="one_click")
        [member] = await rows(stage, tables.list_members)
        assert member["state"] == "unsubscribed"
        assert (await stage.read(mail)).unsubscribed_at is not None
        assert (await stage.events(mail))[-1] == "unsubscribed"
        with pytest.raises(Exception, match="unsubscribed"):
            await stage.submit(stream=Stream.MARKETING, list=stage.list_id)
        await stage.submit(subject="Your receipt")


async def test_webhooks_are_told_which_single_mail_it_was(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with set_single_stage(runtime, tenant, caller) as stage, stage.working():
        hook = NewWebhook("https://shop.example/", ["email.delivered", "email.opened"])
        await webhooks.create_webhook(stage.runtime, caller, hook)
        mail, message_id = await sent(stage, tags=["receipt"], metadata={"order": "7"})
        opened = Hit(tenant.id, message_id, stage.runtime.now(), {"verdict": "person"})
        await tracking.record_hits(stage.runtime, [opened])
        told = {row["type"]: row["payload"] for row in await rows(stage, tables.webhook_deliveries)}
        assert set(told) == {"email.delivered", "email.opened"}
        for payload in told.values():
            assert payload["email_uuid"] == str(mail.uuid)
            assert (payload["tags"], payload["metadata"]) == (["receipt"], {"order": "7"})
            assert "campaign_uuid" not in payload


async def test_a_project_with_mails_that_wait_is_not_deleted(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with set_single_stage(runtime, tenant, caller) as stage:
        made = await make_project(runtime.database, tenant.id)
        mail = await emails.submit(
            stage.runtime,
            caller,
            NewEmail("ada@example.org", subject="Hello", text="Hello.", project=made.uuid),
        )
        with pytest.raises(Conflict) as refused:
            await projects.delete_project(stage.runtime, caller, made.uuid)
        assert refused.value.code == "PROJECT_IN_USE"
        await emails.cancel_email(stage.runtime, caller, mail.uuid)
        await projects.delete_project(stage.runtime, caller, made.uuid)
        assert (await stage.read(mail)).project_uuid is None
