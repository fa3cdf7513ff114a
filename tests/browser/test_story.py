"""The whole way of a campaign through the dashboard, as a person goes it."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Page, expect
from sqlalchemy import select

from mailwright.domain.tokens import Tokens
from mailwright.services import inbox
from mailwright.store import tables
from mailwright.wire.smtp_listener import CapturedMail
from tests.browser.installation import Installation
from tests.builders import MadeTenant, make_contact, make_list

BODY = """# Spring, {{ contact.first_name | default: "friend" }}

[Read more](https://example.com/spring)
"""
RECIPIENTS = 30


@pytest.fixture
async def people(installation: Installation, tenant: MadeTenant) -> None:
    """A list to write to."""
    database = installation.runtime.database
    made = await make_list(database, tenant.id, "Newsletter")
    for number in range(RECIPIENTS):
        await make_contact(
            database, tenant.id, f"r{number}@example.com", list_id=made.id, first_name="Zoë"
        )


@pytest.mark.checklist("Z47")
async def test_a_campaign_is_written_tested_seen_and_sent(
    page: Page, installation: Installation, people: None
) -> None:
    await add_sender(page)
    await write(page)
    await try_it(page)
    await send(page)
    await read_in_the_inbox(page)
    async with installation.runtime.database.reading() as connection:
        states = await connection.scalars(select(tables.messages.c.state))
        assert list(states) == ["sent"] * RECIPIENTS


async def add_sender(page: Page) -> None:
    await page.click("text=Add a sender")
    await page.fill("#name", "Ada from Acme")
    await page.fill("#email", "news@acme.example")
    await page.click("text=Add sender")
    await expect(page.locator(".flash")).to_contain_text("is ready")


async def write(page: Page) -> None:
    await page.goto("/campaigns/new")
    await page.fill("#name", "Spring news")
    await page.fill("#subject", "Spring is here")
    await page.fill("#from_name", "Ada")
    await page.select_option("#from_identity", index=1)
    await page.select_option("#list_uuid", index=1)
    await page.click(".modes >> text=Markdown")
    await page.fill("#content", BODY)
    live = page.frame_locator("iframe[name=preview]")
    await expect(live.locator("h1")).to_have_text("Spring, Ada")
    await expect(page.locator("[data-mirror=subject]")).to_have_text("Spring is here")
    await page.click("text=Save draft")
    await expect(page.get_by_role("heading", name="Spring news")).to_be_visible()
    await expect(page.locator("#ready")).to_have_text("Ready to send")


async def try_it(page: Page) -> None:
    campaign = page.url
    await page.fill("#test-email", "me@example.com")
    await page.click("text=Send test")
    await expect(page.locator(".flash")).to_contain_text("Test sent to me@example.com")
    await page.goto("/inbox")
    await page.click(".rows a")
    await expect(page.locator(".letter")).to_contain_text("A test mail")
    mail = page.frame_locator("iframe.paper")
    await expect(mail.locator("h1")).to_contain_text("Spring,")
    await page.goto(campaign)


async def send(page: Page) -> None:
    page.on("dialog", lambda dialog: asyncio.ensure_future(dialog.accept()))
    await page.click("text=Send now")
    await expect(page.locator("h1 .badge")).to_have_text("sent", timeout=20_000)
    await expect(page.locator("#figures")).to_contain_text("100 %")
    await page.fill("#recipients input[type=search]", "r7@example.com")
    await page.press("#recipients input[type=search]", "Enter")
    await expect(page.locator("#recipients tbody tr")).to_have_count(1)


async def read_in_the_inbox(page: Page) -> None:
    await page.goto("/inbox?search=r7@example.com")
    await page.keyboard.press("j")
    await expect(page.locator(".letter h2")).to_have_text("Spring is here")
    await page.click(".tabs >> text=Headers")
    await expect(page.locator(".headers")).to_contain_text("List-Unsubscribe-Post")
    await page.click(".letter >> text=Spring news")
    await expect(page.get_by_role("heading", name="Spring news")).to_be_visible()


async def test_progress_moves_by_itself_while_it_is_sent(
    page: Page, installation: Installation, people: None
) -> None:
    await add_sender(page)
    await write(page)
    async with installation.runtime.database.transaction() as connection:
        await connection.execute(tables.campaigns.update().values(name="Watched"))
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("dialog", lambda dialog: asyncio.ensure_future(dialog.accept()))
    await page.click("text=Send now")
    await expect(page.locator("h1 .badge")).to_have_text("sent", timeout=20_000)
    assert any("/progress?status=" in url for url in requests)


async def test_new_mail_appears_by_itself_and_the_open_one_stays_open(
    page: Page, installation: Installation, tenant: MadeTenant
) -> None:
    sender = Tokens(installation.runtime.keys).return_path(tenant.id, 0) + "@example.com"

    async def deliver(subject: str) -> None:
        raw = f"Subject: {subject}\r\n\r\nHi".encode()
        mail = CapturedMail(sender, ("a@example.com",), raw, "", "", None)
        await inbox.capture(installation.runtime, mail)

    await deliver("First")
    await page.goto("/inbox")
    await page.click(".rows a")
    await expect(page.locator(".letter h2")).to_have_text("First")
    await expect(page.locator("#unseen")).to_be_visible()
    await deliver("Second")
    await expect(page.locator(".rows a")).to_have_count(2, timeout=10_000)
    await expect(page.locator(".rows a[aria-current]")).to_contain_text("First")
    await expect(page.locator("#unseen")).to_have_text("1")
    for time in await page.locator("time").all_text_contents():
        assert "UTC" not in time
