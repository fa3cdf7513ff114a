"""Campaigns of senders who may not send, in Cakemail's form (C10, E11, E36, E37)."""

from __future__ import annotations

from dataclasses import replace

import httpx2
import pytest

from mailwright.services.runtime import Runtime
from mailwright.store.database import Database
from tests.builders import MadeTenant, make_campaign, make_list, make_sender
from tests.dialects.cakemail.document import assert_answer


@pytest.fixture
async def runtime(runtime: Runtime) -> Runtime:
    settings = runtime.settings.model_copy(update={"require_authenticated_domains": "on"})
    return replace(runtime, settings=settings)


@pytest.mark.checklist("C10", "E11", "E36", "E37")
@pytest.mark.parametrize(
    ("confirmed", "told"),
    [
        (False, "The sender news@harbour.example has not been confirmed yet"),
        (True, "The domain harbour.example is not authenticated"),
    ],
)
async def test_a_campaign_is_neither_scheduled_nor_tested_and_the_answer_says_why(
    client: httpx2.AsyncClient, database: Database, tenant: MadeTenant, confirmed: bool, told: str
) -> None:
    columns = {} if confirmed else {"confirmed_at": None, "enabled": False}
    sender = await make_sender(database, tenant.id, "news@harbour.example", **columns)
    a_list = await make_list(database, tenant.id)
    campaign = await make_campaign(
        database, tenant.id, sender_id=sender.id, list_id=a_list.id, from_name="News"
    )
    path = "/campaigns/{campaign_id}/schedule"
    answer = await client.post(f"/campaigns/{campaign.id}/schedule")
    assert told in assert_answer(path, answer, 400)["message"]
    path = "/campaigns/{campaign_id}/send-test"
    body = {"email": "me@harbour.example"}
    answer = await client.post(f"/campaigns/{campaign.id}/send-test", json=body)
    assert told in assert_answer(path, answer, 400)["message"]
    shown = await client.get(f"/campaigns/{campaign.id}")
    assert shown.json()["data"]["status"] in {"draft", "incomplete"}
