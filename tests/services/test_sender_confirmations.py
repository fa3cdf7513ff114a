"""The mail that asks whether an address is the tenant's, and the link in it."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage

import dkim
import httpx2
import pytest
from pydantic import SecretStr
from sqlalchemy import select

from mailwright.domain.tokens import Tokens
from mailwright.errors import Conflict, NotFound, NotReady, RateLimited
from mailwright.public.application import create_public
from mailwright.services import campaign_sending, campaign_tests, campaigns, senders
from mailwright.services.caller import Caller
from mailwright.services.runtime import Runtime
from mailwright.services.senders import SenderView
from mailwright.store import tables
from mailwright.store.database import Database
from mailwright.wire.smtp_reply import Phase
from tests.builders import MadeTenant, make_campaign, make_list
from tests.clock import Clock
from tests.domains import authenticated_domain, resolving
from tests.smtp_sink import SmtpSink

POST = "post@harbour.example"


@asynccontextmanager
async def away(runtime: Runtime, **settings: object) -> AsyncGenerator[tuple[SmtpSink, Runtime]]:
    """A sink that is no loopback by name, so that what goes there might go anywhere."""
    async with SmtpSink() as sink:
        url = SecretStr(f"smtp://0.0.0.0:{sink.transport.port}?tls=none")
        values = {"smtp_url": url, "require_authenticated_domains": "off", **settings}
        yield sink, replace(runtime, settings=runtime.settings.model_copy(update=values))


def mail_of(sink: SmtpSink) -> EmailMessage:
    return message_from_bytes(sink.mails[-1].raw, policy=policy.default)


def link_of(sink: SmtpSink) -> str:
    body = mail_of(sink).get_body(("plain",))
    assert body is not None
    found = re.search(r"http://\S+(/s/\S+)", body.get_content())
    assert found
    return found[1]


def visitor(runtime: Runtime) -> httpx2.AsyncClient:
    async def nowhere(*_: object) -> None:
        raise AssertionError

    transport = httpx2.ASGITransport(create_public(runtime, nowhere))
    return httpx2.AsyncClient(transport=transport, base_url="http://links.any.example")


async def _again(runtime: Runtime, caller: Caller, sender: SenderView) -> SenderView:
    return await senders.get_sender(runtime, caller, sender.uuid)


@pytest.mark.checklist("E09", "E10", "SEC-09")
async def test_opening_the_link_and_agreeing_confirms(runtime: Runtime, caller: Caller) -> None:
    async with away(runtime) as (sink, runtime), visitor(runtime) as browser:
        made = await senders.create_sender(runtime, caller, POST, "Post")
        assert (made.confirmed, made.enabled) == (False, False)
        assert made.confirmation_sent_at is not None
        assert sink.recipients == [POST]
        assert mail_of(sink)["From"].addresses[0].addr_spec == "no-reply@localhost"
        link = link_of(sink)
        for method in ("GET", "HEAD") * 20:
            assert (await browser.request(method, link)).status_code == 200
        assert not (await _again(runtime, caller, made)).confirmed, "scanners open every link"
        assert "Confirm" in (await browser.get(link)).text
        agreed = await browser.post(link)
        assert (agreed.status_code, "Confirmed" in agreed.text) == (200, True)
        seen = await _again(runtime, caller, made)
        assert (seen.confirmed, seen.enabled) == (True, True)
        await senders.change_sender(runtime, caller, made.uuid, {"enabled": False})
        await browser.post(link)
        assert not (await _again(runtime, caller, made)).enabled, "an old link enables nothing"


@pytest.mark.checklist("C10", "E11", "E36")
async def test_nothing_is_sent_tested_or_scheduled_from_an_unconfirmed_sender(
    runtime: Runtime, caller: Caller, tenant: MadeTenant, database: Database, clock: Clock
) -> None:
    async with away(runtime) as (sink, runtime):
        made = await senders.create_sender(runtime, caller, POST, "Post")
        a_list = await make_list(database, tenant.id)
        async with database.reading() as connection:
            column = select(tables.senders.c.id).where(tables.senders.c.uuid == made.uuid)
            sender_id = await connection.scalar(column)
        campaign = await make_campaign(
            database, tenant.id, sender_id=sender_id, list_id=a_list.id, from_name="Post"
        )
        view = await campaigns.get_campaign(runtime, caller, campaign.uuid)
        assert view.readiness.missing == ("sender_email",)
        with pytest.raises(NotReady) as sent:
            await campaign_sending.send_campaign(runtime, caller, campaign.uuid)
        at = clock.time.replace(year=clock.time.year + 1)
        with pytest.raises(NotReady) as timed:
            await campaign_sending.schedule_campaign(runtime, caller, campaign.uuid, at)
        with pytest.raises(NotReady) as tested:
            await campaign_tests.send_test(runtime, caller, campaign.uuid, "a@example.org")
        for refusal in (sent, timed, tested):
            assert refusal.value.details["sender"]["code"] == "SENDER_NOT_CONFIRMED"
        assert sink.recipients == [POST], "the request to confirm, and nothing else"


async def test_a_link_ends_after_a_week_and_no_other_token_passes(
    runtime: Runtime, caller: Caller, clock: Clock
) -> None:
    async with away(runtime) as (sink, runtime), visitor(runtime) as browser:
        await senders.create_sender(runtime, caller, POST, "Post")
        link = link_of(sink)
        other = Tokens(runtime.keys).open(caller.tenant_id, 1)
        for wrong in (f"/s/{other}", link[:-1], f"{link}a", "/s/"):
            assert (await browser.post(wrong)).status_code == 404, wrong
        clock.advance(days=8)
        assert (await browser.post(link)).status_code == 404
        with pytest.raises(NotFound):
            await senders.confirm_sender(runtime, link.removeprefix("/s/"))


async def test_the_mail_is_sent_again_but_not_without_end(
    runtime: Runtime, caller: Caller, clock: Clock
) -> None:
    async with away(runtime) as (sink, runtime):
        made = await senders.create_sender(runtime, caller, POST, "Post")
        for _ in range(4):
            await senders.resend_confirmation(runtime, caller, made.uuid)
        with pytest.raises(RateLimited):
            await senders.resend_confirmation(runtime, caller, made.uuid)
        clock.advance(hours=1)
        await senders.resend_confirmation(runtime, caller, made.uuid)
        assert len(sink.mails) == 6
        await senders.confirm_sender(runtime, link_of(sink).removeprefix("/s/"))
        with pytest.raises(Conflict, match="already"):
            await senders.resend_confirmation(runtime, caller, made.uuid)


async def test_a_server_that_refuses_the_mail_is_quoted(runtime: Runtime, caller: Caller) -> None:
    async with away(runtime) as (sink, runtime):
        sink.answer(Phase.RCPT, "550 5.1.1 nobody here")
        made = await senders.create_sender(runtime, caller, POST, "Post")
        assert made.confirmation_sent_at is None
        with pytest.raises(Conflict, match="nobody here") as refused:
            await senders.resend_confirmation(runtime, caller, made.uuid)
        assert refused.value.code == "CONFIRMATION_NOT_SENT"


@pytest.mark.checklist("OUT-07")
async def test_it_comes_signed_from_the_tenants_own_sender_where_there_is_one(
    runtime: Runtime, caller: Caller
) -> None:
    async with (
        resolving(runtime) as (dns, asking),
        away(asking, require_authenticated_domains="auto") as (sink, runtime),
    ):
        domain = await authenticated_domain(runtime, caller, dns, "harbour.example")
        own = await senders.create_sender(runtime, caller, POST, "Harbour Post")
        assert own.confirmed, "its domain is authenticated"
        assert sink.mails == []
        await senders.create_sender(runtime, caller, "ada@other.example", "Ada", language="fr")
        assert mail_of(sink)["From"].addresses[0].addr_spec == POST
        assert mail_of(sink)["Subject"] == "Confirmez ada@other.example comme expéditeur"
        record = next(record for record in domain.records if record.kind == "dkim")

        def look(name: bytes, timeout: int = 5) -> bytes:
            assert name.decode().rstrip(".") == record.host
            return record.value.encode()

        raw = sink.mails[-1].raw
        assert dkim.verify(raw, dnsfunc=look)  # pyright: ignore[reportUnknownMemberType]  # untyped
