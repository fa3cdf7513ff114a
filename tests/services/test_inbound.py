"""What comes back is read for what it is, and taken only on a token of ours."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mailwright.domain.keys import Keys
from mailwright.domain.tokens import Tokens
from mailwright.errors import Forbidden
from mailwright.services.caller import Caller
from mailwright.services.inbound import take_inbound, take_returned
from mailwright.services.inbound_views import InboundView
from mailwright.services.runtime import Runtime
from mailwright.store import tables
from tests.builders import MadeTenant, make_message, make_tenant
from tests.returned_mails import complaint, dsn
from tests.services.inbound_stage import ADA, Sent, make_sent


@pytest.fixture
async def sent(runtime: Runtime, tenant: MadeTenant, caller: Caller) -> Sent:
    return await make_sent(runtime, tenant, caller)


@pytest.mark.parametrize("action", ["delayed", "delivered", "relayed", "expanded"])
async def test_reports_of_anything_but_failure_change_nothing(sent: Sent, action: str) -> None:
    view = await sent.take(dsn(sent.return_path, ADA, action=action, status="4.4.7"))
    assert (view.kind, view.outcome) == ("delivery_report", "ignored")
    assert (await sent.row())["state"] == "sent"


@pytest.mark.parametrize("header", ["Delivered-To", "X-Original-To", "Envelope-To"])
async def test_the_envelopes_recipient_is_found_in_the_headers_of_servers(
    sent: Sent, header: str
) -> None:
    raw = dsn("bounces@acme.test", ADA, headers=f"{header}: {sent.return_path.upper()}")
    assert (await sent.take(raw)).outcome == "recorded"


async def test_the_envelopes_recipient_may_be_told_beside_the_mail(sent: Sent) -> None:
    raw = dsn("postmaster@acme.test", ADA)
    assert (await sent.take(raw)).outcome == "no_message"
    assert (await sent.take(raw, sent.return_path)).outcome == "recorded"


@pytest.mark.checklist("SEC-16")
async def test_forged_bounces_change_nothing(sent: Sent, runtime: Runtime) -> None:
    tenant_id = sent.caller.tenant_id
    real = sent.return_path
    strangers_keys = Tokens(Keys("another installation's secret of 32 characters"))
    other = await make_message(runtime.database, tenant_id, email="bob@example.org", state="sent")
    foreign = Tokens(runtime.keys).message_id(tenant_id, other, "acme.test")
    forged = {
        "no token": dsn("b-aaaa@acme.test", ADA),
        "a token with another last letter": dsn(
            real.replace("@", "").replace("acme.test", "")[:-1] + "x@acme.test", ADA
        ),
        "another installation's": dsn(
            f"{strangers_keys.return_path(tenant_id, sent.message_id)}@acme.test", ADA
        ),
        "a report about somebody else": dsn(real, "bob@example.org"),
        "a report without a recipient": dsn(real, ""),
        "a report about another mail": dsn(real, ADA, returned=f"Message-ID: {foreign}"),
    }
    for name, raw in forged.items():
        view = await sent.take(raw)
        assert view.outcome in {"no_message", "inconsistent"}, name
    assert {row["state"] for row in await sent.rows(tables.messages)} == {"sent"}
    for table in (tables.suppressions, tables.events, tables.campaign_counters):
        assert await sent.rows(table) == []


@pytest.mark.checklist("SEC-10")
async def test_a_tenant_records_nothing_of_another(sent: Sent) -> None:
    other = await make_tenant(sent.runtime.database, "globex")
    stranger = replace(sent.caller, tenant_id=other.id)
    raw = dsn(sent.return_path, ADA)
    view = await take_inbound(sent.runtime, stranger, raw)
    assert view == InboundView(view.kind, view.outcome)
    assert view.outcome == "no_message"
    assert (await sent.row())["state"] == "sent"
    assert (await take_returned(sent.runtime, raw, [])).outcome == "recorded"


async def test_a_test_mails_bounce_is_taken_and_forgotten(sent: Sent) -> None:
    token = sent.tokens.return_path(sent.caller.tenant_id, 0)
    assert (await sent.take(dsn(f"{token}@acme.test", ADA))).outcome == "test_mail"


async def test_a_mail_that_is_gone_is_no_error(sent: Sent) -> None:
    token = sent.tokens.return_path(sent.caller.tenant_id, 987_654)
    assert (await sent.take(dsn(f"{token}@acme.test", ADA))).outcome == "no_message"


@pytest.mark.parametrize("feedback", ["not-spam", "auth-failure", "dmarc"])
async def test_reports_that_are_no_complaints_change_nothing(sent: Sent, feedback: str) -> None:
    view = await sent.take(complaint(sent.headers, feedback=feedback))
    assert (view.kind, view.outcome) == ("unknown", "ignored")
    assert (await sent.row())["complained_at"] is None


async def test_a_forged_complaint_changes_nothing(sent: Sent) -> None:
    raw = complaint("Message-ID: <x@acme.test>\r\nTo: Ada@example.org", to=sent.return_path)
    assert (await sent.take(raw)).outcome == "no_message"
    assert (await sent.row())["complained_at"] is None


async def test_a_letter_is_left_alone(sent: Sent) -> None:
    raw = b"From: ada@example.org\r\nTo: " + sent.return_path.encode() + b"\r\n\r\nThank you!"
    view = await sent.take(raw)
    assert (view.kind, view.outcome) == ("unknown", "ignored")


async def test_it_needs_its_scope(sent: Sent) -> None:
    with pytest.raises(Forbidden, match="events:write"):
        await take_inbound(sent.runtime, replace(sent.caller, granted=frozenset()), b"x")
