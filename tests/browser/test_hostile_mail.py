"""Other people's HTML runs nothing and asks for nothing, wherever we show it (SEC-02)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from playwright.async_api import Page
from sqlalchemy import insert

from mailwright.domain.tokens import Tokens
from mailwright.services import inbox
from mailwright.store import tables
from mailwright.wire.smtp_listener import CapturedMail
from tests.browser.installation import Installation
from tests.browser.payloads import count, payloads
from tests.builders import MadeTenant, make_campaign

#: Puts pages into frames like ours, some at a time, and waits until they have settled.
_FRAMES = """async (paths) => {
  document.title = 'quiet';
  const show = async (path) => {
    const frame = document.createElement('iframe');
    frame.sandbox = 'allow-popups allow-popups-to-escape-sandbox';
    const loaded = new Promise((done) => { frame.onload = done; setTimeout(done, 3000); });
    frame.src = path;
    document.querySelector('main').append(frame);
    await loaded;
    await new Promise((done) => setTimeout(done, 50));
    frame.remove();
  };
  for (let at = 0; at < paths.length; at += 10) {
    await Promise.all(paths.slice(at, at + 10).map(show));
  }
  return document.title;
}"""
#: What our own page asks for by itself.
_OURS = ("/static/icon.svg", "/favicon.ico")


async def shown_in_frames(
    page: Page, installation: Installation, paths: Sequence[str]
) -> list[str]:
    """Loads each path in a sandboxed frame; what reached the server besides the pages."""
    await page.goto("/contacts")
    installation.asked.clear()
    assert await page.evaluate(_FRAMES, paths) == "quiet", "a script reached the page around it"
    assert set(paths) <= set(installation.asked), "not every page was looked at"
    return [path for path in installation.asked if path not in paths and path not in _OURS]


@pytest.mark.checklist("SEC-02")
async def test_mails_in_the_inbox_run_nothing_and_ask_for_nothing(
    page: Page, installation: Installation, tenant: MadeTenant
) -> None:
    sender = Tokens(installation.runtime.keys).return_path(tenant.id, 0) + "@example.com"
    head = b"Subject: x\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
    for payload in payloads(installation.url):
        mail = CapturedMail(sender, ("a@example.com",), head + payload.encode(), "", "", None)
        await inbox.capture(installation.runtime, mail)
    async with installation.runtime.database.reading() as connection:
        found = await connection.scalars(
            tables.captured_mails.select().with_only_columns(tables.captured_mails.c.uuid)
        )
        paths = [f"/inbox/{uuid}/html" for uuid in found]
    assert len(paths) == len(payloads("x")) >= 100
    assert count() >= 223  # as many as DOMPurify's own tests have
    assert await shown_in_frames(page, installation, paths) == []


@pytest.mark.checklist("SEC-02")
async def test_bodies_of_campaigns_run_nothing_and_ask_for_nothing(
    page: Page, installation: Installation, tenant: MadeTenant
) -> None:
    paths = [f"/campaigns/{uuid}/body" for _, uuid in await hostile(installation, tenant)]
    assert await shown_in_frames(page, installation, paths) == []


@pytest.mark.checklist("SEC-02")
async def test_the_view_in_a_browser_runs_nothing_and_asks_only_for_pictures(
    page: Page, installation: Installation, tenant: MadeTenant
) -> None:
    tokens = Tokens(installation.runtime.keys)
    paths = [
        f"/v/{tokens.view(tenant.id, 0, campaign_id=campaign_id, contact_id=0)}"
        for campaign_id, _ in await hostile(installation, tenant, scripts_only=True)
    ]
    kinds: list[str] = []
    page.context.on("response", lambda response: kinds.append(response.request.resource_type))
    tabs = [await page.context.new_page() for _ in range(6)]

    async def look(tab: Page, mine: Sequence[str]) -> None:
        for path in mine:
            await tab.goto(path, wait_until="domcontentloaded")
            assert "/v/" in tab.url
            assert await tab.title() != "hit"

    await asyncio.gather(*(look(tab, paths[i::6]) for i, tab in enumerate(tabs)))
    assert set(kinds) <= {"document", "image", "other"}  # other: the browser's own favicon
    assert kinds.count("document") == len(paths)


async def hostile(
    installation: Installation, tenant: MadeTenant, *, scripts_only: bool = False
) -> list[tuple[int, object]]:
    """A campaign for each payload, its body stored as it is; (id, uuid)."""
    made: list[tuple[int, object]] = []
    database = installation.runtime.database
    for payload in payloads(installation.url, scripts_only=scripts_only):
        campaign = await make_campaign(database, tenant.id, body=False, has_body=True)
        body = {
            "tenant_id": tenant.id,
            "campaign_id": campaign.id,
            "kind": "html",
            "html": f"<html><head></head><body>{payload.replace(chr(0), '')}</body></html>",
            "plain_text": "x",
        }
        async with database.transaction() as connection:
            await connection.execute(insert(tables.campaign_bodies).values(body))
        made.append((campaign.id, campaign.uuid))
    return made
