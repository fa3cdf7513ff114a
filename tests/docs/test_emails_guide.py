"""The examples of the guide to single mails work as they stand."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest

from mailwright.api.application import create_api
from mailwright.domain.doors import Door
from mailwright.domain.email_status import EmailStatus
from mailwright.services.api_keys import NewApiKey, create_api_key
from mailwright.services.caller import Caller
from mailwright.services.runtime import Runtime
from tests.builders import MadeTenant, make_sender

GUIDE = (Path(__file__).parents[2] / "docs" / "guides" / "emails.md").read_text()


@pytest.fixture
async def client(runtime: Runtime, tenant: MadeTenant) -> httpx2.AsyncClient:
    await make_sender(runtime.database, tenant.id)
    owner = Caller(tenant.id, "member:test", Door.API, frozenset({"*"}))
    _, key = await create_api_key(runtime, owner, NewApiKey("test", ("*",)))
    transport = httpx2.ASGITransport(create_api(runtime))
    headers = {"Authorization": f"Bearer {key}"}
    return httpx2.AsyncClient(transport=transport, base_url="http://t.test", headers=headers)


def _blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)


async def test_the_examples_work(client: httpx2.AsyncClient) -> None:
    send, look = _blocks("sh")
    body: dict[str, Any] = json.loads(send.partition("-d '")[2].rpartition("'")[0])
    answer = await client.post("/emails", json=body, headers={"Idempotency-Key": "order-4711"})
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = json.loads(_blocks("json")[0])["data"]
    made = answer.json()["data"]
    assert told.keys() <= made.keys()
    same = ("status", "stream", "to", "tags")
    assert {name: made[name] for name in same} == {name: told[name] for name in same}
    shown = await client.get(f"/emails/{made['uuid']}/render")
    assert "Dear customer, thank you for order 4711." in shown.json()["data"]["html"]
    query = urlsplit(look.partition("$MAILWRIGHT_URL")[2].rpartition('"')[0]).query
    assert (await client.get(f"/events?{query}")).json()["data"] == []
    await client.aclose()


def test_every_status_is_named() -> None:
    assert all(f"`{status}`" in GUIDE for status in EmailStatus)
