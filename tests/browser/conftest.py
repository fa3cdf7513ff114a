"""Chromium, and an installation to look at."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncGenerator

import pytest
from playwright.async_api import Browser, Page, async_playwright

from mailwright.domain.keys import Keys
from mailwright.services.runtime import Runtime
from mailwright.settings import Settings
from mailwright.store.database import Database
from tests.browser.installation import Installation, running
from tests.builders import MadeTenant
from tests.web.browsing import PASSWORD, make_member

OWNER = "owner@example.com"

_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture
async def chromium() -> AsyncGenerator[Browser]:
    """A real browser. Without one these tests are skipped, unless everything is required."""
    path = shutil.which("chromium")
    if path is None and not os.environ.get("MAILWRIGHT_REQUIRE_ALL"):
        pytest.skip("There is no chromium on the path.")
    assert path is not None, "MAILWRIGHT_REQUIRE_ALL is set, and there is no chromium."
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=list(_ARGUMENTS))
        yield browser
        await browser.close()


@pytest.fixture
async def installation(
    settings: Settings, database: Database, keys: Keys, tenant: MadeTenant
) -> AsyncGenerator[Installation]:
    """Everything that `mailwright serve` runs, by the real clock; OWNER can sign in to `tenant`."""
    async with running(Runtime(settings, database, keys)) as made:
        await make_member(made.runtime, tenant, OWNER)
        yield made


@pytest.fixture
async def page(chromium: Browser, installation: Installation) -> AsyncGenerator[Page]:
    """A page in a fresh context, signed in. An error in a script of ours fails the test."""
    context = await chromium.new_context(base_url=installation.url)
    made = await context.new_page()
    troubles: list[str] = []
    made.on("pageerror", lambda error: troubles.append(str(error)))
    await made.goto("/login")
    await made.fill("#email", OWNER)
    await made.fill("#password", PASSWORD)
    await made.click("main button")
    await made.wait_for_url("**/")
    yield made
    await context.close()
    assert troubles == []
