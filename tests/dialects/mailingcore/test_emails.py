"""Single mails through MailingCore's calls."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import func, select, update

from mailwright.dialects.mailingcore.email_shapes import STATUS
from mailwright.domain.email_status import EmailStatus
from mailwright.services import suppressions
from mailwright.services.caller import Caller
from mailwright.services.runtime import Runtime
from mailwright.store import tables
from tests.builders import MadeTenant, make_project, make_sender, make_template, make_version
from tests.clock import Clock
from tests.dialects.mailingcore.conftest import ClientAs

UNKNOWN = "0198e1b2-3c4d-7e5f-8a9b-0c1d2e3f4a5b"
MAIL = {"to": "ada@example.org", "subject": "Your receipt", "htmlBody": "<p>Thank you.</p>"}


@pytest.fixture(autouse=True)
async def sender(runtime: Runtime, tenant: MadeTenant) -> None:
    await make_sender(runtime.database, tenant.id, "shop@example.com", name="The shop")


async def send(client: httpx2.AsyncClient, **body: Any) -> dict[str, Any]:
    answer = await client.post("/emails/send", json=MAIL | body)
    assert answer.status_code == 202, answer.text
    return answer.json()


async def count(runtime: Runtime) -> int:
    async with runtime.database.reading() as connection:
        found = await connection.execute(select(func.count()).select_from(tables.messages))
        return found.scalar_one()


async def set_rows(runtime: Runtime, **values: Any) -> None:
    async with runtime.database.transaction() as connection:
        await connection.execute(update(tables.messages).values(**values))


async def set_quota(runtime: Runtime, tenant: MadeTenant, quota: int) -> None:
    async with runtime.database.transaction() as connection:
        mine = tables.tenants.c.id == tenant.id
        await connection.execute(update(tables.tenants).where(mine).values(monthly_quota=quota))


# --- send


@pytest.mark.checklist("X12")
async def test_a_mail_is_queued_and_in_the_log(client: httpx2.AsyncClient) -> None:
    told = await send(
        client,
        textBody="Thank you.",
        fromEmail="shop@example.com",
        fromName="Ada's shop",
        replyTo="help@example.com",
        tags=["receipt", "order"],
        metadata={"order": 1042, "vip": True, "note": "x"},
        unsubscribeLang="es",
    )
    assert told.keys() == {"id", "status", "queued", "position", "scheduledAt"}
    assert (told["status"], told["queued"], told["position"]) == ("QUEUED", True, 1)
    assert (await send(client))["position"] == 2
    page = (await client.get("/emails/logs")).json()
    assert page["meta"] == {"page": 1, "limit": 20, "total": 2, "totalPages": 1}
    row = page["data"][1]
    assert row["id"] == told["id"]
    assert (row["toEmail"], row["fromEmail"]) == ("ada@example.org", "shop@example.com")
    assert (row["subject"], row["status"]) == ("Your receipt", "QUEUED")
    assert (row["tags"], row["provider"]) == (["receipt", "order"], "smtp")
    assert row["messageId"].endswith("@example.com>")
    assert row["createdAt"].endswith("Z")
    assert (await client.get(f"/emails/logs/{told['id']}")).json() == row


@pytest.mark.checklist("X12")
async def test_what_is_kept_is_what_was_said(client: httpx2.AsyncClient, runtime: Runtime) -> None:
    html = "<a href='{{ unsubscribeUrl }}'>Baja</a> <a href='{{unsubscribeUrl}}?lang=fr'>F</a>"
    await send(client, htmlBody=html, unsubscribeLang="es", metadata={"order": 1042, "vip": True})
    async with runtime.database.reading() as connection:
        content = (await connection.execute(select(tables.email_contents))).one()
        mail = (await connection.execute(select(tables.emails))).one()
    assert "{{ unsubscribeUrl }}?lang=es" in content.html
    assert "{{unsubscribeUrl}}?lang=fr" in content.html
    assert (content.language, mail.door, mail.stream) == ("es", "mailingcore", "transactional")
    assert mail.metadata == {"order": "1042", "vip": "true"}


@pytest.mark.checklist("X12")
@pytest.mark.parametrize("reason", ["bounce", "complaint", "manual"])
async def test_a_suppressed_recipient_is_422(
    client: httpx2.AsyncClient, runtime: Runtime, caller: Caller, reason: str
) -> None:
    await suppressions.add_suppression(runtime, caller, MAIL["to"], reason=reason)
    answer = await client.post("/emails/send", json=MAIL)
    assert answer.status_code == 422
    assert reason in answer.json()["message"]
    assert await count(runtime) == 0


@pytest.mark.checklist("OUT-18")
async def test_who_only_unsubscribed_still_gets_their_receipt(
    client: httpx2.AsyncClient, runtime: Runtime, caller: Caller
) -> None:
    await suppressions.add_suppression(
        runtime, caller, MAIL["to"], reason="unsubscribe", scope="marketing"
    )
    await send(client)


@pytest.mark.checklist("X12")
async def test_the_same_idempotency_key_gets_the_first_answer(
    client: httpx2.AsyncClient, runtime: Runtime
) -> None:
    bodies = [MAIL | {"idempotencyKey": "order-1042", "subject": f"Try {n}"} for n in range(4)]
    answers = await asyncio.gather(*(client.post("/emails/send", json=body) for body in bodies))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert await count(runtime) == 1
    refused = await client.post("/emails/send", json={"idempotencyKey": "k2", "to": "nobody"})
    assert refused.status_code == 400
    mended = await client.post("/emails/send", json=MAIL | {"idempotencyKey": "k2"})
    assert mended.status_code == 202, "a refusal uses no key up"
    long = await client.post("/emails/send", json=MAIL | {"idempotencyKey": "k" * 256})
    assert long.json()["message"].startswith("idempotencyKey: ")


@pytest.mark.checklist("X12")
async def test_sync_waits_for_the_outcome(client: httpx2.AsyncClient, runtime: Runtime) -> None:
    async def deliver() -> None:
        for _ in range(500):
            if await count(runtime):
                break
            await asyncio.sleep(0.02)
        await set_rows(runtime, state="sent", attempts=1, next_attempt_at=None)

    answer, _ = await asyncio.gather(
        client.post("/emails/send", params={"sync": "true"}, json=MAIL), deliver()
    )
    told = answer.json()
    assert (answer.status_code, told["status"]) == (200, "DELIVERED")
    assert (told["queued"], told["position"]) == (False, 0)


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"to": "nobody"}, 400, "to"),
        ({"to": None}, 400, "to"),
        ({"subject": None}, 400, "subject"),
        ({"subject": "x" * 999}, 400, "subject"),
        ({"subject": "a\r\nBcc: b@example.org"}, 400, "subject"),
        ({"htmlBody": None}, 400, "htmlBody"),
        ({"htmlBody": "{{ broken"}, 400, "htmlBody"),
        ({"fromEmail": "stranger@example.com"}, 400, "fromEmail"),
        ({"replyTo": "x"}, 400, "replyTo"),
        ({"tags": ["a b"]}, 400, "tags"),
        ({"tags": ["t"] * 3 + [f"t{n}" for n in range(30)]}, 400, "tags"),
        ({"metadata": {"a": ["b"]}}, 400, "metadata"),
        ({"unsubscribeLang": "../x"}, 400, "unsubscribeLang"),
        ({"subjekt": "x"}, 400, "subjekt"),
        ({"projectId": UNKNOWN}, 404, None),
        (
            {"htmlBody": None, "templateVersionId": UNKNOWN},
            404,
            None,
        ),
    ],
)
async def test_what_is_wrong_is_named_and_nothing_sent(
    client: httpx2.AsyncClient,
    runtime: Runtime,
    body: dict[str, Any],
    status: int,
    field: str | None,
) -> None:
    answer = await client.post("/emails/send", json=MAIL | body)
    assert answer.status_code == status, answer.text
    assert answer.json().keys() == {"statusCode", "message", "path", "timestamp"}
    if field is not None:
        assert answer.json()["message"].startswith(f"{field}"), answer.text
    assert await count(runtime) == 0


async def test_an_account_without_a_sender_is_told_so(
    client: httpx2.AsyncClient, runtime: Runtime
) -> None:
    async with runtime.database.transaction() as connection:
        await connection.execute(update(tables.senders).values(enabled=False))
    answer = await client.post("/emails/send", json=MAIL)
    assert answer.status_code == 422
    assert "sender" in answer.json()["message"]


async def test_scopes_have_mailingcores_names(client_as: ClientAs, tenant: MadeTenant) -> None:
    sending, reading = await client_as(tenant, "email:send"), await client_as(tenant, "email:read")
    made = await send(sending)
    assert (await reading.get(f"/emails/logs/{made['id']}")).status_code == 200
    assert (await sending.get("/emails/logs")).status_code == 403
    refused = await reading.post("/emails/send", json=MAIL)
    assert (refused.status_code, "emails:write" in refused.json()["message"]) == (403, True)


@pytest.mark.checklist("SEC-10")
async def test_another_tenants_mail_is_unknown(
    client: httpx2.AsyncClient, other_client: httpx2.AsyncClient
) -> None:
    made = await send(client)
    for path in (f"/emails/logs/{made['id']}", f"/scheduled-emails/{made['id']}"):
        assert (await other_client.get(path)).status_code == 404
        assert (await client.get(path)).status_code == 200
    assert (await other_client.delete(f"/scheduled-emails/{made['id']}")).status_code == 404
    assert (await other_client.get("/emails/logs")).json()["data"] == []
    assert (await client.get("/emails/logs/x")).status_code == 404


# --- send-template


@pytest.mark.checklist("X12")
async def test_a_template_is_sent_by_its_slug_in_the_readers_language(
    client: httpx2.AsyncClient, runtime: Runtime, tenant: MadeTenant
) -> None:
    made = await make_template(runtime.database, tenant.id, locale="en")
    async with runtime.database.reading() as connection:
        slug = (await connection.execute(select(tables.templates.c.slug))).scalar_one()
        group = (
            await connection.execute(select(tables.template_versions.c.locale_group))
        ).scalar_one()
    await make_version(runtime.database, tenant.id, made.id, locale="es", locale_group=group)
    body = {"slug": slug, "to": MAIL["to"], "data": {"order_number": "1042"}, "locale": "es"}
    answer = await client.post("/emails/send-template", json=body)
    assert answer.status_code == 202, answer.text
    row = (await client.get(f"/emails/logs/{answer.json()['id']}")).json()
    assert row["subject"] == "Hello es"
    by_version = await send(
        client, htmlBody=None, subject=None, templateVersionId=str(made.version.uuid)
    )
    row = (await client.get(f"/emails/logs/{by_version['id']}")).json()
    assert row["subject"] == "Hello en"
    unknown = await client.post("/emails/send-template", json=body | {"slug": "nothing"})
    assert unknown.status_code == 404


# --- batch


@pytest.mark.checklist("X12")
async def test_a_batch_answers_for_each_of_its_recipients(
    client: httpx2.AsyncClient, runtime: Runtime, caller: Caller
) -> None:
    await suppressions.add_suppression(runtime, caller, "gone@example.org")
    people = ["ada@example.org", "gone@example.org", "nobody", "bob@example.org"]
    body = {
        "subject": "Doors open at {{ hour }}",
        "htmlBody": "<p>See you.</p>",
        "data": {"hour": "8", "town": "Bern"},
        "recipients": [{"to": to, "vars": {"hour": str(n)}} for n, to in enumerate(people)],
        "idempotencyKey": "doors",
    }
    answer = await client.post("/emails/batch", json=body)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["accepted"], told["rejected"]) == (2, 2)
    assert [(row["to"], row["status"]) for row in told["results"]] == list(
        zip(people, ["QUEUED", "REJECTED", "REJECTED", "QUEUED"], strict=True)
    )
    assert "suppressed" in told["results"][1]["error"]
    assert told["results"][0]["id"] is not None
    assert told["results"][2]["id"] is None
    async with runtime.database.reading() as connection:
        data = (await connection.execute(select(tables.emails.c.data))).scalars().all()
    assert {"hour": "3", "town": "Bern"} in data
    assert (await client.post("/emails/batch", json=body)).json() == told
    assert await count(runtime) == 2


@pytest.mark.parametrize("people", [0, 101])
async def test_no_or_too_many_recipients_are_refused(
    client: httpx2.AsyncClient, people: int
) -> None:
    body = {"subject": "x", "htmlBody": "y", "recipients": [{"to": MAIL["to"]}] * people}
    answer = await client.post("/emails/batch", json=body)
    assert answer.status_code == 400
    assert answer.json()["message"].startswith("recipients")


# --- the log


@pytest.mark.checklist("X12")
async def test_the_log_is_filtered_counted_and_paged(
    client: httpx2.AsyncClient, runtime: Runtime
) -> None:
    for number in range(5):
        await send(client, to=f"p{number}@example.org", tags=["even"] if number % 2 == 0 else [])
    async with runtime.database.transaction() as connection:
        first = tables.messages.c.email == "p0@example.org"
        await connection.execute(
            update(tables.messages)
            .where(first)
            .values(state="bounced", reply="550 5.1.1 unknown", next_attempt_at=None)
        )
    page = (await client.get("/emails/logs", params={"page": 2, "limit": 2})).json()
    assert [row["toEmail"] for row in page["data"]] == ["p2@example.org", "p1@example.org"]
    assert page["meta"] == {"page": 2, "limit": 2, "total": 5, "totalPages": 3}
    for wanted, expected in (
        ({"status": "BOUNCED"}, ["p0@example.org"]),
        ({"tag": "even", "status": "QUEUED"}, ["p4@example.org", "p2@example.org"]),
        ({"toEmail": "P3@example.org"}, ["p3@example.org"]),
        ({"status": "CANCELLED"}, []),
    ):
        page = (await client.get("/emails/logs", params=wanted)).json()
        assert [row["toEmail"] for row in page["data"]] == expected, wanted
        assert page["meta"]["total"] == len(expected), wanted
    bounced = (await client.get("/emails/logs", params={"status": "BOUNCED"})).json()["data"]
    assert bounced[0]["error"] == "550 5.1.1 unknown"
    assert (await client.get("/emails/logs", params={"status": "sent"})).status_code == 400


def test_every_status_has_a_word() -> None:
    assert STATUS.keys() == set(EmailStatus)


# --- scheduled mails


@pytest.mark.checklist("X12")
async def test_a_mail_is_scheduled_listed_and_canceled(
    client: httpx2.AsyncClient, runtime: Runtime, clock: Clock
) -> None:
    later = (clock() + timedelta(days=1)).replace(microsecond=0).isoformat().replace("+00:00", "Z")
    past = await client.post(
        "/scheduled-emails", json=MAIL | {"scheduledAt": "2001-01-01T00:00:00Z"}
    )
    assert past.status_code == 400
    assert past.json()["message"].startswith("scheduledAt")
    made = await client.post("/scheduled-emails", json=MAIL | {"scheduledAt": later})
    assert made.status_code == 202, made.text
    told = made.json()
    assert (told["status"], told["queued"], told["position"]) == ("SCHEDULED", True, 0)
    await send(client)
    listed = (await client.get("/scheduled-emails")).json()
    assert [row["id"] for row in listed["data"]] == [told["id"]]
    assert listed["meta"]["total"] == 1
    path = f"/scheduled-emails/{told['id']}"
    assert (await client.get(path)).json()["status"] == "SCHEDULED"
    assert (await client.delete(path)).status_code == 204
    assert (await client.get(path)).json()["status"] == "CANCELLED"
    assert (await client.delete(path)).status_code == 409
    assert (await client.get("/scheduled-emails")).json()["data"] == []


# --- quota


@pytest.mark.checklist("X13", "M42")
async def test_the_quota_is_told_and_kept(
    client: httpx2.AsyncClient, runtime: Runtime, tenant: MadeTenant
) -> None:
    assert "X-Quota-Limit" not in (await client.post("/emails/send", json=MAIL)).headers
    await set_quota(runtime, tenant, 10)
    answer = await client.post("/emails/send", json=MAIL)
    names = ("X-Quota-Limit", "X-Quota-Used", "X-Quota-Percentage", "X-Quota-Warning")
    assert [answer.headers.get(name) for name in names] == ["10", "2", "20", None]
    for _ in range(8):
        answer = await client.post("/emails/send", json=MAIL)
    assert [answer.headers.get(name) for name in names] == ["10", "10", "100", "true"]
    assert (await client.post("/emails/send", json=MAIL)).status_code == 202, "grace to 110 %"
    refused = await client.post("/emails/send", json=MAIL)
    assert refused.status_code == 429
    assert refused.json()["quota"] == {"limit": 10, "used": 11, "percentage": 110.0}
    assert refused.json()["statusCode"] == 429
    assert refused.headers["X-Quota-Percentage"] == "110"
    body = {"subject": "x", "htmlBody": "y", "recipients": [{"to": MAIL["to"]}]}
    told = (await client.post("/emails/batch", json=body)).json()
    assert (told["accepted"], told["rejected"]) == (0, 1)


async def test_a_test_keys_mail_goes_to_the_inbox(
    client_as: ClientAs, tenant: MadeTenant, runtime: Runtime
) -> None:
    await set_quota(runtime, tenant, 0)
    client = await client_as(tenant, sandbox=True)
    made = await send(client)
    row = (await client.get(f"/emails/logs/{made['id']}")).json()
    assert row["provider"] == "inbox"


async def test_a_projects_own_sender_speaks(
    client: httpx2.AsyncClient, runtime: Runtime, tenant: MadeTenant
) -> None:
    sender = await make_sender(runtime.database, tenant.id, "brand@example.com")
    project = await make_project(runtime.database, tenant.id, sender_id=sender.id)
    made = await send(client, projectId=str(project.uuid))
    row = (await client.get(f"/emails/logs/{made['id']}")).json()
    assert row["fromEmail"] == "brand@example.com"
