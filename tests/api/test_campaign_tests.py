"""Test mails: from any state, to one address, and nothing changes (seed 003)."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from email import message_from_bytes, policy
from email.message import EmailMessage

import httpx2
import pytest
from sqlalchemy import func, select, update

from mailwright.domain.keys import Keys
from mailwright.domain.tokens import MessageRef, Tokens
from mailwright.store import tables
from mailwright.store.database import Database
from mailwright.wire.smtp_reply import Phase
from tests.api.campaign_stories import STATES, code, create, details, put_in, read, ready
from tests.builders import MadeTenant, make_sender
from tests.smtp_sink import SmtpSink

ME = {"email": "me@harbour.example"}


async def _route_to(database: Database, keys: Keys, url: str) -> None:
    async with database.transaction() as connection:
        await connection.execute(update(tables.projects).values(smtp_url_sealed=keys.seal(url)))


@pytest.fixture
async def sink(database: Database, keys: Keys, tenant: MadeTenant) -> AsyncGenerator[SmtpSink]:
    """Where the tenant's mail goes."""
    async with SmtpSink() as made:
        transport = made.transport
        await _route_to(database, keys, f"smtp://{transport.host}:{transport.port}?tls=none")
        yield made


def _mail(sink: SmtpSink) -> EmailMessage:
    (taken,) = sink.mails
    mail = message_from_bytes(taken.raw, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    return mail


def _text(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content())


@pytest.mark.checklist("Z29", "Z12", "Z13", "OUT-06")
async def test_one_mail_goes_to_one_address_as_a_sample_person_gets_it(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant, keys: Keys, sink: SmtpSink
) -> None:
    campaign = await ready(
        api,
        database,
        tenant,
        subject='Hello {{ contact.first_name | default: "friend" }}',
        preheader="What is new",
        reply_to="reply@harbour.example",
        content="Dear {{ first_name }}, see [this](https://harbour.example/a).",
    )
    answer = await api.post(f"{campaign.path}/test", json=ME)
    assert answer.status_code == 200, answer.text
    assert answer.json()["data"]["email"] == ME["email"]
    assert answer.json()["data"]["reply"].startswith("250 ")
    assert sink.recipients == [ME["email"]]
    mail = _mail(sink)
    assert mail["Subject"] == "Hello Ada"
    assert mail["Reply-To"] == "reply@harbour.example"
    assert "Ada" in str(mail["From"])
    html = _text(mail, "html")
    assert html.index("What is new") < html.index("Dear Ada"), "the preheader comes first"
    assert "Dear Ada" in _text(mail, "plain")
    assert 'href="https://harbour.example/a"' in html, "nothing is tracked"
    assert "/u/" in _text(mail, "plain"), "there is a way out, as in the real mail"
    local_part = sink.mails[0].envelope_sender.partition("@")[0]
    assert Tokens(keys).read_return_path(local_part) == MessageRef(tenant.id, 0)


@pytest.mark.checklist("Z30", "Z31")
async def test_a_test_works_from_every_state_and_changes_nothing(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant, sink: SmtpSink
) -> None:
    campaign = await ready(api, database, tenant)
    for state in STATES:
        await put_in(database, campaign.uuid, state)
        before = await read(api, campaign.uuid)
        answer = await api.post(f"{campaign.path}/test", json=ME)
        assert answer.status_code == 200, (state, answer.text)
        assert await read(api, campaign.uuid) == before
    assert sink.recipients == [ME["email"]] * len(STATES), "and nobody of the audience"
    assert (await api.get(f"{campaign.path}/recipients")).json()["data"] == []
    async with database.reading() as connection:
        for table in (tables.messages, tables.events, tables.campaign_transitions):
            assert await connection.scalar(select(func.count()).select_from(table)) == 0


@pytest.mark.checklist("Z32")
async def test_a_test_needs_only_subject_body_and_sender(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant, sink: SmtpSink
) -> None:
    made = await create(api)
    path = f"/campaigns/{made['uuid']}"
    refused = await api.post(f"{path}/test", json=ME)
    assert (refused.status_code, code(refused)) == (422, "CAMPAIGN_NOT_TESTABLE")
    assert details(refused) == {"missing": ["subject", "content", "sender_identity"]}
    sender = await make_sender(database, tenant.id, "post@harbour.example", name="Post")
    await api.patch(
        path, json={"subject": "Hi", "content": "Hello", "from_identity": str(sender.uuid)}
    )
    assert (await read(api, made["uuid"]))["readiness"]["missing"] == ["from_name", "audience"]
    assert (await api.post(f"{path}/test", json=ME)).status_code == 200
    assert _mail(sink)["From"] == "Post <post@harbour.example>"


async def test_a_test_speaks_the_language_asked_for(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant, sink: SmtpSink
) -> None:
    campaign = await ready(api, database, tenant, subject="Hola {{ first_name }}")
    await api.post(f"{campaign.path}/test", json=ME | {"language": "es"})
    assert _mail(sink)["Subject"] == "Hola María"


async def test_what_the_mail_server_says_is_told(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant, keys: Keys, sink: SmtpSink
) -> None:
    campaign = await ready(api, database, tenant)
    sink.answer(Phase.RCPT, "550 5.1.1 no such mailbox", recipient="gone@*")
    answer = await api.post(f"{campaign.path}/test", json={"email": "gone@harbour.example"})
    assert (answer.status_code, code(answer)) == (409, "TEST_SEND_FAILED")
    assert "550 5.1.1 no such mailbox" in answer.json()["error"]["message"]
    await _route_to(database, keys, "smtp://127.0.0.1:1?tls=none")
    away = await api.post(f"{campaign.path}/test", json=ME)
    assert (away.status_code, code(away)) == (409, "TEST_SEND_FAILED")


async def test_a_repeated_call_under_one_key_sends_one_mail(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant, sink: SmtpSink
) -> None:
    campaign = await ready(api, database, tenant)
    headers = {"Idempotency-Key": "try"}
    first = await api.post(f"{campaign.path}/test", json=ME, headers=headers)
    again = await api.post(f"{campaign.path}/test", json=ME, headers=headers)
    assert first.content == again.content
    assert sink.recipients == [ME["email"]]
    other = await api.post(f"{campaign.path}/test", json={"email": "a@b.example"}, headers=headers)
    assert code(other) == "IDEMPOTENCY_KEY_REUSED"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "email"),
        ({"email": "nobody"}, "email"),
        ({"email": "a@b.example\nc@d.example"}, "email"),
        ({"email": ["a@b.example", "c@d.example"]}, "email"),
        ({"email": "a@b.example", "language": "english"}, "language"),
    ],
)
async def test_an_address_that_is_none_is_refused(
    api: httpx2.AsyncClient,
    database: Database,
    tenant: MadeTenant,
    sink: SmtpSink,
    body: dict[str, object],
    field: str,
) -> None:
    campaign = await ready(api, database, tenant)
    answer = await api.post(f"{campaign.path}/test", json=body)
    assert (answer.status_code, list(details(answer))) == (422, [field])
    assert sink.recipients == []


async def test_without_a_running_inbox_the_operator_is_told(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    campaign = await ready(api, database, tenant)
    answer = await api.post(f"{campaign.path}/test", json=ME)
    assert answer.status_code == 503
    assert "mailwright serve" in answer.json()["error"]["message"]
