"""Reports in Cakemail's form: the seed's five figures and the document's, in agreement."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import insert

from mailwright.store import tables
from mailwright.store.database import Database
from tests.builders import MadeTenant, make_campaign, make_contact, make_list
from tests.dialects.cakemail.document import assert_answer
from tests.services.test_campaign_events import NOON, Story, tell

CAMPAIGN = "/reports/campaigns/{campaign_id}"


async def _figures(database: Database, story: Story, **counts: int) -> None:
    key = {"tenant_id": story.tenant.id, "campaign_id": story.campaign.id}
    batch = {"number": 1, "first_message_id": 1, "last_message_id": 9, "message_count": 9}
    async with database.transaction() as connection:
        await connection.execute(
            insert(tables.fan_outs).values(**key, audience_count=11, queued_count=10)
        )
        await connection.execute(
            insert(tables.batches).values(**key, **batch, sent=8, bounced=2, state="done")
        )
        await connection.execute(insert(tables.campaign_counters).values(**key, **counts))


@pytest.mark.checklist("C28", "C29")
async def test_a_report_has_the_seeds_names_and_the_documents(
    client: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    story = await tell(database, tenant, state="sent", started_at=NOON)
    await _figures(database, story, opened=4, opens=6, clicked=2, clicks=3, unsubscribed=1)
    for reason in ("address-invalid", "mailbox-full"):
        await story.note("bounced", 0, data={"reason": reason})
    await story.note("opened", 1, data={"implied_by": "click"})
    told = assert_answer(CAMPAIGN, await client.get(f"/reports/campaigns/{story.campaign.id}"))
    seed = {"sent": 8, "opened": 4, "clicked": 2, "bounced": 2, "unsubscribed": 1}
    assert {name: told[name] for name in seed} == seed
    data = told["data"]
    assert {name: data[name] for name in seed} == seed
    expected: dict[str, Any] = {
        "sent_emails": 8,
        "active_emails": 8,
        "unique_opens": 4,
        "opens": 6,
        "open_rate": 0.5,
        "unopens": 4,
        "unique_clicks": 2,
        "clicks": 3,
        "clickthru_rate": 0.5,
        "bounces": 2,
        "bounce_rate": 0.2,
        "bounces_hard": 1,
        "bounces_full_mailbox": 1,
        "bounces_soft": 0,
        "implied_opens": 1,
        "unsubscribes": 1,
    }
    assert {name: data[name] for name in expected} == expected


async def test_a_draft_has_a_report_of_zeros(
    client: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    draft = await make_campaign(database, tenant.id)
    told = assert_answer(CAMPAIGN, await client.get(f"/reports/campaigns/{draft.id}"))
    assert set(told["data"].values()) == {0}


async def _link(database: Database, story: Story, number: int, clicks: int) -> None:
    values = {"tenant_id": story.tenant.id, "campaign_id": story.campaign.id, "number": number}
    values |= {"clicks": clicks, "unique_clicks": 1, "url": f"https://{number}.example/"}
    async with database.transaction() as connection:
        await connection.execute(
            insert(tables.campaign_links).values(**values, uuid=UUID(int=number + 1))
        )


@pytest.mark.checklist("X06")
async def test_links_have_numbers_and_figures(
    client: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    story = await tell(database, tenant, state="sent")
    await _figures(database, story, clicked=2, clicks=4)
    for number, clicks in ((0, 1), (1, 3)):
        await _link(database, story, number, clicks)
    path = f"/campaigns/{story.campaign.id}/links"
    told = assert_answer("/campaigns/{campaign_id}/links", await client.get(path))
    assert [row["link_to"] for row in told["data"]] == ["https://0.example/", "https://1.example/"]
    first = told["data"][0]["id"]
    about = assert_answer("/links/{link_id}", await client.get(f"/links/{first}"))
    assert about["data"] == {"mailing_id": story.campaign.id}
    assert_answer("/links/{link_id}", await client.get("/links/999999"), 404)
    answer = await client.get(f"/reports/campaigns/{story.campaign.id}/links")
    rows = assert_answer(f"{CAMPAIGN}/links", answer)["data"]
    assert [(row["total"], row["total_rate"], row["unique_rate"]) for row in rows] == [
        (3, 0.75, 0.5),
        (1, 0.25, 0.5),
    ]
    sorted_ = await client.get(
        f"/reports/campaigns/{story.campaign.id}/links", params={"sort": "+total"}
    )
    assert assert_answer(f"{CAMPAIGN}/links", sorted_)["data"] == rows[::-1]


async def test_lists_and_the_account_have_reports(
    client: httpx2.AsyncClient,
    database: Database,
    tenant: MadeTenant,
    other_tenant: MadeTenant,
) -> None:
    news = await make_list(database, tenant.id)
    await make_contact(database, tenant.id, list_id=news.id)
    story = await tell(database, tenant, people=0, state="sent", started_at=NOON, list_id=news.id)
    await _figures(database, story, opened=4)
    answer = await client.get(f"/reports/lists/{news.id}")
    data = assert_answer("/reports/lists/{list_id}", answer)["data"]
    assert (data["active_contacts"], data["sent_emails"], data["open_rate"]) == (1, 8, 0.5)
    answer = await client.get("/reports/accounts/self")
    data = assert_answer("/reports/accounts/self", answer)["data"]
    assert (data["sent_emails"], data["active_contacts"], data["current_lists"]) == (8, 1, 1)
    later = await client.get("/reports/accounts/self", params={"start_time": 1_900_000_000})
    assert assert_answer("/reports/accounts/self", later)["data"]["sent_emails"] == 0
    mine = await client.get(f"/reports/accounts/{tenant.id}")
    assert assert_answer("/reports/accounts/{account_id}", mine)["data"] == data
    theirs = await client.get(f"/reports/accounts/{other_tenant.id}")
    assert_answer("/reports/accounts/{account_id}", theirs, 404)
    their_list = await make_list(database, other_tenant.id)
    answer = await client.get(f"/reports/lists/{their_list.id}")
    assert_answer("/reports/lists/{list_id}", answer, 404)
