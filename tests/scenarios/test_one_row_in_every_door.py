"""A campaign is one row: whichever door it came through, each tells of it in its own words."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import httpx2
import pytest
from sqlalchemy import update

from mailwright.app import create_web_app
from mailwright.domain.campaign_lifecycle import CampaignState as S
from mailwright.domain.doors import Door
from mailwright.services.api_keys import NewApiKey, create_api_key
from mailwright.services.caller import Caller
from mailwright.services.runtime import Runtime
from mailwright.store import tables
from mailwright.store.database import Database
from tests.builders import MadeTenant, make_campaign

#: Our state → Cakemail's word and `suspended`, MailingCore's word; easymail's words are ours.
WORDS = {
    S.DRAFT: ("draft", False, "DRAFT"),
    S.SCHEDULED: ("scheduled", False, "SCHEDULED"),
    S.QUEUED: ("delivering", False, "SENDING"),
    S.SENDING: ("delivering", False, "SENDING"),
    S.PAUSED: ("delivering", True, "PAUSED"),
    S.SENT: ("delivered", False, "SENT"),
    S.FAILED: ("failed", False, "FAILED"),
    S.CANCELED: ("canceled", False, "CANCELLED"),
}


@pytest.fixture
async def client(runtime: Runtime, tenant: MadeTenant) -> AsyncGenerator[httpx2.AsyncClient]:
    owner = Caller(tenant.id, "member:test", Door.API, frozenset({"*"}))
    _, key = await create_api_key(runtime, owner, NewApiKey("doors", ("*",)))
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(create_web_app(runtime)),
        base_url="http://testserver",
        headers={"Authorization": f"Bearer {key}"},
    ) as made:
        yield made


@pytest.mark.checklist("U01")
async def test_what_is_made_at_one_door_is_seen_at_the_others(client: httpx2.AsyncClient) -> None:
    made = {
        "native": await told(client, "POST", "/api/v1/campaigns", {"name": "native"}),
        "cakemail": await told(client, "POST", "/cakemail/campaigns", {"name": "cakemail"}),
        "core": await told(client, "POST", "/mailingcore/campaigns", {"name": "core"}),
    }
    assert all(made.values())
    native = await told(client, "GET", "/api/v1/campaigns")
    cakemail = await told(client, "GET", "/cakemail/campaigns")
    core = await told(client, "GET", "/mailingcore/campaigns")
    for rows in (native["data"], cakemail["data"], core["data"]):
        assert {row["name"] for row in rows} == set(made)


@pytest.mark.checklist("U02")
@pytest.mark.parametrize("state", S)
async def test_each_door_has_its_word_for_every_state(
    state: S, client: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    campaign = await make_campaign(database, tenant.id)
    await make_campaign(database, tenant.id)  # a draft beside it
    async with database.transaction() as connection:
        row = tables.campaigns.c
        await connection.execute(
            update(tables.campaigns).where(row.id == campaign.id).values(state=state)
        )
    word, suspended, core_word = WORDS[state]

    native = await told(client, "GET", f"/api/v1/campaigns/{campaign.uuid}")
    assert native["data"]["status"] == state
    cakemail = (await told(client, "GET", f"/cakemail/campaigns/{campaign.id}"))["data"]
    assert (cakemail["status"], cakemail["suspended"]) == (word, suspended)
    core = await told(client, "GET", "/mailingcore/campaigns")
    assert core_word in {row["status"] for row in core["data"]}

    for path in (
        f"/api/v1/campaigns?status={state}",
        f"/cakemail/campaigns?status={word}",
        f"/mailingcore/campaigns?status={core_word}",
    ):
        found = (await told(client, "GET", path))["data"]
        assert len(found) == (2 if state is S.DRAFT else 1), path
        assert {row["status"] for row in found} == {path.partition("=")[2]}


async def told(client: httpx2.AsyncClient, method: str, path: str, body: Any = None) -> Any:
    answer = await client.request(method, path, json=body)
    assert answer.is_success, answer.text
    return answer.json()
