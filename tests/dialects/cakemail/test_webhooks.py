"""Webhooks in Cakemail's form, and what their receivers get (X10; vendors.md 1.1.1)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import httpx2
import pytest

from mailwright.domain.webhook_event import EventType, WebhookDialect
from mailwright.services import webhook_events
from mailwright.services.caller import Caller
from mailwright.services.runtime import Runtime
from mailwright.services.webhook_events import Fact
from tests.builders import MadeTenant
from tests.dialects.cakemail.conftest import ClientAs, client_of, make_key
from tests.dialects.cakemail.document import assert_answer
from tests.services.webhook_stage import webhook_stage

PATH = "/webhooks"
ONE = "/webhooks/{webhook_id}"
NEW: dict[str, Any] = {"event": "Email.Bounced", "url": "https://shop.example/hooks/mail"}


@pytest.mark.checklist("X10")
async def test_a_webhook_is_made_read_changed_and_archived(
    client: httpx2.AsyncClient, other_client: httpx2.AsyncClient
) -> None:
    made = assert_answer(PATH, await client.post(PATH, json=NEW), 201)
    assert made["id"].isdigit()
    assert made["data"] == {
        "id": made["id"],
        "status": "active",
        "events": ["Email.Bounced"],
        "rate_limit": 50,
        "rate_limit_period": "second",
        **NEW,
    }
    path = f"{PATH}/{made['id']}"
    told = assert_answer(ONE, await client.get(path))
    assert told["signature"]["hash_function"] == "sha256"
    assert len(told["signature"]["key"]) >= 32
    assert_answer(ONE, await other_client.get(path), 404)
    change = {"rate_limit": 5, "rate_limit_period": "minute", "event": "Email.Clicked"}
    told = assert_answer(ONE, await client.patch(path, json=change))
    assert told["patched"] is True
    assert told["data"] | change == told["data"]
    archive = f"{ONE}/archive"
    told = assert_answer(archive, await client.post(f"{path}/archive"))
    assert (told["archived"], told["data"]["status"]) == (True, "archived")
    assert assert_answer(PATH, await client.get(PATH))["data"] == []
    [row] = assert_answer(PATH, await client.get(f"{PATH}?with_archived=true"))["data"]
    assert row["id"] == made["id"]
    told = assert_answer(f"{ONE}/unarchive", await client.post(f"{path}/unarchive"))
    assert (told["archived"], told["data"]["status"]) == (False, "active")


async def test_the_vendors_programs_form_is_taken(client: httpx2.AsyncClient) -> None:
    secret = "a secret of thirty-two characters or more"
    body = {"url": NEW["url"], "events": ["email.sent", "email.opened"], "name": "Shop"}
    made = (await client.post(PATH, json=body | {"secret": secret})).json()
    assert made["data"]["events"] == ["Email.Sent", "Email.Opened"]
    assert made["data"]["name"] == "Shop"
    told = (await client.get(f"{PATH}/{made['id']}")).json()
    assert told["signature"]["key"] == secret
    other = await client.patch(f"{PATH}/{made['id']}", json={"secret": "b" * 40})
    assert_answer(ONE, other)
    told = (await client.get(f"{PATH}/{made['id']}")).json()
    assert told["signature"]["key"] == "b" * 40


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"event": "Account.Created"}, 400, "event"),
        ({"event": "Contact.Eaten"}, 400, "event"),
        ({"event": None}, 400, "events"),
        ({"url": "http://127.0.0.1/"}, 400, "url"),
        ({"url": ""}, 422, "url"),
        ({"secret": "short"}, 400, "secret"),
        ({"rate_limit": 0}, 422, "rate_limit"),
        ({"rate_limit_period": "hour"}, 422, "rate_limit_period"),
    ],
)
async def test_what_is_wrong_is_named_and_nothing_is_made(
    client: httpx2.AsyncClient, change: dict[str, Any], status: int, field: str
) -> None:
    told = assert_answer(PATH, await client.post(PATH, json=NEW | change), status)
    assert told["detail"][0]["loc"] == ["body", field]
    assert assert_answer(PATH, await client.get(PATH))["data"] == []


async def test_the_key_is_shown_to_whoever_may_change_the_webhook(
    client: httpx2.AsyncClient, client_as: ClientAs, tenant: MadeTenant
) -> None:
    number = (await client.post(PATH, json=NEW)).json()["id"]
    reader = await client_as(tenant, "webhooks:read")
    told = assert_answer(ONE, await reader.get(f"{PATH}/{number}"))
    assert told["signature"] == {"hash_function": "sha256"}
    assert_answer(f"{ONE}/archive", await reader.post(f"{PATH}/{number}/archive"), 403)


@pytest.mark.checklist("X10")
async def test_a_receiver_gets_the_event_signed_over_the_raw_body(
    runtime: Runtime, caller: Caller, tenant: MadeTenant
) -> None:
    opened = EventType.EMAIL_OPENED
    async with webhook_stage(runtime, caller, opened, dialect=WebhookDialect.CAKEMAIL) as stage:
        fact = Fact(tenant.id, opened, runtime.now(), data={"email": "zoë@example.org"})
        async with stage.runtime.database.transaction() as connection:
            await webhook_events.emit(connection, [fact])
        await stage.deliver()
        [received] = stage.receiver.requests
        digest = hmac.new(stage.secret.encode(), received.body, hashlib.sha256).digest()
        assert received.headers["x-signature"] == base64.b64encode(digest).decode()
        told = json.loads(received.body)
        assert told["event"] == "Email.Opened"
        assert told["account_id"] == str(tenant.id)
        assert told["created_on"] == int(runtime.now().timestamp())
        assert told["data"]["email"] == "zoë@example.org"
        assert [row["state"] for row in await stage.deliveries()] == ["delivered"]


async def test_a_key_shown_by_the_api_verifies_what_is_sent(
    runtime: Runtime, caller: Caller, tenant: MadeTenant, application: Any
) -> None:
    async with webhook_stage(runtime, caller, dialect=WebhookDialect.CAKEMAIL) as stage:
        async with client_of(application, await make_key(runtime, tenant)) as client:
            [row] = (await client.get(PATH)).json()["data"]
            shown = (await client.get(f"{PATH}/{row['id']}")).json()
        assert shown["signature"]["key"] == stage.secret
