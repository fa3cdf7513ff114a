"""`/inbox` through the native API, with a real key."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import httpx2
import pytest

from mailwright.api.application import create_api
from mailwright.domain.tokens import Tokens
from mailwright.services import inbox
from mailwright.services.api_keys import NewApiKey, create_api_key
from mailwright.services.caller import Caller
from mailwright.services.runtime import Runtime
from mailwright.store.database import Database
from mailwright.wire.smtp_listener import CapturedMail
from tests.builders import MadeTenant, make_campaign, make_message

RAW = b"From: A <a@example.com>\r\nTo: b@example.com\r\nSubject: Hi %d\r\n\r\nBody \xff"


@pytest.fixture
async def client(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> AsyncGenerator[httpx2.AsyncClient]:
    _, key = await create_api_key(runtime, caller, NewApiKey("test", ("inbox:read", "inbox:write")))
    sender = Tokens(runtime.keys).return_path(tenant.id, 0) + "@example.com"
    for number in range(3):
        mail = CapturedMail(sender, ("b@example.com",), RAW % number, "127.0.0.1", "x", None)
        await inbox.capture(runtime, mail)
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(create_api(runtime)),
        base_url="http://api",
        headers={"Authorization": f"Bearer {key}"},
    ) as made:
        yield made


async def test_the_inbox_is_listed_searched_and_read_on(client: httpx2.AsyncClient) -> None:
    body = (await client.get("/inbox", params={"per_page": 2})).json()
    assert [row["subject"] for row in body["data"]] == ["Hi 2", "Hi 1"]
    pagination = body["pagination"]
    assert (pagination["current_page"], pagination["per_page"], pagination["total"]) == (1, 2, 3)
    rest = await client.get("/inbox", params={"cursor": pagination["next_cursor"]})
    assert [row["subject"] for row in rest.json()["data"]] == ["Hi 0"]
    found = await client.get("/inbox", params={"search": "hi 1"})
    assert found.json()["pagination"]["total"] == 1


async def test_one_mail_comes_apart_and_raw(client: httpx2.AsyncClient) -> None:
    uuid = (await client.get("/inbox")).json()["data"][0]["uuid"]
    mail = (await client.get(f"/inbox/{uuid}")).json()["data"]
    assert mail["headers"][0] == ["From", "A <a@example.com>"]
    assert mail["text"] == "Body �"
    assert (mail["html"], mail["links"], mail["attachments"]) == (None, [], [])
    assert (mail["message_id"], mail["campaign_uuid"]) == (0, None)
    raw = await client.get(f"/inbox/{uuid}/raw")
    assert raw.headers["content-type"] == "message/rfc822"
    assert raw.content == RAW % 2


async def test_one_and_all_can_be_deleted(client: httpx2.AsyncClient) -> None:
    uuid = (await client.get("/inbox")).json()["data"][0]["uuid"]
    assert (await client.delete(f"/inbox/{uuid}")).status_code == 204
    assert (await client.get(f"/inbox/{uuid}")).json()["error"]["code"] == "RESOURCE_NOT_FOUND"
    assert (await client.delete("/inbox")).status_code == 204
    assert (await client.get("/inbox")).json()["data"] == []


@pytest.mark.parametrize("cursor", ["nonsense", "0190aaaa-0000-7000-8000-000000000000"])
async def test_a_cursor_of_nowhere_is_refused(client: httpx2.AsyncClient, cursor: str) -> None:
    answer = await client.get("/inbox", params={"cursor": cursor})
    assert answer.status_code in {404, 422}


async def test_the_inbox_shows_one_campaigns_mails_without_its_tests(
    client: httpx2.AsyncClient, runtime: Runtime, tenant: MadeTenant, database: Database
) -> None:
    campaign = await make_campaign(database, tenant.id)
    message_id = await make_message(database, tenant.id, campaign_id=campaign.id)
    sender = Tokens(runtime.keys).return_path(tenant.id, message_id) + "@example.com"
    await inbox.capture(
        runtime, CapturedMail(sender, ("c@x.org",), RAW % 9, "127.0.0.1", "x", None)
    )
    body = (await client.get("/inbox", params={"campaign_uuid": str(campaign.uuid)})).json()
    assert [row["recipients"] for row in body["data"]] == [["c@x.org"]]
    assert body["pagination"]["total"] == 1
