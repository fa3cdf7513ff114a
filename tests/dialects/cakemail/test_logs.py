"""Activity logs in Cakemail's form: a row per event and person, paged without repeats."""

from __future__ import annotations

from uuid import UUID

import httpx2
import pytest
from sqlalchemy import insert

from mailwright.dialects.cakemail.log_words import BOUNCES, HAPPENINGS, TYPES
from mailwright.domain.bounce_kind import BounceKind
from mailwright.domain.email_event import EventKind
from mailwright.store import tables
from mailwright.store.database import Database
from tests.builders import MadeTenant, make_list
from tests.dialects.cakemail.document import assert_answer, document
from tests.services.test_campaign_events import NOON, tell

CAMPAIGN = "/logs/campaigns/{campaign_id}"
LIST = "/logs/lists/{list_id}"


def test_every_happening_has_a_word_of_the_document() -> None:
    words = set(document()["components"]["schemas"]["EventTypeResponse"]["enum"])
    assert set(TYPES) == set(EventKind)
    assert set(BOUNCES) == set(BounceKind)
    assert {*TYPES.values(), *BOUNCES.values()} <= words
    assert set(HAPPENINGS) >= words


@pytest.mark.checklist("C30", "C31")
async def test_walking_all_pages_shows_each_row_once(
    client: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    story = await tell(database, tenant)
    noted = [await story.note("sent", number % 3) for number in range(7)]
    path = f"/logs/campaigns/{story.campaign.id}"
    seen: list[int] = []
    for page in range(1, 5):
        answer = await client.get(path, params={"page": page, "per_page": 2})
        rows = assert_answer(CAMPAIGN, answer)
        assert rows["pagination"]["per_page"] == 2
        seen += [row["id"] for row in rows["data"]]
        if page == 2:
            noted.append(await story.note("opened", 0))
    assert seen == noted
    first = assert_answer(CAMPAIGN, await client.get(path, params={"with_count": "true"}))
    assert (first["pagination"]["count"], first["pagination"]["per_page"]) == (8, 50)
    row = first["data"][0]
    contact, _ = story.people[0]
    assert (row["contact_id"], row["type"], row["occurrences"]) == (contact.id, "sent", 1)
    assert row["timestamp"] == int(NOON.timestamp())
    assert row["email"] == f"p0-{story.campaign.id}@x.example"


async def test_cursors_walk_both_ways(
    client: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    story = await tell(database, tenant)
    noted = [await story.note("sent", number % 3) for number in range(4)]
    path = f"/logs/campaigns/{story.campaign.id}"
    asked = {"per_page": "2", "sort": "-time"}
    first = assert_answer(CAMPAIGN, await client.get(path, params=asked))
    assert [row["id"] for row in first["data"]] == noted[:1:-1]
    cursor = first["pagination"]["cursor"]["next"]
    second = assert_answer(CAMPAIGN, await client.get(path, params=asked | {"cursor": cursor}))
    assert [row["id"] for row in second["data"]] == noted[1::-1]
    assert "next" not in second["pagination"]["cursor"]
    back = second["pagination"]["cursor"]["previous"]
    again = assert_answer(CAMPAIGN, await client.get(path, params=asked | {"cursor": back}))
    assert again["data"] == first["data"]


async def test_the_terms_of_the_document_filter(
    client: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    story = await tell(database, tenant)
    key = {"tenant_id": tenant.id, "campaign_id": story.campaign.id, "number": 0}
    async with database.transaction() as connection:
        link = await connection.scalar(
            insert(tables.campaign_links)
            .values(**key, uuid=UUID(int=1), url="https://a.example/")
            .returning(tables.campaign_links.c.id)
        )
    sent = [await story.note("sent", who) for who in range(3)]
    agent = {"agent": "Mozilla/5.0 (Windows NT 10.0) Firefox/128.0", "verdict": "human"}
    opened = [await story.note("opened", 0, data=agent) for _ in range(2)]
    clicked = await story.note("clicked", 0, data={**agent, "link": 0})
    bounced = await story.note("bounced", 1, data={"reason": "mailbox-full", "reply": "552 full"})
    path = f"/logs/campaigns/{story.campaign.id}"

    async def found(filter_: str, **asked: int) -> list[int]:
        answer = await client.get(path, params={"filter": filter_, **asked})
        return [row["id"] for row in assert_answer(CAMPAIGN, answer)["data"]]

    assert await found("type==open") == opened
    assert await found("type==open;uniques==true") == opened[:1]
    assert await found("type==click") == await found("type==clickthru") == [clicked]
    assert await found("type==bounce") == await found("type==bounce_fm") == [bounced]
    assert await found("type==bounce_hb") == await found("type==forward") == []
    assert await found(f"link_id=={link}") == [clicked]
    assert await found("link_id==999") == []
    assert await found(f"contact_id=={story.people[2][0].id}") == sent[2:]
    assert await found("contact_id==999999") == []
    assert await found(f"email==p1-{story.campaign.id}@x.example") == [sent[1], bounced]
    assert await found(f"log_id=={bounced};additional_info==true") == [bounced]
    assert await found("group_by_contact==true") == sent
    noon = int(NOON.timestamp())
    assert await found("type==sent", start_time=noon + 60) == sent[1:]
    assert await found("type==sent", end_time=noon) == sent[:1]
    grouped = (await client.get(path, params={"filter": "group_by_contact==true"})).json()["data"]
    assert [row["occurrences"] for row in grouped] == [4, 2, 1]
    (click,) = (await client.get(path, params={"filter": "type==click"})).json()["data"]
    assert click["clickthru_url"] == "https://a.example/"
    assert click["user_agent"]["browser"] == {"family": "Firefox", "version": "128.0"}
    assert click["user_agent"]["device"]["family"] == "pc"
    (back,) = (await client.get(path, params={"filter": "type==bounce"})).json()["data"]
    assert (back["type"], back["dsn_message"]) == ("bounce_fm", "552 full")
    totals = assert_answer(CAMPAIGN, await client.get(path, params={"filter": "totals==true"}))
    assert {row["type"]: row["occurrences"] for row in totals["data"]} == {
        "sent": 3,
        "open": 2,
        "click": 1,
        "bounce_fm": 1,
    }
    for wrong in ("type==eaten", "color==red", "contact_id==x"):
        assert_answer(CAMPAIGN, await client.get(path, params={"filter": wrong}), 400)
    assert_answer(CAMPAIGN, await client.get(path, params={"cursor": "x"}), 400)


@pytest.mark.checklist("C05")
async def test_a_log_of_others_is_unknown(
    client: httpx2.AsyncClient,
    other_client: httpx2.AsyncClient,
    database: Database,
    tenant: MadeTenant,
    stranger: httpx2.AsyncClient,
) -> None:
    story = await tell(database, tenant)
    path = f"/logs/campaigns/{story.campaign.id}"
    assert_answer(CAMPAIGN, await other_client.get(path), 400)
    assert_answer(CAMPAIGN, await stranger.get(path), 401)
    unseen = await other_client.get(path, params={"filter": "type==forward"})
    assert_answer(CAMPAIGN, unseen, 400)


async def test_a_list_has_the_log_of_its_campaigns(
    client: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    news = await make_list(database, tenant.id)
    stories = [await tell(database, tenant, list_id=news.id) for _ in range(2)]
    noted = [await stories[number % 2].note("sent", 0) for number in range(4)]
    told = assert_answer(LIST, await client.get(f"/logs/lists/{news.id}"))
    assert [row["id"] for row in told["data"]] == noted
    assert [row["campaign_id"] for row in told["data"]] == [
        stories[number % 2].campaign.id for number in range(4)
    ]
    answer = await client.get(
        f"/logs/lists/{news.id}", params={"filter": f"start_id=={noted[1]};end_id=={noted[2]}"}
    )
    assert [row["id"] for row in assert_answer(LIST, answer)["data"]] == noted[1:3]
    totals = await client.get(f"/logs/lists/{news.id}", params={"filter": "totals==true"})
    (row,) = assert_answer(LIST, totals)["data"]
    assert (row["type"], row["occurrences"]) == ("sent", 4)
    assert_answer(LIST, await client.get("/logs/lists/999999"), 404)
