"""The mails of a campaign, as the server gets them."""

from __future__ import annotations

import asyncio
import email
import email.policy
import re
from datetime import timedelta

import pytest

from mailwright.domain.tokens import MessageRef, Tokens
from mailwright.services.caller import Caller
from mailwright.services.runtime import Runtime
from tests.builders import MadeTenant
from tests.delivery.stage import Stage, set_stage

_PAGE = (
    "<html><body><p>Hello {{ contact.first_name }}</p>"
    '<p><a href="https://example.com/a">A</a> <a href="https://example.com/b">B</a></p>'
    "</body></html>"
)


async def _sent(stage: Stage) -> None:
    await stage.execute(f"UPDATE campaign_bodies SET html = '{_PAGE}'")
    await stage.start()
    async with stage.working():
        await stage.until_state("sent")


@pytest.mark.checklist("OUT-06")
async def test_every_envelope_sender_leads_back_to_its_own_row_on_the_senders_domain(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with set_stage(runtime, tenant, caller, people=20) as stage:
        await _sent(stage)
        ledger = await stage.ledger()
        tokens = Tokens(stage.runtime.keys)
        for mail in stage.sink.mails:
            local_part, _, domain = mail.envelope_sender.partition("@")
            expected = MessageRef(tenant.id, ledger[mail.recipients[0]]["id"])
            assert tokens.read_return_path(local_part) == expected
            assert domain == "example.com"


async def test_links_pixel_and_way_out_carry_tokens_of_the_recipients_own_row(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with set_stage(runtime, tenant, caller, people=3) as stage:
        await _sent(stage)
        ledger = await stage.ledger()
        tokens = Tokens(stage.runtime.keys)
        for mail in stage.sink.mails:
            row = ledger[mail.recipients[0]]
            message = email.message_from_bytes(mail.raw, policy=email.policy.default)
            part = message.get_body(("html",))
            assert part is not None
            page = str(part.get_content())
            clicks = [tokens.read_click(token) for token in re.findall(r"/c/([\w-]+)", page)]
            assert {(click.message.message_id, click.url) for click in clicks if click} == {
                (row["id"], "https://example.com/a"),
                (row["id"], "https://example.com/b"),
            }
            opened = re.search(r"/o/([\w-]+)", page)
            assert opened is not None
            assert tokens.read_open(opened[1]) == MessageRef(tenant.id, row["id"])
            way_out = re.search(r"/u/([\w-]+)", str(message["List-Unsubscribe"]))
            assert way_out is not None
            read = tokens.read_unsubscribe(way_out[1])
            assert read is not None
            assert (read.contact_id, read.campaign_id) == (row["contact_id"], stage.campaign.id)


async def test_the_links_are_written_down_before_the_first_mail(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with set_stage(runtime, tenant, caller, people=1) as stage:
        await stage.execute(f"UPDATE campaign_bodies SET html = '{_PAGE}'")
        await stage.start()
        async with stage.runtime.database.raw() as connection:
            rows = await connection.fetch("SELECT number, url FROM campaign_links ORDER BY number")
        assert [tuple(row) for row in rows][:2] == [
            (0, "https://example.com/a"),
            (1, "https://example.com/b"),
        ]


async def test_a_campaign_edited_between_two_sendings_is_rendered_anew(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with set_stage(runtime, tenant, caller, people=2, url="?rate=2") as stage:
        await stage.start()
        async with stage.working():
            await stage.until(lambda: len(stage.sink.mails) == 1)
            await stage.change(state="failed")
            await asyncio.sleep(0.2)
            later = stage.runtime.now() + timedelta(seconds=1)
            await stage.change(subject="Better news", state="sending", updated_at=later)
            await stage.until_state("sent")
        subjects = [email.message_from_bytes(mail.raw)["Subject"] for mail in stage.sink.mails]
        assert subjects == ["News", "Better news"]


@pytest.mark.checklist("OUT-11")
async def test_every_mail_says_how_to_leave_and_where_the_sender_lives(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with set_stage(runtime, tenant, caller, people=1) as stage:
        await stage.execute("UPDATE tenants SET postal_address = 'Acme\n1 High Street, Harbour'")
        await _sent(stage)
        [mail] = stage.sink.mails
        message = email.message_from_bytes(mail.raw, policy=email.policy.default)
        for kind in ("html", "plain"):
            part = message.get_body((kind,))
            assert part is not None
            shown = str(part.get_content())
            assert "1 High Street, Harbour" in shown
            assert "/u/" in shown
