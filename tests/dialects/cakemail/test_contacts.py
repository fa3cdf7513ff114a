"""Contacts, tags, interests, attributes and imports in Cakemail's form."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from mailwright.services.runtime import Runtime
from mailwright.store.database import Database
from mailwright.store.tables import consents
from tests.builders import MadeTenant, make_contact, make_list, make_message
from tests.dialects.cakemail.document import assert_answer

CONTACTS = "/lists/{list_id}/contacts"
CONTACT = "/lists/{list_id}/contacts/{contact_id}"


@pytest.fixture
async def news(database: Database, tenant: MadeTenant) -> int:
    """The number of a list."""
    return (await make_list(database, tenant.id, "News")).id


async def _add(
    client: httpx2.AsyncClient, list_id: int, email: str, query: str = "", **body: Any
) -> dict[str, Any]:
    answer = await client.post(f"/lists/{list_id}/contacts{query}", json={"email": email} | body)
    return assert_answer(CONTACTS, answer, 201)


@pytest.mark.checklist("X07", "X02")
async def test_a_contact_comes_is_changed_leaves_and_is_deleted(
    client: httpx2.AsyncClient, news: int
) -> None:
    attributes = [{"name": "city", "value": "London"}, {"name": "first_name", "value": "Ada"}]
    made = await _add(client, news, "Ada@Example.com", custom_attributes=attributes)
    assert (made["object"], made["created"], made["id"]) == ("contact", True, made["data"]["id"])
    assert made["data"]["status"] == "active"
    assert made["data"]["custom_attributes"] == attributes
    assert (made["data"]["last_bounce_type"], made["data"]["bounces_count"]) == ("none", 0)
    path = f"/lists/{news}/contacts/{made['id']}"
    changes = {"email": "ada@lovelace.example", "tags": ["vip", "early"]}
    told = assert_answer(CONTACT, await client.patch(path, json=changes))
    assert told["updated"] is True
    assert (told["data"]["email"], told["data"]["tags"]) == (
        "ada@lovelace.example",
        ["early", "vip"],
    )
    told = assert_answer(CONTACT, await client.patch(path, json={"tags": ["vip"]}))
    assert told["data"]["tags"] == ["vip"]
    unsubscribe = "/lists/{list_id}/contacts/{contact_id}/unsubscribe"
    told = assert_answer(unsubscribe, await client.post(f"{path}/unsubscribe"))
    assert (told["subscribed"], told["data"]["status"]) == (False, "unsubscribed")
    assert assert_answer(CONTACT, await client.get(path))["data"]["status"] == "unsubscribed"
    told = assert_answer(CONTACT, await client.delete(path))
    assert (told["id"], told["deleted"]) == (made["id"], True)
    assert (await client.get(path)).status_code == 404


async def test_who_left_comes_back_only_where_the_call_does_not_forbid_it_and_it_is_recorded(
    client: httpx2.AsyncClient, news: int, database: Database
) -> None:
    made = await _add(client, news, "ada@example.com")
    await client.post(f"/contacts/{made['id']}/unsubscribe", json={})  # from all mail
    kept = await _add(client, news, "ada@example.com", "?resubscribe=false")
    assert kept["data"]["status"] == "unsubscribed"
    back = await _add(client, news, "ada@example.com")
    assert (back["id"], back["data"]["status"]) == (made["id"], "active")
    async with database.reading() as connection:
        rows = (await connection.execute(consents.select().order_by(consents.c.id))).all()
    assert [(row.consent, row.source) for row in rows] == [
        ("subscribed", "cakemail"),
        ("unsubscribed", "cakemail"),
        ("subscribed", "cakemail resubscribe"),
    ]


@pytest.mark.checklist("X05", "X07")
async def test_contacts_are_filtered_sorted_counted_and_read_on_by_cursor(
    client: httpx2.AsyncClient, news: int
) -> None:
    for number in range(5):
        tags = ["even"] if number % 2 == 0 else []
        await _add(client, news, f"{number}@example.com", tags=tags)
    path = f"/lists/{news}/contacts"

    async def emails(**params: Any) -> list[str]:
        told = assert_answer(CONTACTS, await client.get(path, params=params))
        return [row["email"][0] for row in told["data"]]

    assert await emails() == list("01234")
    assert await emails(sort="-email", per_page=2) == ["4", "3"]
    assert await emails(sort="-subscribed_on") == list("43210")
    assert await emails(filter="tags==even;status==active") == ["0", "2", "4"]
    assert await emails(filter="email==3@example.com") == ["3"]
    assert await emails(query='email LIKE "1%" OR TAG IS "even"') == ["0", "1", "2", "4"]
    assert await emails(fiql="email=like=1*,tag==even") == ["0", "1", "2", "4"]
    assert await emails(json='{"not": {"eq": {"tag": "even"}}}') == ["1", "3"]
    for term in ("status", "bounces_count", "last_bounce_type"):
        assert len(await emails(sort=f"-{term}")) == 5
    first = assert_answer(CONTACTS, await client.get(f"{path}?per_page=2&with_count=true"))
    assert first["pagination"]["count"] == 5
    seen = [row["email"][0] for row in first["data"]]
    while cursor := first["pagination"]["cursor"].get("next"):
        answer = await client.get(path, params={"per_page": 2, "cursor": cursor})
        first = assert_answer(CONTACTS, answer)
        seen += [row["email"][0] for row in first["data"]]
    assert seen == list("01234")
    back = first["pagination"]["cursor"]["previous"]
    answer = await client.get(path, params={"per_page": 2, "cursor": back})
    assert [row["email"][0] for row in answer.json()["data"]] == ["2", "3"]


REFUSED: list[tuple[dict[str, str], str]] = [
    ({"filter": "colour==red"}, "filter"),
    ({"filter": "status==gone"}, "filter"),
    ({"sort": "colour"}, "sort"),
    ({"query": "SLEEP(10)"}, "query"),
    ({"query": "a = 1", "fiql": "a==1"}, "fiql"),
    ({"json": "{"}, "json"),
    ({"cursor": "x"}, "cursor"),
]


async def test_what_cannot_be_asked_is_refused_by_name(
    client: httpx2.AsyncClient, news: int
) -> None:
    for params, name in REFUSED:
        answer = await client.get(f"/lists/{news}/contacts", params=params)
        told = assert_answer(CONTACTS, answer, 400)
        assert told["detail"][0]["loc"][-1] == name


@pytest.mark.checklist("X07")
async def test_tags_are_made_renamed_put_on_many_and_deleted(
    client: httpx2.AsyncClient, news: int
) -> None:
    ids = [(await _add(client, news, f"{n}@example.com"))["id"] for n in range(3)]
    made = assert_answer("/tags", await client.post("/tags", json={"tag": "vip"}), 201)
    assert made == {"tag": "vip", "object": "tag", "created": True, "data": {"tag": "vip"}}
    again = await client.post("/tags", json={"tag": "vip"})
    assert_answer("/tags", again, 400)
    path = f"/lists/{news}/contacts"
    body = {"tags": ["vip", "new"], "contact_ids": ids[:2]}
    told = assert_answer(
        "/lists/{list_id}/contacts/tag", await client.post(f"{path}/tag", json=body)
    )
    assert told["tagged"] is True
    body = {"tags": ["new"], "query": 'email = "0@example.com"'}
    answer = await client.post(f"{path}/untag", json=body)
    assert_answer("/lists/{list_id}/contacts/untag", answer)
    answer = await client.post(f"{path}/{ids[2]}/tag", json={"tags": ["late"]})
    assert_answer("/lists/{list_id}/contacts/{contact_id}/tag", answer)
    answer = await client.post(f"{path}/{ids[2]}/untag", json={"tags": ["late"]})
    assert_answer("/lists/{list_id}/contacts/{contact_id}/untag", answer)
    rows = (await client.get(path)).json()["data"]
    assert [row["tags"] for row in rows] == [["vip"], ["new", "vip"], []]
    told = assert_answer("/tags/{tag}", await client.patch("/tags/vip", json={"tag": "gold"}))
    assert (told["tag"], told["updated"]) == ("gold", True)
    assert assert_answer("/tags/{tag}", await client.get("/tags/gold"))["data"] == {"tag": "gold"}
    told = assert_answer("/tags", await client.get("/tags?with_count=true"))
    assert [row["tag"] for row in told["data"]] == ["gold", "late", "new"]
    assert told["pagination"]["count"] == 3
    assert_answer("/tags/{tag}", await client.delete("/tags/gold"))
    assert (await client.get(path)).json()["data"][0]["tags"] == []
    bad = await client.post(f"{path}/tag", json={"tags": ["x"], "contact_ids": [10**6]})
    assert_answer("/lists/{list_id}/contacts/tag", bad, 400)
    assert (await client.post(f"{path}/tag", json={"tags": ["x"]})).status_code == 400
    assert (await client.post("/tags", json={"tag": "no spaces"})).status_code == 422


@pytest.mark.checklist("X07")
async def test_interests_belong_to_a_list(client: httpx2.AsyncClient, news: int) -> None:
    path, template = f"/lists/{news}/interests", "/lists/{list_id}/interests"
    one = template + "/{interest_name}"
    body = {"name": "hiking", "alias": "On foot"}
    made = assert_answer(template, await client.post(path, json=body), 201)
    assert made["data"] == {"name": "hiking", "alias": "On foot", "usage": 0}
    await client.post(path, json={"name": "sailing"})
    ada = await _add(client, news, "ada@example.com", interests=["hiking"])
    assert ada["data"]["interests"] == ["hiking"]
    body = {"interests": ["sailing"], "contact_ids": [ada["id"]]}
    answer = await client.post(f"/lists/{news}/contacts/add-interests", json=body)
    assert_answer("/lists/{list_id}/contacts/add-interests", answer)
    body = {"interests": ["hiking"], "fiql": "interest==hiking"}
    answer = await client.post(f"/lists/{news}/contacts/remove-interests", json=body)
    assert_answer("/lists/{list_id}/contacts/remove-interests", answer)
    found = (await client.get(f"/lists/{news}/contacts?filter=interests==sailing")).json()
    assert [row["interests"] for row in found["data"]] == [["sailing"]]
    told = assert_answer(one, await client.patch(f"{path}/sailing", json={"name": "boats"}))
    assert (told["patched"], told["data"]["name"], told["data"]["usage"]) == (True, "boats", 1)
    told = assert_answer(template, await client.get(path))
    assert [row["name"] for row in told["data"]] == ["boats", "hiking"]
    assert_answer(one, await client.get(f"{path}/boats"))
    assert_answer(one, await client.delete(f"{path}/boats"))
    unknown = await client.post(
        f"/lists/{news}/contacts", json={"email": "b@example.com", "interests": ["boats"]}
    )
    told = assert_answer(CONTACTS, unknown, 400)
    assert "no such interest: boats" in told["message"]
    assert (await client.get(f"/lists/{news}/contacts?filter=email==b@example.com")).json()[
        "data"
    ] == []


@pytest.mark.checklist("X07")
async def test_custom_attributes_are_the_accounts_under_cakemails_types(
    client: httpx2.AsyncClient, news: int
) -> None:
    path, template = f"/lists/{news}/custom-attributes", "/lists/{list_id}/custom-attributes"
    for name, kind in (("Birth-Date", "timestamp"), ("age", "integer"), ("bio", "mediumtext")):
        body = {"name": name, "type": kind}
        made = assert_answer(template, await client.post(path, json=body), 201)
        assert (made["name"], made["object"], made["data"]) == (name, "attribute", body)
        told = assert_answer(template + "/{name}", await client.get(f"{path}/{name}"))
        assert told["data"]["type"] == kind
    attributes = [{"name": "age", "value": "36"}, {"name": "Birth-Date", "value": "1000000000"}]
    made = await _add(client, news, "ada@example.com", custom_attributes=attributes)
    values = {one["name"]: one["value"] for one in made["data"]["custom_attributes"]}
    assert values == {"age": "36", "Birth-Date": "2001-09-09T01:46:40Z"}
    wrong = await client.post(
        f"/lists/{news}/contacts",
        json={"email": "b@example.com", "custom_attributes": [{"name": "age", "value": "old"}]},
    )
    assert_answer(CONTACTS, wrong, 400)
    older = await client.get(f"/lists/{news}/contacts", params={"query": "age > 30"})
    assert len(older.json()["data"]) == 1
    for body in ({"name": "email", "type": "text"}, {"name": "age", "type": "text"}):
        assert_answer(template, await client.post(path, json=body), 400)
    told = assert_answer(template, await client.get(path))
    assert {"age", "bio", "first_name"} <= {row["name"] for row in told["data"]}
    told = assert_answer(template + "/{name}", await client.delete(f"{path}/age"))
    assert told["deleted"] is True
    assert (await client.get(f"{path}/age")).status_code == 404


@pytest.mark.checklist("X07", "U06")
async def test_an_import_takes_the_right_rows_and_tells_the_wrong_ones(
    client: httpx2.AsyncClient, news: int
) -> None:
    path, template = f"/lists/{news}/import-contacts", "/lists/{list_id}/import-contacts"
    await client.post(f"/lists/{news}/custom-attributes", json={"name": "city", "type": "text"})
    left = await _add(client, news, "left@example.com", tags=["old"])
    await client.post(f"/lists/{news}/contacts/{left['id']}/unsubscribe")
    rows: list[dict[str, Any]] = [
        {"email": "ada@example.com", "custom_attributes": [{"name": "city", "value": "London"}]},
        {"email": "nobody"},
        {"email": "bob@example.com", "custom_attributes": [{"name": "shoe", "value": "44"}]},
        {"email": "left@example.com", "tags": ["new"]},
        {"email": "eve@example.com", "interests": ["unknown"]},
    ]
    told = assert_answer(template, await client.post(path, json={"contacts": rows}), 201)
    assert [row["email"] for row in told["data"]] == ["ada@example.com", "left@example.com"]
    assert told["id"] == [row["id"] for row in told["data"]]
    assert told["data"][1]["status"] == "unsubscribed"
    assert told["data"][1]["tags"] == ["new"]
    assert [(error["loc"][2], error["code"]) for error in told["errors"]] == [
        ("1", 8015),
        ("2", 8014),
        ("4", 8015),
    ]
    body = {"contacts": [{"email": "left@example.com"}], "resubscribe": True, "remove_tags": False}
    told = assert_answer(template, await client.post(path, json=body), 201)
    assert (told["data"][0]["status"], told["data"][0]["tags"]) == ("active", ["new"])
    body = {
        "contacts": [{"email": "ada@example.com"}, {"email": "new@example.com"}],
        "import_to": "unsubscribed",
    }
    told = assert_answer(template, await client.post(path, json=body), 201)
    assert [row["status"] for row in told["data"]] == ["unsubscribed", "unsubscribed"]
    body = {
        "contacts": [{"email": "ada@example.com"}, {"email": "ghost@example.com"}],
        "import_to": "deleted",
    }
    told = assert_answer(template, await client.post(path, json=body), 201)
    assert [error["code"] for error in told["errors"]] == [8001]
    remaining = (await client.get(f"/lists/{news}/contacts")).json()["data"]
    assert [row["email"] for row in remaining] == ["left@example.com", "new@example.com"]


async def test_a_thousand_rows_are_imported_and_one_more_is_refused_whole(
    client: httpx2.AsyncClient, news: int
) -> None:
    rows = [{"email": f"{number}@example.com", "tags": ["bulk"]} for number in range(1001)]
    path, template = f"/lists/{news}/import-contacts", "/lists/{list_id}/import-contacts"
    refused = assert_answer(template, await client.post(path, json={"contacts": rows}), 422)
    assert refused["detail"][0]["loc"] == ["body", "contacts"]
    assert (await client.get(f"/lists/{news}/contacts")).json()["data"] == []
    told = assert_answer(template, await client.post(path, json={"contacts": rows[:1000]}), 201)
    assert len(told["id"]) == 1000
    counted = await client.get(f"/lists/{news}/contacts?with_count=true&filter=tags==bulk")
    assert counted.json()["pagination"]["count"] == 1000


async def test_bounces_show_on_the_contact(
    client: httpx2.AsyncClient, news: int, database: Database, tenant: MadeTenant, runtime: Runtime
) -> None:
    ada = await make_contact(database, tenant.id, list_id=news)
    now = runtime.now()
    await make_message(database, tenant.id, contact_id=ada.id, state="bounced", bounced_at=now)
    row = assert_answer(CONTACT, await client.get(f"/lists/{news}/contacts/{ada.id}"))["data"]
    assert (row["bounces_count"], row["last_bounce_type"]) == (1, "hard")


@pytest.mark.checklist("SEC-10")
async def test_strangers_lists_and_contacts_are_unknown(
    client: httpx2.AsyncClient, other_client: httpx2.AsyncClient, news: int
) -> None:
    made = await _add(client, news, "ada@example.com")
    path = f"/lists/{news}/contacts/{made['id']}"
    for method in ("GET", "DELETE", "PATCH"):
        answer = await other_client.request(method, path, json={})
        assert answer.status_code == 404
    answer = await other_client.post(f"/lists/{news}/contacts", json={"email": "x@example.com"})
    assert answer.status_code == 404
    assert (await other_client.get(f"/contacts/{made['id']}")).status_code == 404


async def test_the_vendors_program_finds_contacts_at_the_top(
    client: httpx2.AsyncClient, news: int, database: Database, tenant: MadeTenant
) -> None:
    body = {
        "email": "ada@example.com",
        "list_ids": [str(news)],
        "first_name": "Ada",
        "custom_attributes": {"plan": "pro"},
    }
    made = await client.post("/contacts", json=body)
    assert made.status_code == 201
    number = made.json()["id"]
    found = (await client.get("/contacts", params={"list_id": news, "query": "ada"})).json()
    assert [row["id"] for row in found["data"]] == [number]
    assert (await client.get(f"/contacts/{number}")).json()["data"]["email"] == "ada@example.com"
    changed = await client.patch(f"/contacts/{number}", json={"last_name": "Lovelace"})
    values = {one["name"]: one["value"] for one in changed.json()["data"]["custom_attributes"]}
    assert values == {"first_name": "Ada", "last_name": "Lovelace", "plan": "pro"}
    left = await client.post(f"/contacts/{number}/unsubscribe", json={"list_id": news})
    assert left.status_code == 200
    assert (await client.get(f"/contacts/{number}")).json()["status"] == "unsubscribed"
    assert (await client.delete(f"/contacts/{number}")).json()["deleted"] is True
    assert (await client.get(f"/contacts/{number}")).status_code == 404
    await make_list(database, tenant.id, "Second")
    missing = await client.post("/contacts", json={"email": "bob@example.com"})
    assert missing.json()["detail"][0]["loc"][-1] == "list_id"
