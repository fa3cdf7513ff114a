"""A campaign's mails come back: from the wire to the report and the tenant's systems."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from mailwright.domain.webhook_event import EventType
from mailwright.services import webhooks
from mailwright.services.caller import Caller
from mailwright.services.inbound import take_returned
from mailwright.services.reports import get_report
from mailwright.services.runtime import Runtime
from mailwright.services.webhooks import NewWebhook
from mailwright.store.rows import every
from mailwright.store.tables import webhook_deliveries
from tests.builders import MadeTenant
from tests.delivery.stage import set_stage
from tests.returned_mails import complaint, dsn


@pytest.mark.checklist("E27", "E28", "OUT-06")
async def test_mails_that_come_back_are_told_in_the_report_and_by_webhook(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with set_stage(runtime, tenant, caller, people=3) as stage:
        runtime = stage.runtime
        events = [
            EventType.EMAIL_BOUNCED,
            EventType.EMAIL_COMPLAINED,
            EventType.CONTACT_UNSUBSCRIBED,
        ]
        hook = NewWebhook("https://shop.example/hooks", tuple(events))
        await webhooks.create_webhook(runtime, caller, hook)
        await stage.start()
        async with stage.working():
            await stage.until_state("sent")
        mails = {mail.recipients[0]: mail for mail in stage.sink.mails}
        first, second = mails["p0@example.org"], mails["p1@example.org"]

        headers = first.raw.partition(b"\r\n\r\n")[0].decode()
        raw = dsn(first.envelope_sender, "elsewhere@example.org", returned=headers)
        assert (await take_returned(runtime, raw, [])).outcome == "recorded"
        headers = (
            second.raw.partition(b"\r\n\r\n")[0].decode().replace("p1@example.org", "redacted")
        )
        assert (await take_returned(runtime, complaint(headers), [])).outcome == "recorded"

        report = await get_report(runtime, caller, stage.campaign.uuid)
        assert (report.sent, report.delivered, report.bounced) == (3, 2, 1)
        assert (report.complained, report.unsubscribed) == (1, 1)
        async with runtime.database.reading() as connection:
            told = await every(connection, select(webhook_deliveries))
        assert sorted(row["type"] for row in told) == sorted(events)
        bounced = next(row["payload"] for row in told if row["type"] == EventType.EMAIL_BOUNCED)
        assert (bounced["email"], bounced["hard"]) == ("p0@example.org", True)
        assert bounced["reply"].startswith("550 5.1.1")
