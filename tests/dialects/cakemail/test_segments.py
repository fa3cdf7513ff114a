"""Segments in Cakemail's three languages, and in its program's own form."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailwright.dialects.cakemail.segment_query_fiql import read_fiql
from mailwright.dialects.cakemail.segment_query_sql import read_sql
from mailwright.domain.ids import new_id
from mailwright.errors import InvalidInput
from mailwright.store.database import Database
from mailwright.store.tables import campaign_links, message_clicks
from tests.builders import (
    MadeTenant,
    make_campaign,
    make_list,
    make_message,
    make_segment,
)
from tests.dialects.cakemail.document import assert_answer

SEGMENTS = "/lists/{list_id}/segments"
SEGMENT = "/lists/{list_id}/segments/{segment_id}"


@pytest.fixture
async def news(client: httpx2.AsyncClient, database: Database, tenant: MadeTenant) -> int:
    """The number of a list with Ada (London, 36, vip), Bob (Paris, 20) and Cy (no attributes)."""
    made = await make_list(database, tenant.id, "News")
    await client.post(
        f"/lists/{made.id}/custom-attributes", json={"name": "age", "type": "integer"}
    )
    people: list[dict[str, Any]] = [
        {
            "email": "ada@example.com",
            "custom_attributes": {"city": "London", "age": "36", "first_name": "Ada"},
            "tags": ["vip"],
        },
        {"email": "bob@example.org", "custom_attributes": {"city": "Paris", "age": "20"}},
        {"email": "cy@example.org"},
    ]
    for person in people:
        assert (await client.post(f"/lists/{made.id}/contacts", json=person)).status_code == 201
    return made.id


async def _whom(client: httpx2.AsyncClient, news: int, **written: Any) -> str:
    """The initials of whom a segment fits that is written so, once it was made and shown again."""
    body = {"name": "S", **written}
    made = assert_answer(SEGMENTS, await client.post(f"/lists/{news}/segments", json=body), 201)
    path = f"/lists/{news}/segments/{made['id']}"
    shown = assert_answer(SEGMENT, await client.get(path))["data"]
    for form, text in written.items():
        assert shown[form] == text
    template = SEGMENT + "/contacts"
    rows = assert_answer(template, await client.get(f"{path}/contacts"))["data"]
    told = assert_answer(SEGMENT, await client.delete(path))
    assert told["deleted"] is True
    return "".join(row["email"][0] for row in rows)


SQL = [
    ('email = "ada@example.com"', "a"),
    ('email LIKE "%@example.org"', "bc"),
    ("`email` NOT LIKE 'ada%'", "bc"),
    ('city != "London"', "bc"),
    ('city = "London" OR city = "Paris" AND age < 30', "ab"),
    ('(city = "London" OR city = "Paris") AND age < 30', "b"),
    ("age >= 36", "a"),
    ('age > "3"', "ab"),
    ('city IN ("London", "Rome")', "a"),
    ("city IS NULL", "c"),
    ("city IS NOT NULL", "ab"),
    ('TAG IS "vip"', "a"),
    ('TAG IS NOT "vip"', "bc"),
    ('NOT (first_name = "Ada")', "bc"),
    ('registered > "2000-01-01"', "abc"),
    ('registered < "2000-01-01"', ""),
    ('status = "active" AND city LIKE "%on%"', "a"),
    ('city = "a \\"quoted\\" place"', ""),
]


@pytest.mark.checklist("X07", "SEC-26")
async def test_the_sql_like_language(client: httpx2.AsyncClient, news: int) -> None:
    for query, whom in SQL:
        assert await _whom(client, news, query=query) == whom


FIQL = [
    ("email==ada@example.com", "a"),
    ("email=like=*@example.org;age=lt=30", "b"),
    ("city==London,city==Paris", "ab"),
    ("(city==London,city==Paris);age=ge=30", "a"),
    ("tag!=vip", "bc"),
    ("registered=gt=2000-01-01", "abc"),
]


@pytest.mark.checklist("X07")
async def test_fiql(client: httpx2.AsyncClient, news: int) -> None:
    for fiql, whom in FIQL:
        assert await _whom(client, news, fiql=fiql) == whom


JSON: list[tuple[dict[str, Any], str]] = [
    ({"eq": {"email": "ada@example.com"}}, "a"),
    ({"and": [{"like": {"email": "*@example.org"}}, {"lt": {"age": 30}}]}, "b"),
    ({"or": [{"eq": {"city": "London"}}, {"eq": {"tag": "vip"}}]}, "a"),
    ({"unlike": {"city": "Lon*"}}, "bc"),
    ({"not": {"gt": {"age": 30}}}, "bc"),
    ({"field": "attributes.city", "op": "eq", "value": "Paris"}, "b"),
]


@pytest.mark.checklist("X07")
async def test_json(client: httpx2.AsyncClient, news: int) -> None:
    for json, whom in JSON:
        assert await _whom(client, news, json=json) == whom


CONDITIONS: list[tuple[list[tuple[str, str, Any]], str]] = [
    ([("status", "equals", "subscribed")], "abc"),
    ([("custom_attributes.city", "equals", "London")], "a"),
    ([("email", "contains", "@example.org"), ("age", "less_than", "30")], "b"),
    ([("first_name", "is_empty", "")], "bc"),
    ([("last_open_date", "greater_than", "2024-01-01")], ""),
    ([("last_open_date", "is_empty", "")], "abc"),
    ([("city", "in", ["London", "Paris"])], "ab"),
]


@pytest.mark.checklist("X07")
async def test_the_conditions_of_the_vendors_program(client: httpx2.AsyncClient, news: int) -> None:
    for rules, whom in CONDITIONS:
        written = [{"field": f, "operator": o, "value": v} for f, o, v in rules]
        conditions = {"match": "all", "rules": written}
        assert await _whom(client, news, conditions=conditions) == whom, rules
    assert await _whom(client, news, conditions={"eq": {"city": "London"}}) == "a"


@pytest.mark.checklist("X07")
async def test_campaigns_and_links_are_asked_by_their_numbers(
    client: httpx2.AsyncClient,
    news: int,
    database: Database,
    tenant: MadeTenant,
) -> None:
    campaign = await make_campaign(database, tenant.id, list_id=news)
    rows = (await client.get(f"/lists/{news}/contacts")).json()["data"]
    ada, bob = (row["id"] for row in rows[:2])
    now = datetime.now(UTC)
    seen = {"campaign_id": campaign.id, "state": "sent", "sent_at": now}
    message = await make_message(
        database, tenant.id, contact_id=ada, opened_at=now, clicked_at=now, **seen
    )
    await make_message(database, tenant.id, contact_id=bob, **seen)
    async with database.transaction() as connection:
        link = {"tenant_id": tenant.id, "campaign_id": campaign.id, "number": 3, "uuid": new_id()}
        number = (
            await connection.execute(
                campaign_links.insert()
                .values(url="https://a.example", **link)
                .returning(campaign_links.c.id)
            )
        ).scalar_one()
        click = {"tenant_id": tenant.id, "message_id": message, "link_number": 3}
        await connection.execute(message_clicks.insert().values(click))
    for event, whom in (("SENT", "ab"), ("OPENED", "a"), ("CLICKED", "a")):
        assert await _whom(client, news, query=f"MAILING({campaign.id}) IS {event}") == whom
    assert await _whom(client, news, query=f"MAILING({campaign.id}) IS NOT OPENED") == "bc"
    assert await _whom(client, news, query=f"LINK({number}) IS CLICKED") == "a"
    assert await _whom(client, news, fiql=f"mailing=notopen={campaign.id}") == "bc"
    assert await _whom(client, news, fiql=f"link=notclicked={number}") == "bc"
    assert await _whom(client, news, json={"opened": {"mailing": campaign.id}}) == "a"
    assert await _whom(client, news, json={"notsent": {"mailing": campaign.id}}) == "c"


REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({"query": "SOUNDEX(city) = 'L'"}, "query", "no function SOUNDEX"),
    ({"query": "email ="}, "query", "is missing"),
    ({"query": "email = 'a' email = 'b'"}, "query", "AND or OR is missing"),
    ({"query": "bounce_count > 3"}, "query", "cannot ask for bounce_count"),
    ({"query": "city LIKE 'L%n'"}, "query", "wildcard"),
    ({"query": "MAILING(999999) IS SENT"}, "query", "no campaign 999999"),
    ({"query": "LINK(999999) IS CLICKED"}, "query", "no link 999999"),
    ({"query": "LINK(1) IS OPENED"}, "query", "CLICKED"),
    ({"query": "INTEREST IS 'x'"}, "query", "no interest x"),
    ({"query": "(" * 200 + "a = 1" + ")" * 200}, "query", "deep"),
    ({"query": "a = 1; DROP TABLE contacts"}, "query", "cannot be read"),
    ({"fiql": "email=near=x"}, "fiql", "no operator =near="),
    ({"fiql": "email"}, "fiql", "name==value"),
    ({"fiql": "(a==1"}, "fiql", ")"),
    ({"json": {"near": {"city": "L"}}}, "json", "no operator near"),
    ({"json": {"eq": "x"}}, "json", "object"),
    ({"json": {"field": "colour", "op": "eq", "value": 1}}, "json", "Fields are"),
    ({"conditions": {"rules": [{"field": "a", "operator": "near"}]}}, "conditions", "near"),
    ({"query": "a = 1", "fiql": "a==1"}, "fiql", "only one"),
]


async def test_what_cannot_be_mapped_is_refused_by_name(
    client: httpx2.AsyncClient, news: int
) -> None:
    for body, form, words in REFUSED:
        answer = await client.post(f"/lists/{news}/segments", json={"name": "S"} | body)
        told = assert_answer(SEGMENTS, answer, 400)
        assert told["detail"][0]["loc"][-1] == form
        assert words in told["detail"][0]["msg"]
    assert (await client.get(f"/lists/{news}/segments")).json()["data"] == []


@pytest.mark.checklist("X02", "X05", "X07")
async def test_segments_are_listed_renamed_and_remember_who_uses_them(
    client: httpx2.AsyncClient, news: int, database: Database, tenant: MadeTenant
) -> None:
    path = f"/lists/{news}/segments"
    ids = [
        (await client.post(path, json={"name": name, "query": 'TAG IS "vip"'})).json()["id"]
        for name in ("b", "a")
    ]
    other = await make_list(database, tenant.id)
    rule = {"field": "locale", "op": "eq", "value": "fr"}
    ours = await make_segment(database, tenant.id, rule, name="c")
    await make_campaign(database, tenant.id, list_id=news, segment_id=ids[0])
    told = assert_answer(SEGMENTS, await client.get(f"{path}?with_count=true&sort=name"))
    assert [row["name"] for row in told["data"]] == ["a", "b", "c"]
    assert told["pagination"]["count"] == 3
    assert [row["campaigns_count"] for row in told["data"]] == [0, 1, 0]
    assert told["data"][2]["json"] == rule
    told = assert_answer(SEGMENT, await client.patch(f"{path}/{ids[1]}", json={"name": "z"}))
    assert (told["data"]["name"], told["data"]["query"]) == ("z", 'TAG IS "vip"')
    told = assert_answer(SEGMENT, await client.patch(f"{path}/{ids[1]}", json={"fiql": "tag==x"}))
    assert ("query" in told["data"], told["data"]["fiql"]) == (False, "tag==x")
    await client.patch("/tags/vip", json={"tag": "gold"})
    told = assert_answer(SEGMENT, await client.get(f"{path}/{ids[0]}"))
    assert told["data"]["json"] == {"field": "tag", "op": "eq", "value": "gold"}
    assert_answer(SEGMENT, await client.delete(f"{path}/{ids[0]}"), 400)
    there = f"/lists/{other.id}/segments"
    assert [row["id"] for row in (await client.get(there)).json()["data"]] == [ours.id]
    assert (await client.get(f"{there}/{ids[0]}")).status_code == 404
    again = await client.post(path, json={"name": "z", "query": "a = 1"})
    assert_answer(SEGMENTS, again, 400)
    assert (await client.post(there, json={"name": "z", "query": "a = 1"})).status_code == 201


@pytest.mark.checklist("SEC-20", "SEC-26")
@given(st.text(max_size=60) | st.text(alphabet="ab=<>()'\"%;,.* ANDORNTISLIKE01", max_size=60))
def test_whatever_is_written_is_read_or_refused(text: str) -> None:
    for read in (read_sql, read_fiql):
        try:
            read(text)
        except InvalidInput as error:
            assert error.details  # noqa: PT017
