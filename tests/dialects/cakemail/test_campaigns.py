"""Campaigns in Cakemail's form: seed 000, its document, and its program's flat calls."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from mailwright.store.database import Database
from tests.builders import (
    MadeTenant,
    make_campaign,
    make_contact,
    make_list,
    make_segment,
    make_sender,
)
from tests.dialects.cakemail.campaign_stories import HTML, WORDS, create, put_in, read, ready
from tests.dialects.cakemail.document import assert_answer

ONE = "/campaigns/{campaign_id}"


@pytest.mark.checklist("C02", "C03", "C04", "X02")
async def test_a_name_is_enough_for_a_draft(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/campaigns", json={"name": "April Newsletter"})
    told = assert_answer("/campaigns", answer, 201)
    assert isinstance(told["campaign_id"], int)
    assert told["campaign_id"] == told["id"] == told["data"]["id"]
    assert (told["name"], told["status"]) == ("April Newsletter", "draft")
    assert (told["object"], told["created"]) == ("campaign", True)
    assert told["data"]["next_building_step"] == "sender"
    shown = assert_answer(ONE, await client.get(f"/campaigns/{told['id']}"))
    assert (shown["id"], shown["campaign_id"], shown["name"]) == (told["id"],) * 2 + (told["name"],)
    assert shown["data"] == told["data"]


@pytest.mark.checklist("C05")
@pytest.mark.parametrize("path", ["/campaigns", "/campaigns/1", "/reports/campaigns/1"])
async def test_nothing_is_told_without_a_token(stranger: httpx2.AsyncClient, path: str) -> None:
    assert (await stranger.get(path)).status_code == 401
    stranger.headers["Authorization"] = "Bearer mw_live_wrong"
    assert (await stranger.get(path)).status_code == 401
    assert (await stranger.post("/campaigns", json={"name": "x"})).status_code == 401


@pytest.mark.checklist("C01", "C06", "C07", "C08", "C09", "C19")
async def test_one_call_sets_sender_audience_and_content(
    client: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    sender = await make_sender(database, tenant.id, "ada@example.com", name="Ada")
    news = await make_list(database, tenant.id, "News")
    number = (await create(client))["id"]
    body = {
        "sender": {"sender_id": sender.id},
        "audience": {"list_id": news.id},
        "content": {"subject": "Our April Newsletter", "html": HTML},
    }
    answer = await client.patch(f"/campaigns/{number}", json=body)
    told = assert_answer(ONE, answer)
    assert (told["updated"], told["object"]) == (True, "campaign")
    data = told["data"]
    assert data["sender"] == {"id": str(sender.id), "name": "Ada", "email": "ada@example.com"}
    assert data["audience"] == {"list_id": news.id, "name": "News"}
    assert data["content"]["subject"] == "Our April Newsletter"
    assert "<h1" in data["content"]["html"]
    assert data["next_building_step"] == "schedule"
    later = await client.patch(f"/campaigns/{number}", json={"name": "May"})
    expected = data | {"name": "May", "updated_on": later.json()["data"]["updated_on"]}
    expected["content"] = later.json()["data"]["content"]
    assert later.json()["data"] == expected
    assert expected["content"]["html"] == data["content"]["html"]


async def test_the_documents_form_sets_everything_it_knows(
    client: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    sender = await make_sender(database, tenant.id)
    news = await make_list(database, tenant.id)
    segment = await make_segment(database, tenant.id)
    told = await create(
        client,
        sender={"id": str(sender.id), "name": "The editors"},
        audience={"list_id": news.id, "segment_id": segment.id},
        reply_to_email="desk@example.com",
        tracking={"opens": False, "clicks_text": True, "additional_params": "utm_source=april"},
        content={
            "type": "bee",
            "json": {"rows": []},
            "subject": "Hi",
            "html": HTML,
            "text": "Hello!",
            "encoding": "iso-8859-1",
            "default_unsubscribe_link": True,
        },
        account_id=1,
        something_else="unknown",
    )
    data = told["data"]
    assert data["sender"]["name"] == "The editors"
    assert data["audience"]["segment_id"] == segment.id
    assert data["reply_to_email"] == "desk@example.com"
    assert data["tracking"] == {
        "opens": False,
        "clicks_html": True,
        "clicks_text": True,
        "additional_params": "utm_source=april",
    }
    content = data["content"]
    assert (content["type"], content["json"], content["text"]) == ("bee", {"rows": []}, "Hello!")
    assert content["default_unsubscribe_link"] is True
    assert_answer(ONE, await client.get(f"/campaigns/{told['id']}"))
    patched = await client.patch(
        f"/campaigns/{told['id']}", json={"content": {"json": {"rows": [1]}}}
    )
    assert assert_answer(ONE, patched)["data"]["content"]["json"] == {"rows": [1]}


async def test_the_programs_flat_form_means_the_same(
    client: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    sender = await make_sender(database, tenant.id)
    news = await make_list(database, tenant.id)
    flat = {"name": "Flat", "list_id": str(news.id), "sender_id": str(sender.id), "subject": "Hi"}
    for told in (
        await client.post("/campaigns", json=flat),
        await client.post("/campaigns", data=flat),
    ):
        data = assert_answer("/campaigns", told, 201)["data"]
        assert (data["audience"]["list_id"], data["sender"]["id"]) == (news.id, str(sender.id))
        assert data["content"]["subject"] == "Hi"


@pytest.mark.checklist("X02")
@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": "x", "audience": {"list_id": 999}}, "audience.list_id"),
        ({"name": "x", "list_id": "999"}, "audience.list_id"),
        ({"name": "x", "audience": {"segment_id": 999}}, "audience.segment_id"),
        ({"name": "x", "sender": {"sender_id": 999}}, "sender.id"),
        ({"name": "x", "sender": {"sender_id": "nine"}}, "sender.sender_id"),
        ({"name": "x", "content": {"template": {"id": 999}}}, "content.template.id"),
        ({"name": "x", "content": {"html": HTML, "encoding": "klingon"}}, "content.encoding"),
        ({"name": "x", "content": {"html": "{% if %}"}}, "content.html"),
        ({"name": "x", "reply_to_email": "nobody"}, "reply_to_email"),
        ({"name": "x", "tracking": {"additional_params": "a b"}}, "tracking.additional_params"),
        ({"name": "x", "content": {"text": "no page"}}, "content.text"),
        ({"name": "x", "content": {"type": "bee", "json": {"rows": []}}}, "content.json"),
    ],
)
async def test_what_is_wrong_is_named_and_nothing_is_made(
    client: httpx2.AsyncClient, body: dict[str, Any], field: str
) -> None:
    answer = await client.post("/campaigns", json=body)
    assert answer.status_code in (400, 422)
    told = assert_answer("/campaigns", answer, answer.status_code)
    assert field in [".".join(map(str, item["loc"][1:])) for item in told["detail"]]
    assert (await client.get("/campaigns")).json()["data"] == []


async def test_things_of_others_are_unknown(
    client: httpx2.AsyncClient,
    database: Database,
    tenant: MadeTenant,
    other_tenant: MadeTenant,
) -> None:
    theirs = await make_campaign(database, other_tenant.id)
    their_list = await make_list(database, other_tenant.id)
    paths = ["", "/render", "/revisions", "/links"]
    for path in paths:
        answer = await client.get(f"/campaigns/{theirs.id}{path}")
        assert assert_answer(f"{ONE}{path}", answer, 400)["message"] == "There is no such campaign."
    answer = await client.patch(f"/campaigns/{theirs.id}", json={"name": "mine"})
    assert answer.status_code == 400
    refused = await client.post("/campaigns", json={"name": "x", "list_id": their_list.id})
    assert refused.status_code == 400


@pytest.mark.checklist("C20", "C22")
@pytest.mark.parametrize("state", [state for state in WORDS if state != "draft"])
async def test_only_drafts_are_edited_or_deleted(
    client: httpx2.AsyncClient, database: Database, state: str
) -> None:
    number = (await create(client))["id"]
    await put_in(database, number, state)
    before = await read(client, number)
    assert (before["status"], before["suspended"]) == (WORDS[state], state == "paused")
    for answer in (
        await client.patch(f"/campaigns/{number}", json={"name": "Other"}),
        await client.delete(f"/campaigns/{number}"),
    ):
        assert_answer(ONE, answer, 400)
    assert await read(client, number) == before


@pytest.mark.checklist("C21", "X02")
async def test_a_deleted_draft_is_gone(client: httpx2.AsyncClient) -> None:
    number = (await create(client))["id"]
    answer = await client.delete(f"/campaigns/{number}")
    assert assert_answer(ONE, answer) == {"id": number, "object": "campaign", "deleted": True}
    assert_answer(ONE, await client.get(f"/campaigns/{number}"), 400)


@pytest.mark.checklist("C23", "C24", "C25", "C26", "C27")
async def test_the_list_is_paged_and_filtered_by_status(
    client: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    for number in range(52):
        await make_campaign(database, tenant.id, state="sent" if number % 2 else "draft")
    scheduled = await make_campaign(database, tenant.id, state="scheduled")
    first = assert_answer("/campaigns", await client.get("/campaigns"))
    assert first["pagination"] == {"page": 1, "per_page": 50}
    assert len(first["data"]) == 50
    assert {row["status"] for row in first["data"]} == {"draft", "delivered", "scheduled"}
    for status, count in (("draft", 26), ("delivered", 26), ("scheduled", 1), ("failed", 0)):
        asked = {"page": 1, "per_page": 50, "status": status, "with_count": "true"}
        told = assert_answer("/campaigns", await client.get("/campaigns", params=asked))
        assert told["pagination"]["count"] == count
        assert [row["status"] for row in told["data"]] == [status] * count
    (row,) = (await client.get("/campaigns", params={"status": "scheduled"})).json()["data"]
    assert row["id"] == scheduled.id
    refused = await client.get("/campaigns", params={"status": "eaten"})
    assert "status" in assert_answer("/campaigns", refused, 400)["message"]


@pytest.mark.checklist("X05")
async def test_filter_and_sort_are_the_documents(
    client: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    news = await make_list(database, tenant.id)
    made = {
        name: (await make_campaign(database, tenant.id, name=name, state=state, list_id=list_id)).id
        for name, state, list_id in (
            ("b", "draft", news.id),
            ("a", "queued", None),
            ("c", "paused", news.id),
        )
    }

    async def names(**asked: str) -> list[str]:
        told = assert_answer("/campaigns", await client.get("/campaigns", params=asked))
        return [row["name"] for row in told["data"]]

    assert await names(sort="+name") == ["a", "b", "c"]
    assert await names(sort="-name") == ["c", "b", "a"]
    assert await names() == ["c", "a", "b"]
    assert await names(filter="status==delivering", sort="name") == ["a", "c"]
    assert await names(filter="status==incomplete") == ["b"]
    assert await names(filter=f"list_id=={news.id};status==delivering") == ["c"]
    assert await names(filter="name==b;type==standard") == ["b"]
    assert await names(filter="type==absplit") == []
    assert await names(filter="list_id==999999") == []
    assert await names(filter="status==draft", status="delivered") == []
    for wrong in ("color==red", "status", "type==odd", "list_id==x"):
        answer = await client.get("/campaigns", params={"filter": wrong})
        assert_answer("/campaigns", answer, 400)
    await put_in(database, made["b"], "draft", archived=True)
    assert await names(sort="name") == ["a", "c"]
    assert await names(filter="status==archived") == ["b"]


@pytest.mark.checklist("C11")
async def test_a_campaign_is_rendered_as_it_will_look(
    client: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    campaign = await ready(
        client, database, tenant, content={"subject": "Hi", "html": "<p>Dear {{first_name}}</p>"}
    )
    person = await make_contact(database, tenant.id, first_name="Grace")
    answer = await client.get(f"{campaign.path}/render")
    told = assert_answer(f"{ONE}/render", answer)
    assert "Dear" in told["data"]["html"]
    assert told["html"] == told["data"]["html"]
    theirs = await client.get(f"{campaign.path}/render", params={"contact_id": person.id})
    assert "Dear Grace" in assert_answer(f"{ONE}/render", theirs)["data"]["html"]
    unknown = await client.get(f"{campaign.path}/render", params={"contact_id": 999999})
    assert "contact_id" in assert_answer(f"{ONE}/render", unknown, 400)["message"]
    empty = (await create(client))["id"]
    assert_answer(f"{ONE}/render", await client.get(f"/campaigns/{empty}/render"))


@pytest.mark.checklist("X06")
async def test_revisions_are_listed_and_read(
    client: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    campaign = await ready(client, database, tenant)
    await client.patch(campaign.path, json={"content": {"subject": "Second"}})
    answer = await client.get(f"{campaign.path}/revisions", params={"with_count": "true"})
    told = assert_answer(f"{ONE}/revisions", answer)
    assert [row["id"] for row in told["data"]] == [2, 1]
    assert told["pagination"]["count"] == 2
    shown = await client.get(campaign.path, params={"revision_id": 1})
    assert assert_answer(ONE, shown)["data"]["content"]["subject"] == "Our April Newsletter"
    assert_answer(ONE, await client.get(campaign.path, params={"revision_id": 9}), 400)


async def test_a_template_lends_its_words(
    client: httpx2.AsyncClient,
) -> None:
    body = {"name": "Letter", "content": {"type": "html", "subject": "From it", "html": HTML}}
    template = (await client.post("/templates", json=body)).json()["id"]
    told = await create(client, content={"template": {"id": template}})
    assert told["data"]["content"]["subject"] == "From it"
    assert "Hello!" in told["data"]["content"]["html"]


async def test_a_campaign_is_told_after_its_list_is_gone(
    client: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    campaign = await ready(client, database, tenant)
    await put_in(database, campaign.id, "sent")
    assert (await client.delete(f"/lists/{campaign.list.id}")).status_code == 200
    data = assert_answer(ONE, await client.get(campaign.path))["data"]
    assert data["audience"] == {"list_id": campaign.list.id}
    refused = await client.post("/campaigns", json={"name": "x", "list_id": campaign.list.id})
    assert "list_id" in assert_answer("/campaigns", refused, 400)["message"]


async def test_a_type_without_a_page_changes_nothing(client: httpx2.AsyncClient) -> None:
    number = (await create(client))["id"]
    body = {"content": {"type": "html", "subject": "Hi"}}
    told = assert_answer(ONE, await client.patch(f"/campaigns/{number}", json=body))
    assert told["data"]["content"]["subject"] == "Hi"
    told = await client.patch(f"/campaigns/{number}", json={"content": {"json": {"rows": []}}})
    assert "content.json" in assert_answer(ONE, told, 400)["message"]
