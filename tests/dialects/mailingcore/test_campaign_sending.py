"""The workflow of seed 002 on a real engine: test, schedule or send, poll, cancel."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage

import httpx2
import pytest
from sqlalchemy import func, select, update
from starlette.types import ASGIApp

from mailwright.app import create_web_app
from mailwright.domain.campaign_lifecycle import CampaignState
from mailwright.domain.keys import Keys
from mailwright.services.runtime import Runtime, utc_now
from mailwright.store.database import Database
from mailwright.store.tables import campaigns, messages, projects, tenants
from mailwright.wire.smtp_reply import Phase
from tests.builders import MadeTenant, make_contact, make_project, make_sender
from tests.dialects.mailingcore.campaign_stories import (
    create,
    load,
    made,
    ready,
    status,
    until,
    until_status,
    working,
)
from tests.smtp_sink import SmtpSink

LATER = {"scheduledAt": "2099-07-01T09:00:00.000Z", "timezone": "Europe/Madrid"}
FIVE = [f"tester{number}@example.com" for number in range(5)]


@pytest.fixture
async def runtime(runtime: Runtime) -> Runtime:
    """With a clock that goes: schedules are waited for."""
    return replace(runtime, now=utc_now)


@pytest.fixture
def application(runtime: Runtime) -> ASGIApp:
    return create_web_app(runtime)


@pytest.fixture
async def sink(database: Database, keys: Keys, tenant: MadeTenant) -> AsyncGenerator[SmtpSink]:
    """Where the tenant's mail goes."""
    async with SmtpSink() as sink:
        url = f"smtp://{sink.transport.host}:{sink.transport.port}?tls=none"
        async with database.transaction() as connection:
            await connection.execute(update(projects).values(smtp_url_sealed=keys.seal(url)))
        yield sink


@pytest.fixture
async def sender(database: Database, tenant: MadeTenant) -> None:
    await make_sender(database, tenant.id, "news@example.com", name="Harbour Post")


def _mail(sink: SmtpSink, recipient: str) -> EmailMessage:
    (taken,) = [mail for mail in sink.mails if mail.recipients == (recipient,)]
    mail = message_from_bytes(taken.raw, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    return mail


def _html(mail: EmailMessage) -> str:
    part = mail.get_body(("html",))
    assert part is not None
    return str(part.get_content())


async def _people(database: Database, tenant: MadeTenant) -> int:
    async with database.reading() as connection:
        found = select(func.count()).where(messages.c.tenant_id == tenant.id)
        return (await connection.execute(found)).scalar_one()


@pytest.mark.checklist("M09", "M30", "M32", "M34")
@pytest.mark.parametrize("emails", [FIVE[:1], FIVE])
@pytest.mark.usefixtures("sender")
async def test_each_test_address_gets_a_mail_final_to_the_last_link(
    client: httpx2.AsyncClient,
    database: Database,
    tenant: MadeTenant,
    sink: SmtpSink,
    emails: list[str],
) -> None:
    path = await ready(client, subject="What's new in June")
    told = await made(await client.post(f"{path}/test", json={"emails": emails}), 200)
    assert told["sent"] == len(emails)
    assert [result["email"] for result in told["results"]] == emails
    assert sorted(sink.recipients) == sorted(emails)
    for email in emails:
        mail = _mail(sink, email)
        assert mail["Subject"] == "What's new in June"
        assert "Harbour Post" in str(mail["From"])
        html = _html(mail)
        assert "{{" not in html
        assert 'href="https://harbour.example/a"' in html
        (link,) = re.findall(r'href="(http[^"]*/u/[^"]+)"', html)
        page = link[link.index("/u/") :]
        opened = await client.get(f"http://mailwright.test{page}")
        assert opened.status_code == 200
        assert (await client.post(f"http://mailwright.test{page}")).status_code < 400
    assert await status(client, path) == "DRAFT"
    assert await _people(database, tenant) == 0


@pytest.mark.checklist("M31")
@pytest.mark.parametrize("emails", [[], [*FIVE, "six@example.com"], [FIVE[0], "nobody"]])
@pytest.mark.usefixtures("sender")
async def test_no_six_or_wrong_addresses_are_refused(
    client: httpx2.AsyncClient, sink: SmtpSink, emails: list[str]
) -> None:
    path = await ready(client)
    told = await made(await client.post(f"{path}/test", json={"emails": emails}), 400)
    assert told["message"].startswith("emails")
    assert sink.recipients == []


@pytest.mark.usefixtures("sender")
async def test_a_refused_test_address_is_told(client: httpx2.AsyncClient, sink: SmtpSink) -> None:
    path = await ready(client)
    sink.answer(Phase.RCPT, "550 5.1.1 no such user", recipient="tester0@*")
    told = await made(await client.post(f"{path}/test", json={"emails": FIVE[:2]}), 200)
    assert [result["status"] for result in told["results"]] == ["REJECTED", "SENT"]
    assert "no such user" in told["results"][0]["message"]
    refused = await client.post(f"{path}/test", json={"emails": FIVE[:1]})
    assert refused.status_code == 409


async def test_without_a_sender_nothing_is_sent(client: httpx2.AsyncClient) -> None:
    path = await ready(client)
    for act, body in (("test", {"emails": FIVE[:1]}), ("schedule", LATER), ("send", None)):
        told = await made(await client.post(f"{path}/{act}", json=body), 422)
        assert "sender" in told["message"]
    assert await status(client, path) == "DRAFT"


async def test_a_projects_sender_comes_before_the_tenants_first(
    client: httpx2.AsyncClient, database: Database, tenant: MadeTenant, sink: SmtpSink
) -> None:
    await make_sender(database, tenant.id, "first@example.com")
    brand = await make_sender(database, tenant.id, "brand@example.com", name="Brand")
    project = await make_project(
        database, tenant.id, sender_id=brand.id, smtp_url_sealed=await _sealed(database, tenant)
    )
    of_project = await ready(client, projectId=str(project.uuid))
    await made(await client.post(f"{of_project}/test", json={"emails": FIVE[:1]}), 200)
    assert "Brand <brand@example.com>" in str(_mail(sink, FIVE[0])["From"])
    of_tenant = await made(await client.patch(of_project, json={"projectId": None}), 200)
    assert of_tenant["fromEmail"] is None
    await made(await client.post(f"{of_project}/test", json={"emails": FIVE[1:2]}), 200)
    assert "first@example.com" in str(_mail(sink, FIVE[1])["From"])


async def _sealed(database: Database, tenant: MadeTenant) -> bytes:
    async with database.reading() as connection:
        found = select(projects.c.smtp_url_sealed).where(projects.c.id == tenant.project_id)
        return (await connection.execute(found)).scalar_one()


@pytest.mark.checklist(
    "M16", "M21", "M22", "M24", "M25", "M37", "M38", "M39", "M40", "M41", "M50", "M09"
)
@pytest.mark.usefixtures("sender")
async def test_a_campaign_is_sent_to_everybody_who_fits_and_nobody_else(
    client: httpx2.AsyncClient, runtime: Runtime, sink: SmtpSink
) -> None:
    pro = {"locale": "en", "attributes": {"plan": "pro"}}
    path = await ready(client, audienceFilter={**pro, "optIn": True})
    await load(
        client,
        {"email": "fits@example.com", **pro},
        {"email": "free@example.com", "locale": "en", "attributes": {"plan": "free"}},
        {"email": "spanish@example.com", **pro, "locale": "es"},
        {"email": "left@example.com", **pro, "optIn": False},
        {"email": "suppressed@example.com", **pro},
        {"email": "late@example.com", **pro},
    )
    await made(await client.post("/suppressions", json={"email": "suppressed@example.com"}))
    sent = await made(await client.post(f"{path}/send"), 202)
    assert sent["status"] == "SENDING"
    async with working(runtime):
        await until_status(client, path, "SENT")
    assert sorted(sink.recipients) == ["fits@example.com", "late@example.com"]
    mail = _mail(sink, "fits@example.com")
    assert mail["Subject"] == "Template's subject"
    links = [
        re.findall(r'href="(http[^"]*/u/[^"]+)"', _html(_mail(sink, who)))
        for who in sink.recipients
    ]
    assert links[0] != links[1], "everybody has a link of their own"
    (link,) = links[0]
    gone = await client.post(f"http://mailwright.test{link[link.index('/u/') :]}")
    assert gone.status_code < 400
    left = (await client.get("/contacts?optIn=false")).json()["data"]
    assert {row["email"] for row in left} == {"left@example.com", sink.recipients[0]}
    for act, body in (("send", None), ("schedule", LATER), ("cancel", None)):
        refused = await made(await client.post(f"{path}/{act}", json=body), 409)
        assert "sent" in refused["message"]


@pytest.mark.checklist("M23")
@pytest.mark.usefixtures("sender")
async def test_a_projects_audience_is_its_own(
    client: httpx2.AsyncClient,
    database: Database,
    tenant: MadeTenant,
    runtime: Runtime,
    sink: SmtpSink,
) -> None:
    project = await make_project(
        database, tenant.id, smtp_url_sealed=await _sealed(database, tenant)
    )
    await load(
        client,
        {"email": "brand@example.com", "projectId": str(project.uuid)},
        {"email": "other@example.com"},
    )
    path = await ready(client, audienceFilter={"projectId": str(project.uuid)})
    await made(await client.post(f"{path}/send"), 202)
    async with working(runtime):
        await until_status(client, path, "SENT")
    assert sink.recipients == ["brand@example.com"]


@pytest.mark.checklist("M35", "M36", "M20")
@pytest.mark.usefixtures("sender")
async def test_a_scheduled_campaign_leaves_by_itself(
    client: httpx2.AsyncClient, runtime: Runtime, sink: SmtpSink
) -> None:
    await load(client, {"email": "a@example.com"})
    path = await ready(client)
    at = datetime.now(UTC) + timedelta(seconds=3)
    body = {
        "scheduledAt": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "timezone": "Europe/Madrid",
    }
    told = await made(await client.post(f"{path}/schedule", json=body), 200)
    assert told["status"] == "SCHEDULED"
    assert {name: told[name] for name in body} == body
    async with working(runtime):
        await until_status(client, path, "SENT")
    assert datetime.now(UTC) > at
    assert sink.recipients == ["a@example.com"]


@pytest.mark.checklist("M20", "M35", "U07")
@pytest.mark.usefixtures("sender")
async def test_wall_clock_times_are_those_of_the_zone(client: httpx2.AsyncClient) -> None:
    path = await ready(client, timezone="Europe/Madrid")
    for wrong, field in (
        ({"scheduledAt": "2020-07-01T09:00:00.000Z"}, "scheduledAt: "),
        ({"scheduledAt": "tomorrow"}, "scheduledAt: "),
        ({"timezone": "Europe/Madrid"}, "scheduledAt: "),
        (LATER | {"timezone": "Europe/Atlantis"}, "timezone: "),
    ):
        told = await made(await client.post(f"{path}/schedule", json=wrong), 400)
        assert told["message"].startswith(field)
        assert await status(client, path) == "DRAFT"
    body = {"scheduledAt": "2099-07-01T09:00:00"}
    told = await made(await client.post(f"{path}/schedule", json=body), 200)
    assert told["scheduledAt"] == "2099-07-01T07:00:00.000Z"
    assert told["timezone"] == "Europe/Madrid"


@pytest.mark.checklist("M46", "M48")
@pytest.mark.usefixtures("sender")
async def test_a_scheduled_campaign_is_canceled_before_anything_is_sent(
    client: httpx2.AsyncClient, database: Database, tenant: MadeTenant, sink: SmtpSink
) -> None:
    await load(client, {"email": "a@example.com"})
    path = await ready(client)
    assert (await client.post(f"{path}/schedule", json=LATER)).status_code == 200
    told = await made(await client.post(f"{path}/cancel"), 200)
    assert told["status"] == "CANCELLED"
    assert await _people(database, tenant) == 0
    assert sink.recipients == []
    refused = await client.post(f"{path}/send")
    assert refused.status_code == 409, "cancel is for good"


@pytest.mark.checklist("M47", "M48")
@pytest.mark.usefixtures("sender")
async def test_a_campaign_in_flight_stops_at_once(
    client: httpx2.AsyncClient,
    runtime: Runtime,
    database: Database,
    sink: SmtpSink,
) -> None:
    sink.answer(Phase.DATA, "delay 0.1")
    await load(client, *({"email": f"p{number}@example.com"} for number in range(400)))
    path = await ready(client)
    assert (await client.post(f"{path}/send")).status_code == 202
    async with working(runtime):

        async def some_left() -> bool:
            return len(sink.recipients) >= 5

        await until(some_left)
        assert await status(client, path) == "SENDING"
        told = await made(await client.post(f"{path}/cancel"), 200)
        assert told["status"] == "CANCELLED"

        async def closed() -> bool:
            async with database.reading() as connection:
                found = select(messages.c.state, func.count()).group_by(messages.c.state)
                tally = {row[0]: row[1] for row in await connection.execute(found)}
            return set(tally) <= {"sent", "canceled"} and tally.get("sent") == len(sink.recipients)

        await until(closed)
        assert 5 <= len(sink.recipients) < 100
    assert await status(client, path) == "CANCELLED"


@pytest.mark.parametrize("state", ["draft", "queued", "paused"])
async def test_whatever_is_not_over_can_be_canceled(
    client: httpx2.AsyncClient, database: Database, state: str
) -> None:
    campaign = await create(client)
    async with database.transaction() as connection:
        await connection.execute(update(campaigns).values(state=CampaignState(state)))
    told = await made(await client.post(f"/campaigns/{campaign['id']}/cancel"), 200)
    assert told["status"] == "CANCELLED"


@pytest.mark.checklist("M42", "X13")
@pytest.mark.usefixtures("sender")
async def test_the_months_quota_is_told_and_kept(
    client: httpx2.AsyncClient,
    runtime: Runtime,
    database: Database,
    tenant: MadeTenant,
    sink: SmtpSink,
) -> None:
    for number in range(5):
        await make_contact(database, tenant.id, f"p{number}@example.com")
    unlimited = await client.post(f"{await ready(client)}/schedule", json=LATER)
    assert "X-Quota-Limit" not in unlimited.headers
    async with database.transaction() as connection:
        await connection.execute(update(tenants).values(monthly_quota=4))
    path = await ready(client)
    answer = await client.post(f"{path}/send")
    assert answer.status_code == 202
    assert answer.headers["X-Quota-Limit"] == "4"
    assert answer.headers["X-Quota-Used"] == "0"
    assert answer.headers["X-Quota-Percentage"] == "0"
    assert "X-Quota-Warning" not in answer.headers
    async with working(runtime):
        await until_status(client, path, "SENT")
    assert len(sink.recipients) == 4
    warned = await client.post(f"{await ready(client)}/schedule", json=LATER)
    assert warned.headers["X-Quota-Used"] == "4"
    assert warned.headers["X-Quota-Percentage"] == "100"
    assert warned.headers["X-Quota-Warning"] == "true"


@pytest.mark.checklist("M43", "M44")
@pytest.mark.usefixtures("sender")
async def test_everybody_gets_the_variant_of_their_locale(
    client: httpx2.AsyncClient, runtime: Runtime, sink: SmtpSink
) -> None:
    body = {"name": "T", "subject": "Hello", "htmlBody": "<p>Hello</p>", "locale": "en"}
    template = await made(await client.post("/templates", json=body))
    base = template["versions"][0]["id"]
    versions = f"/templates/{template['id']}/versions"
    hola = {"locale": "es", "localeGroupId": base, "subject": "Hola", "htmlBody": "<p>Hola</p>"}
    spanish = (await made(await client.post(versions, json=hola)))["id"]
    for version in (base, spanish):
        await made(await client.post(f"{versions}/{version}/publish"), 200)
    await load(
        client,
        {"email": "ada@example.com", "locale": "en"},
        {"email": "zoe@example.com", "locale": "es-MX"},
        {"email": "luc@example.com", "locale": "fr"},
    )
    campaign = await create(client, templateVersionId=base)
    path = f"/campaigns/{campaign['id']}"
    await made(await client.post(f"{path}/send"), 202)
    async with working(runtime):
        await until_status(client, path, "SENT")
    subjects = {who: _mail(sink, who)["Subject"] for who in sink.recipients}
    assert subjects == {
        "ada@example.com": "Hello",
        "zoe@example.com": "Hola",
        "luc@example.com": "Hello",
    }


@pytest.mark.checklist("M45")
@pytest.mark.usefixtures("sender")
async def test_one_campaign_per_language_is_the_alternative(
    client: httpx2.AsyncClient, runtime: Runtime, sink: SmtpSink
) -> None:
    await load(
        client,
        {"email": "ada@example.com", "locale": "en"},
        {"email": "zoe@example.com", "locale": "es"},
    )
    paths = [
        await ready(client, subject=subject, audienceFilter={"locale": locale})
        for locale, subject in (("en", "Hello"), ("es", "Hola"))
    ]
    for path in paths:
        await made(await client.post(f"{path}/send"), 202)
    async with working(runtime):
        for path in paths:
            await until_status(client, path, "SENT")
    assert _mail(sink, "ada@example.com")["Subject"] == "Hello"
    assert _mail(sink, "zoe@example.com")["Subject"] == "Hola"
    assert len(sink.recipients) == 2


@pytest.mark.checklist("M15")
@pytest.mark.usefixtures("sender")
async def test_a_version_taken_back_is_not_sent(client: httpx2.AsyncClient, sink: SmtpSink) -> None:
    path = await ready(client)
    campaign = await made(await client.get(path), 200)
    version = f"/templates/{campaign['templateId']}/versions/{campaign['templateVersionId']}"
    await made(await client.post(f"{version}/unpublish"), 200)
    for act, body in (("test", {"emails": FIVE[:1]}), ("schedule", LATER), ("send", None)):
        told = await made(await client.post(f"{path}/{act}", json=body), 422)
        assert "not published" in told["message"]
    assert await status(client, path) == "DRAFT"
    assert sink.recipients == []
