"""The unsubscribe page in a browser that runs scripts and follows everything."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, expect
from sqlalchemy import select

from mailwright.domain.tokens import Tokens
from mailwright.store import tables
from tests.browser.installation import Installation
from tests.builders import MadeTenant, make_campaign, make_contact, make_message


@pytest.mark.checklist("SEC-09")
async def test_looking_changes_nothing_and_people_can_leave_and_come_back(
    chromium: Browser, installation: Installation, tenant: MadeTenant
) -> None:
    database = installation.runtime.database
    contact = await make_contact(database, tenant.id, "ada@example.com")
    campaign = await make_campaign(database, tenant.id)
    message = await make_message(
        database, tenant.id, campaign_id=campaign.id, contact_id=contact.id, state="sent"
    )
    token = Tokens(installation.runtime.keys).unsubscribe(
        tenant.id, message, contact_id=contact.id, campaign_id=campaign.id
    )

    async def consent() -> str | None:
        async with database.reading() as connection:
            return await connection.scalar(select(tables.contacts.c.consent))

    context = await chromium.new_context(base_url=installation.url, locale="es-ES")
    page = await context.new_page()
    for _ in range(5):
        await page.goto(f"/u/{token}", wait_until="networkidle")
    assert await consent() == "subscribed"
    await expect(page.locator("h1")).to_have_text("¿Darse de baja?")
    await page.click("button")
    await expect(page.locator("h1")).to_have_text("Se ha dado de baja")
    assert await consent() == "unsubscribed"
    await page.click("button")
    await expect(page.locator("h1")).to_have_text("Bienvenido de nuevo")
    assert await consent() == "subscribed"
    assert await page.evaluate("getComputedStyle(document.body).display") == "grid"
    await context.close()
