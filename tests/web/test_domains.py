"""Sending domains and unconfirmed senders in the dashboard."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import replace

import pytest
from pydantic import SecretStr

from mailwright.services.runtime import Runtime
from mailwright.store.database import Database
from tests.builders import MadeTenant, make_tenant
from tests.dns_server import DnsServer
from tests.smtp_sink import SmtpSink
from tests.web.browsing import Browser, browser, make_member

OWNER = "owner@example.com"


@pytest.fixture
async def dns() -> AsyncGenerator[DnsServer]:
    async with DnsServer() as made:
        yield made


@pytest.fixture
async def sink() -> AsyncGenerator[SmtpSink]:
    async with SmtpSink() as made:
        yield made


@pytest.fixture
async def owner(
    runtime: Runtime, tenant: MadeTenant, dns: DnsServer, sink: SmtpSink
) -> AsyncGenerator[Browser]:
    """Where mail leaves this machine, as far as the name of its server tells."""
    url = SecretStr(f"smtp://0.0.0.0:{sink.transport.port}?tls=none")
    settings = runtime.settings.model_copy(update={"dns_servers": dns.address, "smtp_url": url})
    runtime = replace(runtime, settings=settings)
    await make_member(runtime, tenant, OWNER)
    async with browser(runtime) as made:
        await made.sign_in(OWNER)
        yield made


def _published(owner: Browser) -> list[tuple[str, str, str]]:
    """Type, host and value of every record on the page."""
    return [
        (codes[0].text(), codes[1].text(), codes[2].text())
        for codes in (record.css("dl code") for record in owner.page.css(".record"))
    ]


async def test_a_domain_is_added_published_checked_and_removed(
    owner: Browser, dns: DnsServer
) -> None:
    await owner.open("/settings/domains")
    await owner.submit("/settings/domains", {"name": "no domain"})
    assert owner.answer.status_code == 422
    assert "example.com, without scheme" in owner.text
    await owner.submit("/settings/domains", {"name": "harbour.example"})
    path = owner.answer.url.path
    assert "Mail of this domain is not signed yet" in owner.text
    for kind, host, value in _published(owner):
        dns.add(host, kind, f"{value}." if kind in {"CNAME", "MX"} else value)
    await owner.submit(f"{path}/verify")
    assert "Every record holds" in owner.text
    assert "Mail of this domain is signed." in owner.text
    await owner.submit(f"{path}/rotate-key")
    assert "DKIM, new key" in owner.text
    await owner.submit(path, {"tracking_host": "go.elsewhere.example"})
    assert owner.answer.status_code == 422
    await owner.submit(path, {"tracking_host": "go.harbour.example"})
    assert "go.harbour.example" in owner.text
    await owner.open("/settings/domains")
    assert "tracking" in owner.text, "what is missing stands in the list"
    await owner.open(path)
    await owner.submit(f"{path}/delete")
    assert "No sending domains yet" in owner.text


async def test_another_tenants_domain_is_not_there(owner: Browser, database: Database) -> None:
    other = await make_tenant(database)
    assert (await owner.open(f"/settings/domains/{other.uuid}")).status_code == 404


async def test_an_unconfirmed_sender_is_marked_and_mailed_again(
    owner: Browser, sink: SmtpSink
) -> None:
    await owner.open("/settings/senders")
    await owner.submit("/settings/senders", {"name": "Post", "email": "post@harbour.example"})
    assert "was mailed a link" in owner.text
    assert "unconfirmed" in owner.text
    action = owner.page.css_first('form[action$="/resend"]')
    assert action is not None
    await owner.submit(action.attributes["action"] or "")
    assert "was sent to post@harbour.example again" in owner.text
    assert sink.recipients == ["post@harbour.example"] * 2
