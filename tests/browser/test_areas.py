"""The way through each area of the dashboard, as a person goes it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import Dialog, Page, expect

from tests.browser.installation import Installation
from tests.builders import MadeTenant, make_campaign, make_contact, make_list, make_sender

CSV = "Email,First name,Plan\nada@example.com,Ada,pro\nalan@example.com,Alan,free\n"


@pytest.fixture
def agreeing(page: Page) -> None:
    """Every question is answered with yes."""
    page.on("dialog", lambda dialog: asyncio.ensure_future(dialog.accept()))


async def test_a_template_is_written_translated_and_chosen_for_a_campaign(
    page: Page, agreeing: None, installation: Installation, tenant: MadeTenant
) -> None:
    database = installation.runtime.database
    await make_sender(database, tenant.id)
    made = await make_list(database, tenant.id, "Readers")
    for locale in ("en", "es", "fr"):
        await make_contact(database, tenant.id, list_id=made.id, locale=locale)
    await page.goto("/templates/new")
    await page.fill("#name", "Welcome")
    await page.click("text=Write it")
    await page.fill("#subject", "Hello")
    await page.click(".modes >> text=Markdown")
    await page.fill("#content", "# Hello {{ code }}")
    live = page.frame_locator("iframe[name=preview]")
    await expect(live.locator("h1")).to_have_text("Hello [code]")
    await page.click("text=Save and publish")
    await expect(page.locator("h1 .badge")).to_have_text("published")
    await page.fill("input[name=locale]", "es")
    await page.click("text=Add language")
    await page.fill("#subject", "Hola")
    await page.click("text=Save and publish")
    await expect(page.locator("h1 .badge")).to_have_text("published")
    await page.goto("/campaigns/new")
    await page.fill("#name", "Greeting")
    await page.select_option("#list_uuid", label="Readers (3)")
    await expect(page.locator("#audience-count")).to_contain_text("3 people")
    await page.select_option("#template_version_uuid", index=1)
    await expect(page.locator(".of-own")).to_be_hidden()
    await expect(live.locator("h1")).to_have_text("Hello")
    await page.click("text=Save draft")
    coverage = page.locator("[aria-labelledby=coverage] tbody")
    await expect(coverage.locator("tr")).to_have_count(3)
    await expect(coverage).to_contain_text("French")
    await expect(coverage.locator(".badge", has_text="fallback")).to_have_count(1)


async def test_a_file_is_imported_and_its_people_are_found_by_a_segment(
    page: Page, agreeing: None, tmp_path: Path
) -> None:
    file = tmp_path / "people.csv"
    file.write_text(CSV)
    await page.goto("/imports/new")
    await page.set_input_files("#file", file)
    await page.fill("#list_name", "Fair")
    await page.click("text=Look into it")
    await expect(page.locator("tbody tr").nth(2)).to_contain_text("pro")
    await expect(page.locator("input.key").nth(0)).to_be_hidden()
    await expect(page.locator("input.key").nth(2)).to_have_value("plan")
    await page.select_option("select >> nth=1", "skip")
    await page.keyboard.press("Enter")  # in a select: nothing is sent
    await page.focus("input.key >> nth=2")
    await page.keyboard.press("Enter")  # tries it
    await expect(page.locator(".notice")).to_contain_text(
        "nothing was changed. 2 new contacts would be made", timeout=20_000
    )
    await page.click("text=Import for good")
    await expect(page.locator("h1 .badge")).to_have_text("done", timeout=20_000)
    await expect(page.locator("#progress")).to_contain_text("New2")
    await page.goto("/segments/new")
    await page.fill("#name", "Pros")
    await page.select_option("select[name='row.0.field']", "attribute")
    await page.fill("input[name='row.0.key']", "plan")
    await page.fill("input[name='row.0.value']", "pro")
    await page.press("input[name='row.0.value']", "Tab")
    await expect(page.locator("#segment [role=status]")).to_contain_text("1 person fits")
    await page.click("text=Add segment")
    await page.click("tbody >> text=ada@example.com")
    await expect(page.locator("h1")).to_contain_text("ada@example.com")
    await page.click("main >> text=Unsubscribe")
    await expect(page.locator("h1 .badge")).to_have_text("unsubscribed")


async def test_the_menu_opens_on_a_phone_and_nothing_is_wider_than_it(page: Page) -> None:
    await page.set_viewport_size({"width": 390, "height": 844})
    for path in ("/settings/members", "/suppressions", "/settings/projects/new", "/segments/new"):
        await page.goto(path)
        assert await page.evaluate("document.documentElement.scrollWidth") <= 390, path
    await expect(page.locator(".side nav")).to_be_hidden()
    await page.click(".opens")
    await page.click(".side nav >> text=Webhooks")
    await expect(page.locator("h1")).to_have_text("Webhooks")


async def test_a_campaign_is_scheduled_by_keyboard_in_the_readers_own_zone(
    page: Page, installation: Installation, tenant: MadeTenant
) -> None:
    database = installation.runtime.database
    sender = await make_sender(database, tenant.id)
    made = await make_list(database, tenant.id)
    campaign = await make_campaign(
        database, tenant.id, sender_id=sender.id, list_id=made.id, from_name="Ada"
    )
    await page.goto(f"/campaigns/{campaign.uuid}")
    zone = await page.evaluate("Intl.DateTimeFormat().resolvedOptions().timeZone")
    await expect(page.locator("#timezone")).to_have_value(zone)
    await page.fill("#timezone", "Europe/Madrid")
    await page.fill("#scheduled_local", "2099-05-04T09:00")
    await page.press("#timezone", "Enter")
    await expect(page.locator(".times")).to_contain_text("Mon 4 May 2099, 07:00")
    await expect(page.locator("main button.primary")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator("h1 .badge")).to_have_text("scheduled")
    await page.reload()
    await expect(page.locator("#timezone")).to_have_value("Europe/Madrid")


async def test_what_is_not_saved_is_not_passed_over_unasked(
    page: Page, installation: Installation, tenant: MadeTenant
) -> None:
    database = installation.runtime.database
    sender = await make_sender(database, tenant.id)
    made = await make_list(database, tenant.id)
    await make_contact(database, tenant.id, list_id=made.id)
    campaign = await make_campaign(
        database, tenant.id, sender_id=sender.id, list_id=made.id, from_name="Ada"
    )
    asked: list[str] = []
    answers = iter((False, True))

    async def answer(dialog: Dialog) -> None:
        asked.append(dialog.message)
        await (dialog.accept() if next(answers) else dialog.dismiss())

    page.on("dialog", lambda dialog: asyncio.ensure_future(answer(dialog)))
    await page.goto(f"/campaigns/{campaign.uuid}")
    await expect(page.locator("#audience-count")).to_contain_text("1 person")
    await page.focus("#subject")
    await page.keyboard.type("New ")
    await page.click("text=Send now")
    assert asked == ["Your changes are not saved. Go on without them?"]
    await expect(page.locator("h1 .badge")).to_have_text("draft")
    await page.click(".compose button.primary")
    await expect(page.locator(".flash")).to_have_text("Saved.")
    await expect(page.locator("#audience-count")).to_contain_text("1 person")
    await page.click("text=Send now")
    await expect(page.locator("h1 .badge")).not_to_have_text("draft")
    assert asked[1].endswith("now?\n1 person would be mailed now.")
