"""What leaves from an authenticated domain: signed, branded, returning to it; and what may not."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import dkim
import pytest
from sqlalchemy import update

from mailwright.delivery import fan_out
from mailwright.errors import NotReady
from mailwright.services import campaign_sending, campaign_tests, campaigns, domains
from mailwright.services.caller import Caller
from mailwright.services.domain_views import DomainView
from mailwright.services.runtime import Runtime
from mailwright.store.tables import campaign_bodies
from mailwright.wire.smtp_listener import CapturedMail
from tests.builders import MadeTenant
from tests.delivery.single_stage import set_single_stage
from tests.delivery.stage import Stage, set_stage
from tests.domains import authenticated_domain, resolving

NAME = "example.com"  # of the stage's sender
_LINK = '<html><body><p>Read <a href="https://shop.example/news">this</a>.</p></body></html>'


def _verifies(mail: CapturedMail, domain: DomainView) -> bool:
    records = {record.host: record.value for record in domain.records if "dkim" in record.kind}

    def look(name: bytes, timeout: int = 5) -> bytes | None:
        found = records.get(name.decode().rstrip("."))
        return found.encode() if found else None

    return dkim.verify(mail.raw, dnsfunc=look)  # pyright: ignore[reportUnknownMemberType]  # untyped


async def _linked(stage: Stage) -> None:
    await stage.execute(update(campaign_bodies).values(html=_LINK))
    await stage.change(track_opens=True, track_clicks=True)


async def _begun(stage: Stage) -> None:
    """What the job does for a campaign that was told to send."""
    key = stage.tenant.id, stage.campaign.id
    assert await fan_out.start(stage.runtime, *key)
    while await fan_out.write_chunk(stage.runtime, *key):
        pass


@pytest.mark.checklist("E13", "OUT-05", "OUT-06", "OUT-07", "OUT-15")
async def test_mail_of_a_domain_is_signed_branded_and_returns_to_it(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    more = {"public_url": "https://mail.platform.example"}
    async with (
        resolving(runtime, **more) as (dns, asking),
        set_stage(asking, tenant, caller, people=3, require_authenticated_domains="on") as stage,
    ):
        domain = await authenticated_domain(stage.runtime, caller, dns, NAME)
        await _linked(stage)
        await campaign_sending.send_campaign(stage.runtime, caller, stage.campaign.uuid)
        await campaign_tests.send_test(stage.runtime, caller, stage.campaign.uuid, "t@example.org")
        await _begun(stage)
        async with stage.working():
            await stage.until_state("sent")
        assert len(stage.sink.mails) == 4
        for mail in stage.sink.mails:
            assert _verifies(mail, domain)
            assert mail.envelope_sender.endswith(f"@bounces.{NAME}")
            plain = mail.raw.replace(b"=\r\n", b"").replace(b"=3D", b"=")
            hosts = set(re.findall(rb"https://([a-z.]+)/[ocuv]/", plain))
            assert hosts == {f"links.{NAME}".encode()}


@pytest.mark.checklist("E12", "E37", "OUT-05")
async def test_an_unauthenticated_domain_is_refused_with_the_records_it_lacks(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with (
        resolving(runtime, public_url="https://mail.platform.example") as (dns, asking),
        set_stage(asking, tenant, caller, people=1, require_authenticated_domains="on") as stage,
    ):
        ours, campaign = stage.runtime, stage.campaign.uuid
        view = await campaigns.get_campaign(ours, caller, campaign)
        assert view.readiness.missing == ("sender_email",)
        await authenticated_domain(ours, caller, dns, NAME, "dkim", "tracking")
        with pytest.raises(NotReady, match="dkim, tracking") as sent:
            await campaign_sending.send_campaign(ours, caller, campaign)
        later = ours.now() + timedelta(days=1)
        with pytest.raises(NotReady, match="dkim, tracking") as timed:
            await campaign_sending.schedule_campaign(ours, caller, campaign, later)
        with pytest.raises(NotReady, match="dkim, tracking") as tested:
            await campaign_tests.send_test(ours, caller, campaign, "t@example.org")
        for refusal in (sent, timed, tested):
            assert refusal.value.details["sender"]["code"] == "DOMAIN_NOT_AUTHENTICATED"
            assert refusal.value.details["sender"]["missing"] == ["dkim", "tracking"]
        sandbox = replace(caller, sandbox=True)
        await campaign_sending.send_campaign(ours, sandbox, campaign)
        assert stage.sink.mails == []


@pytest.mark.checklist("OUT-07")
async def test_a_new_key_signs_from_the_next_batch_on(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with (
        resolving(runtime) as (dns, asking),
        set_stage(asking, tenant, caller, people=1) as stage,
    ):
        old = await authenticated_domain(stage.runtime, caller, dns, NAME)
        await stage.start()
        async with stage.working():
            await stage.until_state("sent")
            both = await domains.rotate_key(stage.runtime, caller, old.uuid)
            record = next(record for record in both.records if record.kind == "dkim_next")
            dns.add(record.host, "TXT", record.value)
            new = await domains.verify_domain(stage.runtime, caller, old.uuid)
            await campaign_tests.send_test(
                stage.runtime, caller, stage.campaign.uuid, "t@x.example"
            )
        first, second = stage.sink.mails
        assert _verifies(first, old)
        assert not _verifies(first, new)
        assert _verifies(second, new)


@pytest.mark.checklist("E12", "E13", "E37", "OUT-05", "OUT-06", "OUT-07")
async def test_single_mails_need_an_authenticated_domain_and_are_signed_and_branded(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    html = '<p>Track <a href="https://shop.example/4711">it</a>.</p>'
    async with (
        resolving(runtime, public_url="https://mail.platform.example") as (dns, asking),
        set_single_stage(asking, tenant, caller, require_authenticated_domains="on") as stage,
    ):
        with pytest.raises(NotReady) as refused:
            await stage.submit(html=html)
        assert refused.value.code == "DOMAIN_NOT_AUTHENTICATED"
        assert refused.value.details["missing"] == ["spf", "dkim", "tracking"]
        domain = await authenticated_domain(stage.runtime, caller, dns, NAME)
        async with stage.working():
            mail = await stage.submit(html=html)
            await stage.until_status(mail, "delivered")
        [received] = stage.sink.mails
        assert _verifies(received, domain)
        assert received.envelope_sender.endswith(f"@bounces.{NAME}")
        plain = received.raw.replace(b"=\r\n", b"").replace(b"=3D", b"=")
        assert b"mail.platform.example/" not in plain


async def test_mail_of_other_domains_leaves_as_it_always_did(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with set_stage(runtime, tenant, caller, people=1) as stage:
        await stage.start()
        async with stage.working():
            await stage.until_state("sent")
        [mail] = stage.sink.mails
        assert b"DKIM-Signature" not in mail.raw
        assert mail.envelope_sender.endswith(f"@{NAME}")
