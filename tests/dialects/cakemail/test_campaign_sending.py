"""Moving campaigns through their lives in Cakemail's words, and test mails."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import func, select, update

from mailwright.domain.keys import Keys
from mailwright.store import tables
from mailwright.store.database import Database
from tests.builders import MadeTenant, make_sender
from tests.clock import Clock
from tests.dialects.cakemail.campaign_stories import create, put_in, read, ready
from tests.dialects.cakemail.document import assert_answer
from tests.smtp_sink import SmtpSink

ONE = "/campaigns/{campaign_id}"
FUTURE = "2030-04-15T10:00:00Z"
FUTURE_UNIX = 1902477600


@pytest.fixture
async def sink(database: Database, keys: Keys, tenant: MadeTenant) -> AsyncGenerator[SmtpSink]:
    """The tenant's mail server."""
    async with SmtpSink() as sink:
        url = f"smtp://{sink.transport.host}:{sink.transport.port}?tls=none"
        async with database.transaction() as connection:
            await connection.execute(update(tables.projects).values(smtp_url_sealed=keys.seal(url)))
        yield sink


@pytest.mark.checklist("C12", "C13", "X03")
@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"test_email": "you@example.com"}, "merged"),
        ({"email": "you@example.com", "type": "separated"}, "separated"),
        ({"test_email": {"email": "you@example.com"}, "type": "merged"}, "merged"),
        ({"emails": ["you@example.com"]}, "merged"),
    ],
)
async def test_a_test_goes_to_one_address_in_any_form_and_changes_nothing(
    client: httpx2.AsyncClient,
    database: Database,
    tenant: MadeTenant,
    sink: SmtpSink,
    body: dict[str, Any],
    kind: str,
) -> None:
    campaign = await ready(client, database, tenant)
    before = await read(client, campaign.id)
    answer = await client.post(f"{campaign.path}/send-test", json=body)
    told = assert_answer(f"{ONE}/send-test", answer)
    assert (told["email"], told["type"], told["sent"]) == ("you@example.com", kind, True)
    assert sink.recipients == ["you@example.com"] * (2 if kind == "separated" else 1)
    assert await read(client, campaign.id) == before
    async with database.reading() as connection:
        assert await connection.scalar(select(func.count()).select_from(tables.messages)) == 0


@pytest.mark.checklist("X03")
async def test_several_addresses_get_a_test_each(
    client: httpx2.AsyncClient, database: Database, tenant: MadeTenant, sink: SmtpSink
) -> None:
    campaign = await ready(client, database, tenant)
    body = {"emails": ["a@example.com", "b@example.com"]}
    assert_answer(f"{ONE}/send-test", await client.post(f"{campaign.path}/send-test", json=body))
    assert sink.recipients == ["a@example.com", "b@example.com"]


@pytest.mark.parametrize(
    "body", [{}, {"test_email": "nobody"}, {"emails": ["a@example.com", "b"]}, {"emails": []}]
)
async def test_a_test_to_nobody_is_refused_and_nothing_is_sent(
    client: httpx2.AsyncClient,
    database: Database,
    tenant: MadeTenant,
    sink: SmtpSink,
    body: dict[str, Any],
) -> None:
    campaign = await ready(client, database, tenant)
    answer = await client.post(f"{campaign.path}/send-test", json=body)
    assert answer.status_code in (400, 422)
    assert_answer(f"{ONE}/send-test", answer, answer.status_code)
    assert sink.recipients == []


@pytest.mark.checklist("C14", "X04")
@pytest.mark.parametrize(
    "body",
    [
        {"scheduled_for": FUTURE},
        {"date": FUTURE_UNIX},
        {"date": str(FUTURE_UNIX), "html_empty": False},
        {"date": FUTURE},
        {"scheduled_at": "2030-04-15T12:00:00+02:00"},
    ],
)
async def test_a_time_may_come_under_each_name(
    client: httpx2.AsyncClient, database: Database, tenant: MadeTenant, body: dict[str, Any]
) -> None:
    campaign = await ready(client, database, tenant)
    told = assert_answer(
        f"{ONE}/schedule", await client.post(f"{campaign.path}/schedule", json=body)
    )
    assert (told["id"], told["scheduled"], told["status"]) == (campaign.id, True, "scheduled")
    assert told["scheduled_for"] == FUTURE_UNIX
    shown = await read(client, campaign.id)
    assert (shown["status"], shown["scheduled_for"]) == ("scheduled", FUTURE_UNIX)
    assert shown["scheduled_on"] > 0


@pytest.mark.checklist("C15", "C16", "X04")
@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"json": {}},
        {"data": {}},
        {"content": b"", "headers": {"Content-Type": "application/json"}},
        {"content": b"", "headers": {"Content-Type": "application/x-www-form-urlencoded"}},
        {"json": {"scheduled_for": None}},
    ],
)
async def test_without_a_time_it_is_sent_now(
    client: httpx2.AsyncClient, database: Database, tenant: MadeTenant, sent: dict[str, Any]
) -> None:
    campaign = await ready(client, database, tenant)
    told = assert_answer(f"{ONE}/schedule", await client.post(f"{campaign.path}/schedule", **sent))
    assert (told["scheduled"], told["status"]) == (True, "delivering")


@pytest.mark.checklist("C10")
async def test_an_unconfirmed_sender_sends_nothing(
    client: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    campaign = await ready(client, database, tenant)
    sender = await make_sender(
        database, tenant.id, "new@elsewhere.example", confirmed_at=None, enabled=False
    )
    body = {"sender": {"sender_id": sender.id}}
    assert (await client.patch(campaign.path, json=body)).status_code == 200
    for body in ({}, {"scheduled_for": FUTURE}):
        answer = await client.post(f"{campaign.path}/schedule", json=body)
        message = assert_answer(f"{ONE}/schedule", answer, 400)["message"]
        assert "confirm" in message
    assert (await read(client, campaign.id))["status"] == "draft"


async def test_what_is_missing_is_named(client: httpx2.AsyncClient) -> None:
    number = (await create(client))["id"]
    answer = await client.post(f"/campaigns/{number}/schedule")
    message = assert_answer(f"{ONE}/schedule", answer, 400)["message"]
    assert all(word in message for word in ("subject", "content", "audience"))


@pytest.mark.parametrize("time", ["2020-01-01T00:00:00Z", "soon", 0, "2^3"])
async def test_a_time_that_is_past_or_none_is_refused(
    client: httpx2.AsyncClient, database: Database, tenant: MadeTenant, time: object
) -> None:
    campaign = await ready(client, database, tenant)
    answer = await client.post(f"{campaign.path}/schedule", json={"scheduled_for": time})
    assert answer.status_code in (400, 422)
    told = assert_answer(f"{ONE}/schedule", answer, answer.status_code)
    assert "scheduled_for" in told["message"]
    assert (await read(client, campaign.id))["status"] == "draft"


@pytest.mark.checklist("X06")
async def test_a_schedule_is_moved_and_taken_back(
    client: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    campaign = await ready(client, database, tenant)
    too_early = await client.post(f"{campaign.path}/reschedule", json={"date": FUTURE_UNIX})
    assert_answer(f"{ONE}/reschedule", too_early, 400)
    await client.post(f"{campaign.path}/schedule", json={"scheduled_for": FUTURE})
    moved = await client.post(f"{campaign.path}/reschedule", json={"date": FUTURE_UNIX + 60})
    assert assert_answer(f"{ONE}/reschedule", moved)["scheduled_for"] == FUTURE_UNIX + 60
    back = await client.post(f"{campaign.path}/unschedule")
    told = assert_answer(f"{ONE}/unschedule", back)
    assert (told["status"], told["scheduled"]) == ("draft", False)
    assert "scheduled_for" not in await read(client, campaign.id)
    assert_answer(f"{ONE}/unschedule", await client.post(f"{campaign.path}/unschedule"), 400)


@pytest.mark.checklist("X06")
async def test_delivery_is_suspended_resumed_and_canceled(
    client: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    campaign = await ready(client, database, tenant)
    for verb in ("suspend", "resume", "cancel"):
        answer = await client.post(f"{campaign.path}/{verb}")
        assert_answer(f"{ONE}/{verb}", answer, 400)
    await client.post(f"{campaign.path}/schedule")
    held = assert_answer(f"{ONE}/suspend", await client.post(f"{campaign.path}/suspend"))
    assert (held["status"], held["suspended"]) == ("delivering", True)
    assert (await read(client, campaign.id))["suspended"] is True
    on = assert_answer(f"{ONE}/resume", await client.post(f"{campaign.path}/resume"))
    assert (on["status"], on["suspended"], on["resumed"]) == ("delivering", False, True)
    over = assert_answer(f"{ONE}/cancel", await client.post(f"{campaign.path}/cancel"))
    assert (over["status"], over["cancelled"]) == ("canceled", True)
    assert_answer(f"{ONE}/resume", await client.post(f"{campaign.path}/resume"), 400)


@pytest.mark.checklist("X06")
async def test_a_scheduled_campaign_is_canceled(
    client: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    campaign = await ready(client, database, tenant)
    await client.post(f"{campaign.path}/schedule", json={"scheduled_for": FUTURE})
    told = assert_answer(f"{ONE}/cancel", await client.post(f"{campaign.path}/cancel"))
    assert told["status"] == "canceled"


@pytest.mark.checklist("X06")
@pytest.mark.parametrize("state", ["sent", "failed", "canceled", "draft"])
async def test_what_is_over_is_archived_and_comes_back(
    client: httpx2.AsyncClient, database: Database, state: str
) -> None:
    number = (await create(client))["id"]
    await put_in(database, number, state)
    before = (await read(client, number))["status"]
    path = f"/campaigns/{number}"
    told = assert_answer(f"{ONE}/archive", await client.post(f"{path}/archive"))
    assert (told["archived"], told["status"]) == (True, "archived")
    assert (await read(client, number))["status"] == "archived"
    assert_answer(ONE, await client.patch(path, json={"name": "x"}), 400)
    told = assert_answer(f"{ONE}/unarchive", await client.post(f"{path}/unarchive"))
    assert (told["archived"], told["status"]) == (False, before)


async def test_what_is_under_way_is_not_archived(
    client: httpx2.AsyncClient, database: Database
) -> None:
    number = (await create(client))["id"]
    await put_in(database, number, "sending")
    answer = await client.post(f"/campaigns/{number}/archive")
    assert_answer(f"{ONE}/archive", answer, 400)


async def test_a_minute_ago_means_now(
    client: httpx2.AsyncClient, database: Database, tenant: MadeTenant, clock: Clock
) -> None:
    campaign = await ready(client, database, tenant)
    at = (clock() - timedelta(seconds=30)).isoformat()
    answer = await client.post(f"{campaign.path}/schedule", json={"scheduled_for": at})
    assert_answer(f"{ONE}/schedule", answer)
