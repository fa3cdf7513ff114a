"""Lists in Cakemail's form."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from mailwright.domain.doors import Door
from mailwright.domain.tokens import Tokens
from mailwright.errors import NotReady
from mailwright.services import campaign_sending, campaigns
from mailwright.services.caller import Caller
from mailwright.services.runtime import Runtime
from mailwright.store import tables
from mailwright.store.database import Database
from tests.builders import (
    MadeTenant,
    make_campaign,
    make_contact,
    make_list,
    make_message,
    make_sender,
)
from tests.dialects.cakemail.document import assert_answer


@pytest.mark.checklist("E14")
async def test_lists_are_paged_and_carry_integer_ids(
    client: httpx2.AsyncClient,
    database: Database,
    tenant: MadeTenant,
    other_tenant: MadeTenant,
) -> None:
    made = [await make_list(database, tenant.id, name=name) for name in ("b", "a", "c")]
    await make_list(database, other_tenant.id, name="theirs")
    told = assert_answer("/lists", await client.get("/lists"))
    assert [row["name"] for row in told["data"]] == ["a", "b", "c"]
    assert {row["id"] for row in told["data"]} == {one.id for one in made}
    assert told["pagination"] == {"page": 1, "per_page": 50}
    second = await client.get("/lists?page=2&per_page=2&with_count=true&sort=-name")
    told = assert_answer("/lists", second)
    assert [row["name"] for row in told["data"]] == ["a"]
    assert told["pagination"] == {"page": 2, "per_page": 2, "count": 3}


async def test_lists_are_filtered_by_the_terms_of_the_document(
    client: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    for name in ("Newsletter", "Newsletter 2"):
        await make_list(database, tenant.id, name=name)
    answer = await client.get("/lists", params={"filter": "status==active;name==Newsletter"})
    told = assert_answer("/lists", answer)
    assert [row["name"] for row in told["data"]] == ["Newsletter"]
    answer = await client.get("/lists", params={"filter": "status==archived"})
    assert assert_answer("/lists", answer)["data"] == []


@pytest.mark.checklist("E14", "X02", "X07")
async def test_a_list_is_made_changed_accepted_archived_and_deleted(
    client: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    sender = await make_sender(database, tenant.id, "ada@example.com", name="Ada")
    body: dict[str, Any] = {
        "name": "Newsletter",
        "default_sender": {"id": str(sender.id)},
        "language": "fr_CA",
        "redirections": {"after_opt_out": "https://shop.example/bye"},
        "webhook": {"url": "https://shop.example/hook", "actions": ["all"]},
        "account_id": 7,
    }
    made = assert_answer("/lists", await client.post("/lists", json=body), 201)
    assert (made["object"], made["created"], made["name"]) == ("list", True, "Newsletter")
    data = made["data"]
    assert data["default_sender"] == {"name": "Ada", "email": "ada@example.com"}
    assert (data["language"], data["policy_accepted"], data["pages"]) == ("fr_CA", False, {})
    assert (data["redirections"], data["webhook"]) == (body["redirections"], body["webhook"])
    path, template = f"/lists/{made['id']}", "/lists/{list_id}"
    accepted = assert_answer(
        f"{template}/accept-policy", await client.post(f"{path}/accept-policy")
    )
    assert accepted["policy_accepted"] is True
    changes = {"name": "News", "redirections": {"after_opt_in": "https://shop.example/hi"}}
    told = assert_answer(template, await client.patch(path, json=changes))
    assert told["updated"] is True
    assert told["data"]["redirections"] == {
        "after_opt_in": "https://shop.example/hi",
        "after_opt_out": "https://shop.example/bye",
    }
    assert_answer(f"{template}/archive", await client.post(f"{path}/archive"))
    shown = assert_answer(template, await client.get(path))["data"]
    assert (shown["status"], shown["policy_accepted"]) == ("archived", True)
    assert (await client.get("/lists")).json()["data"] == []
    archived = await client.get("/lists", params={"filter": "status==archived"})
    assert [row["id"] for row in archived.json()["data"]] == [made["id"]]
    joined = await client.post(f"{path}/contacts", json={"email": "bob@example.com"})
    assert "archived" in assert_answer("/lists/{list_id}/contacts", joined, 400)["message"]
    assert_answer(template, await client.delete(path))
    assert (await client.get(path)).status_code == 404


async def test_a_list_needs_a_name_and_whatever_else_is_wrong_is_named(
    client: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    await make_list(database, tenant.id, "Taken")
    for body, status, place in (
        ({}, 422, "name"),
        ({"name": ""}, 422, "name"),
        ({"name": "Taken"}, 400, None),
        ({"name": "x", "default_sender": {"id": "999"}}, 400, "id"),
        ({"name": "x", "language": "français"}, 400, "language"),
        ({"name": "x", "redirections": {"after_opt_in": "javascript:alert(1)"}}, 400, None),
    ):
        told = assert_answer("/lists", await client.post("/lists", json=body), status)
        assert place is None or told["detail"][0]["loc"][-1] == place
    assert len((await client.get("/lists")).json()["data"]) == 1
    made = await client.post("/lists", json={"name": "x"})  # nobody can send yet
    assert_answer("/lists", made, 201)


async def test_an_archived_list_is_mailed_no_more(
    client: httpx2.AsyncClient, runtime: Runtime, database: Database, tenant: MadeTenant
) -> None:
    news = await make_list(database, tenant.id)
    sender = await make_sender(database, tenant.id)
    campaign = await make_campaign(
        database, tenant.id, list_id=news.id, sender_id=sender.id, from_name="Ada"
    )
    caller = Caller(tenant.id, "key:test", Door.CAKEMAIL, frozenset({"*"}))
    ready = await campaigns.get_campaign(runtime, caller, campaign.uuid)
    assert ready.readiness.can_send
    await client.post(f"/lists/{news.id}/archive")
    stuck = await campaigns.get_campaign(runtime, caller, campaign.uuid)
    assert list(stuck.readiness.missing) == ["audience"]
    with pytest.raises(NotReady):
        await campaign_sending.send_campaign(runtime, caller, campaign.uuid)


async def test_a_list_that_was_mailed_can_be_deleted_and_its_name_used_again(
    client: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    news = await make_list(database, tenant.id, "News")
    await make_contact(database, tenant.id, list_id=news.id)
    waiting = await make_campaign(database, tenant.id, list_id=news.id)
    refused = assert_answer("/lists/{list_id}", await client.delete(f"/lists/{news.id}"), 400)
    assert "campaign uses this list" in refused["message"]
    async with database.transaction() as connection:
        await connection.execute(tables.campaigns.update().values(state="sent"))
    assert_answer("/lists/{list_id}", await client.delete(f"/lists/{news.id}"))
    assert (await client.get(f"/lists/{news.id}")).status_code == 404
    assert (await client.post("/lists", json={"name": "News"})).status_code == 201
    async with database.reading() as connection:
        left = (await connection.execute(tables.campaigns.select())).one()
    assert (left.id, left.list_id) == (waiting.id, news.id)


async def test_who_unsubscribes_goes_on_to_the_lists_own_page(
    client: httpx2.AsyncClient,
    stranger: httpx2.AsyncClient,
    runtime: Runtime,
    database: Database,
    tenant: MadeTenant,
) -> None:
    body = {"name": "News", "redirections": {"after_opt_out": "https://shop.example/bye"}}
    news = (await client.post("/lists", json=body)).json()["id"]
    ada = await make_contact(database, tenant.id, list_id=news)
    campaign = await make_campaign(database, tenant.id, list_id=news, state="sent")
    message = await make_message(
        database, tenant.id, campaign_id=campaign.id, contact_id=ada.id, state="sent"
    )
    token = Tokens(runtime.keys).unsubscribe(
        tenant.id, message, contact_id=ada.id, campaign_id=campaign.id
    )
    url = f"http://mailwright.test/u/{token}"
    assert "refresh" not in (await stranger.get(url)).headers
    left = await stranger.post(url, data={"action": "unsubscribe"})
    assert left.headers["refresh"] == "3; url=https://shop.example/bye"
    assert "You are unsubscribed" in left.text


@pytest.mark.parametrize(
    ("webhook", "place"),
    [
        ({"url": "https://shop.example/", "actions": ["bounce_fm"]}, ["webhook", "actions"]),
        ({"url": "http://127.0.0.1/"}, ["webhook", "url"]),
        ({"actions": ["all"]}, ["webhook", "url"]),
    ],
)
async def test_a_lists_webhook_that_cannot_be_kept_is_refused_by_name(
    client: httpx2.AsyncClient, webhook: dict[str, Any], place: list[str]
) -> None:
    answer = await client.post("/lists", json={"name": "News", "webhook": webhook})
    told = assert_answer("/lists", answer, 400)
    assert told["detail"][0]["loc"] == ["body", *place]
    assert (await client.get("/lists")).json()["data"] == []
