"""What is heard of a mail later is recorded once, with all that it means."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from mailwright.domain.email_event import EventKind
from mailwright.domain.email_status import EmailStatus
from mailwright.domain.tag_expression import HasTag
from mailwright.domain.tokens import Tokens
from mailwright.errors import InvalidInput
from mailwright.services.caller import Caller
from mailwright.services.email_log import LogQuery, page_log
from mailwright.services.emails import NewEmail, get_email, submit
from mailwright.services.inbound import take_inbound
from mailwright.services.reports import get_report
from mailwright.services.runtime import Runtime
from mailwright.store import tables
from tests.builders import MadeTenant, make_campaign, make_message, make_sender
from tests.returned_mails import auto_reply, complaint, dsn
from tests.services.inbound_stage import ADA, Sent, make_sent


@pytest.fixture
async def sent(runtime: Runtime, tenant: MadeTenant, caller: Caller) -> Sent:
    return await make_sent(runtime, tenant, caller)


@pytest.mark.checklist("E27")
async def test_a_bounce_that_came_later_is_recorded_with_all_it_means(sent: Sent) -> None:
    view = await sent.take(dsn(sent.return_path, "ada@example.org"))
    assert (view.kind, view.outcome) == ("bounce", "recorded")
    assert view.message is not None
    assert (view.message.message_id, view.message.state) == (sent.message_id, "bounced")
    assert view.message.campaign_uuid == sent.campaign.uuid
    assert view.bounce is not None
    assert (view.bounce.hard, view.bounce.status, view.bounce.suppressed) == (True, "5.1.1", True)
    row = await sent.row()
    assert (row["state"], row["reason"]) == ("bounced", "address-invalid")
    assert row["reply"].startswith("550 5.1.1 <ada@example.org>")
    assert row["bounced_at"] == sent.runtime.now()
    [suppression] = await sent.rows(tables.suppressions)
    assert (suppression["email_key"], suppression["reason"]) == ("ada@example.org", "bounce")
    assert suppression["scope"] == "all"
    assert suppression["evidence"]["message_id"] == sent.message_id
    assert suppression["evidence"]["reply"] == row["reply"]
    [event] = await sent.rows(tables.events)
    assert (event["kind"], event["campaign_id"]) == ("bounced", sent.campaign.id)
    assert (event["data"]["hard"], event["data"]["late"]) == (True, True)
    report = await get_report(sent.runtime, sent.caller, sent.campaign.uuid)
    assert (report.sent, report.delivered, report.bounced) == (1, 0, 1)


@pytest.mark.checklist("E27")
async def test_the_same_bounce_again_counts_once(sent: Sent) -> None:
    raw = dsn(sent.return_path, ADA)
    views = await asyncio.gather(*(sent.take(raw) for _ in range(6)))
    assert sorted(view.outcome for view in views) == ["already_recorded"] * 5 + ["recorded"]
    assert len(await sent.rows(tables.events)) == 1
    report = await get_report(sent.runtime, sent.caller, sent.campaign.uuid)
    assert (report.delivered, report.bounced) == (0, 1)


async def test_a_soft_bounce_ends_the_mail_and_spares_the_address(sent: Sent) -> None:
    raw = dsn(sent.return_path, ADA, status="5.2.2", diagnostic="552 5.2.2 Over quota")
    view = await sent.take(raw)
    assert view.bounce is not None
    assert (view.outcome, view.bounce.hard, view.bounce.suppressed) == ("recorded", False, False)
    assert (await sent.row())["state"] == "bounced"
    assert await sent.rows(tables.suppressions) == []


async def test_the_third_soft_bounce_in_a_row_over_two_weeks_suppresses(sent: Sent) -> None:
    row = await sent.row()
    ids = [row["id"]]
    for days in (16, 8):
        sent_at = sent.runtime.now() - timedelta(days=days)
        campaign = await make_campaign(sent.runtime.database, sent.caller.tenant_id)
        ids.append(
            await make_message(
                sent.runtime.database,
                sent.caller.tenant_id,
                email=ADA,
                campaign_id=campaign.id,
                contact_id=sent.contact.id,
                state="bounced",
                reason="mailbox-full",
                bounced_at=sent_at,
            )
        )
    path = f"{sent.tokens.return_path(sent.caller.tenant_id, ids[0])}@acme.test"
    view = await sent.take(dsn(path, ADA, status="5.2.2", diagnostic="552 5.2.2 Over quota"))
    assert view.bounce is not None
    assert (view.bounce.hard, view.bounce.suppressed) == (False, True)
    [suppression] = await sent.rows(tables.suppressions)
    assert (suppression["email_key"], suppression["reason"]) == ("ada@example.org", "bounce")
    assert sorted(suppression["evidence"]["messages"]) == sorted(ids)


async def test_who_forwards_their_mail_is_found_by_the_message_id(sent: Sent) -> None:
    raw = dsn(sent.return_path, "ada@elsewhere.example", returned=sent.headers)
    view = await sent.take(raw)
    assert view.outcome == "recorded"
    [suppression] = await sent.rows(tables.suppressions)
    assert suppression["email_key"] == "ada@example.org"


@pytest.mark.parametrize(
    ("state", "counted", "outcome", "becomes"),
    [
        ("failed", "failed", "recorded", "bounced"),
        ("deferred", "deferred", "recorded", "bounced"),
        ("queued", None, "recorded", "bounced"),  # it overtook the commit of its own outcome
        ("skipped", "skipped", "not_sent", "skipped"),
        ("canceled", "canceled", "not_sent", "canceled"),
    ],
)
async def test_every_row_is_counted_in_one_place(
    sent: Sent, state: str, counted: str | None, outcome: str, becomes: str
) -> None:
    await sent.set(state=state, sent_at=None)
    async with sent.runtime.database.transaction() as connection:
        counts = {"sent": 0} | ({counted: 1} if counted else {})
        await connection.execute(update(tables.batches).values(**counts))
    view = await sent.take(dsn(sent.return_path, ADA))
    assert view.outcome == outcome
    assert (await sent.row())["state"] == becomes
    [batch] = await sent.rows(tables.batches)
    expected = {"bounced": 1} if becomes == "bounced" else {counted: 1}
    counts = {name: batch[name] for name in ("sent", "deferred", "bounced", "failed", "skipped")}
    assert {name: count for name, count in counts.items() if count} == (
        expected if becomes != "canceled" else {}
    )
    assert await sent.rows(tables.campaign_counters) == []


@pytest.mark.checklist("E28")
@pytest.mark.parametrize("by", ["return path", "unsubscribe link"])
async def test_a_complaint_with_a_blacked_out_address_finds_its_mail(sent: Sent, by: str) -> None:
    raw = (
        complaint("Subject: News", sender=sent.return_path)
        if by == "return path"
        else complaint(sent.headers)
    )
    view = await sent.take(raw)
    assert (view.kind, view.outcome) == ("complaint", "recorded")
    assert view.message is not None
    assert view.message.email == ADA
    row = await sent.row()
    assert row["state"] == "sent"
    assert row["complained_at"] == row["unsubscribed_at"] == sent.runtime.now()
    [suppression] = await sent.rows(tables.suppressions)
    assert (suppression["email_key"], suppression["reason"]) == ("ada@example.org", "complaint")
    [contact] = await sent.rows(tables.contacts)
    assert contact["consent"] == "unsubscribed"
    kinds = [event["kind"] for event in await sent.rows(tables.events)]
    assert kinds == ["unsubscribed", "complained"]
    report = await get_report(sent.runtime, sent.caller, sent.campaign.uuid)
    assert (report.complained, report.unsubscribed, report.delivered) == (1, 1, 1)


@pytest.mark.checklist("E28")
async def test_the_same_complaint_again_counts_once(sent: Sent) -> None:
    raw = complaint(sent.headers)
    views = await asyncio.gather(*(sent.take(raw) for _ in range(4)))
    assert sorted(view.outcome for view in views) == ["already_recorded"] * 3 + ["recorded"]
    assert len(await sent.rows(tables.events)) == 2


@pytest.mark.checklist("E27", "E28")
@pytest.mark.parametrize(
    ("kind", "status"),
    [(EventKind.BOUNCED, EmailStatus.BOUNCED), (EventKind.COMPLAINED, EmailStatus.COMPLAINED)],
)
async def test_a_single_mail_that_comes_back_is_in_its_log_by_tag(
    runtime: Runtime, tenant: MadeTenant, caller: Caller, kind: EventKind, status: EmailStatus
) -> None:
    await make_sender(runtime.database, tenant.id)
    asked = NewEmail(ADA, subject="Your receipt", text="Thank you.", tags=("receipt",))
    mail = await submit(runtime, caller, asked)
    async with runtime.database.transaction() as connection:
        await connection.execute(update(tables.messages).values(state="sent"))
        message_id = (await connection.execute(select(tables.messages.c.id))).scalar_one()
    path = f"{Tokens(runtime.keys).return_path(tenant.id, message_id)}@acme.test"
    raw = dsn(path, ADA) if kind is EventKind.BOUNCED else complaint("To: x", sender=path)
    view = await take_inbound(runtime, caller, raw)
    assert view.outcome == "recorded"
    assert view.message is not None
    assert (view.message.email_uuid, view.message.campaign_uuid) == (mail.uuid, None)
    assert (await get_email(runtime, caller, mail.uuid)).status is status
    query = LogQuery(HasTag("receipt"), kinds=[kind])
    [event] = (await page_log(runtime, caller, query, per_page=10)).items
    assert (event.email_uuid, event.kind) == (mail.uuid, kind)
    async with runtime.database.reading() as connection:
        assert (await connection.execute(select(tables.campaign_counters))).all() == []
    with pytest.raises(InvalidInput) as refused:
        await submit(runtime, caller, asked)
    assert refused.value.code == "RECIPIENT_SUPPRESSED"


async def test_automatic_answers_are_counted_once_and_otherwise_ignored(sent: Sent) -> None:
    raw = auto_reply(sent.return_path)
    assert [(await sent.take(raw)).outcome for _ in range(2)] == ["recorded", "already_recorded"]
    assert (await sent.row())["state"] == "sent"
    report = await get_report(sent.runtime, sent.caller, sent.campaign.uuid)
    assert (report.auto_replies, report.bounced) == (1, 0)


async def test_a_hundred_bounces_are_recorded_in_good_time(sent: Sent) -> None:
    database, tenant_id = sent.runtime.database, sent.caller.tenant_id
    raws: list[bytes] = []
    for number in range(100):
        email = f"p{number}@example.org"
        row = await make_message(
            database, tenant_id, email=email, state="sent", campaign_id=sent.campaign.id
        )
        raws.append(dsn(f"{sent.tokens.return_path(tenant_id, row)}@acme.test", email))
    started = time.perf_counter()
    views = await asyncio.gather(*(sent.take(raw) for raw in raws))
    assert {view.outcome for view in views} == {"recorded"}
    assert time.perf_counter() - started < 10
