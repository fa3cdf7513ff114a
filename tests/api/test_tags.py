"""Tags, interests, list settings, members and exports in the background, through the native API."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from mailwright.store.database import Database
from tests.builders import MadeTenant, make_campaign, make_contact, make_list, make_sender


async def test_tags_are_put_on_contacts_and_asked_for_in_rules(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    ada = await make_contact(database, tenant.id, "ada@example.com", attributes={"plan": "pro"})
    bob = await make_contact(database, tenant.id, "bob@example.com")
    made = (await api.post("/tags", json={"name": "early bird"})).json()["data"]
    assert (made["name"], made["contacts_count"]) == ("early bird", 0)
    again = await api.post("/tags", json={"name": "early bird"})
    assert (again.status_code, again.json()["error"]["code"]) == (409, "DUPLICATE_RESOURCE")
    rule = {"field": "attributes.plan", "op": "eq", "value": "pro"}
    put = await api.post("/tags/assign", json={"add": ["early bird"], "rule": rule})
    assert put.status_code == 204
    answer = await api.put(f"/contacts/{bob.uuid}/tags", json={"tags": ["vip", "early bird"]})
    assert answer.json()["data"] == ["early bird", "vip"]
    off = {"remove": ["early bird"], "contact_uuids": [str(bob.uuid)]}
    assert (await api.post("/tags/assign", json=off)).status_code == 204
    assert (await api.get(f"/contacts/{bob.uuid}/tags")).json()["data"] == ["vip"]

    async def whom(rule: dict[str, Any]) -> list[str]:
        found = await api.post("/segments/preview", json={"rule": rule})
        return sorted(row["email"][0] for row in found.json()["data"]["contacts"])

    tagged = {"field": "tag", "op": "in", "value": ["early bird", "gold"]}
    assert await whom(tagged) == ["a"]
    assert await whom({"field": "tag", "op": "ne", "value": "vip"}) == ["a"]
    assert await whom({"field": "tag", "op": "exists", "value": True}) == ["a", "b"]
    segment = (await api.post("/segments", json={"name": "S", "rule": tagged})).json()["data"]
    campaign = await make_campaign(database, tenant.id, audience_filter=tagged)
    await api.patch(f"/tags/{made['uuid']}", json={"name": "first"})
    renamed = {**tagged, "value": ["first", "gold"]}
    shown = (await api.get(f"/segments/{segment['uuid']}")).json()["data"]
    assert (shown["rule"], shown["contacts_count"]) == (renamed, 1)
    shown = (await api.get(f"/campaigns/{campaign.uuid}")).json()["data"]
    assert shown["audience_filter"] == renamed
    assert (await api.delete(f"/tags/{made['uuid']}")).status_code == 204
    assert (await api.get(f"/contacts/{ada.uuid}/tags")).json()["data"] == []
    for body in ({"add": ["x"]}, {"rule": rule}, {"add": ["x" * 65], "rule": rule}):
        assert (await api.post("/tags/assign", json=body)).status_code == 422


async def test_interests_are_of_one_list_and_asked_for_by_their_uuid(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    news, other = [await make_list(database, tenant.id) for _ in range(2)]
    await make_contact(database, tenant.id, "ada@example.com", list_id=news.id)
    await make_contact(database, tenant.id, "bob@example.com", list_id=other.id)
    path = f"/lists/{news.uuid}/interests"
    made = (await api.post(path, json={"name": "hiking", "alias": "On foot"})).json()["data"]
    everybody = {"field": "email", "op": "contains", "value": "@"}
    given = await api.post(f"{path}/assign", json={"add": ["hiking"], "rule": everybody})
    assert given.status_code == 204
    shown = (await api.get(f"{path}/{made['uuid']}")).json()["data"]
    assert shown["contacts_count"] == 1
    rule = {"field": "interest", "op": "eq", "value": made["uuid"]}
    found = (await api.post("/segments/preview", json={"rule": rule})).json()["data"]
    assert [row["email"] for row in found["contacts"]] == ["ada@example.com"]
    unknown = await api.post(f"{path}/assign", json={"add": ["golf"], "rule": everybody})
    assert unknown.json()["error"]["details"] == {
        "interests": ["The list has no such interest: golf."]
    }
    wrong = {"field": "interest", "op": "eq", "value": "hiking"}
    answer = await api.post("/segments/preview", json={"rule": wrong})
    assert list(answer.json()["error"]["details"]) == ["rule.value"]


async def test_a_list_has_settings_and_can_be_put_aside(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    sender = await make_sender(database, tenant.id, "ada@example.com", name="Ada")
    news = await make_list(database, tenant.id, "News")
    path = f"/lists/{news.uuid}"
    body = {
        "language": "pt_br",
        "sender_uuid": str(sender.uuid),
        "redirections": {"after_opt_out": "https://shop.example/bye"},
    }
    told = (await api.patch(f"{path}/settings", json=body)).json()["data"]
    assert (told["language"], told["sender"]["email"]) == ("pt-BR", "ada@example.com")
    assert told["redirections"] == body["redirections"]
    cleared = await api.patch(f"{path}/settings", json={"redirections": {"after_opt_out": None}})
    assert cleared.json()["data"]["redirections"] == {}
    bad = {"redirections": {"after_opt_out": "ftp://shop.example"}}
    refused = await api.patch(f"{path}/settings", json=bad)
    assert list(refused.json()["error"]["details"]) == ["redirections.after_opt_out"]
    assert (await api.post(f"{path}/archive")).json()["data"]["status"] == "archived"
    assert (await api.get("/lists")).json()["data"] == []
    archived = (await api.get("/lists", params={"archived": "true"})).json()["data"]
    assert [row["name"] for row in archived] == ["News"]
    draft = await api.post("/campaigns", json={"name": "C", "list_uuid": str(news.uuid)})
    assert draft.status_code == 422
    assert (await api.post(f"{path}/unarchive")).json()["data"]["status"] == "active"


async def test_members_join_with_a_standing_and_leave_one_list_only(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    await make_sender(database, tenant.id)
    news, other = [await make_list(database, tenant.id) for _ in range(2)]
    body = {"email": "ada@example.com", "first_name": "Ada", "tags": ["vip"]}
    for made in (news, other):
        joined = await api.post(f"/lists/{made.uuid}/members", json=body)
        assert joined.status_code == 201, joined.text
    data = joined.json()["data"]
    assert (data["standing"], data["tags"]) == ("subscribed", ["vip"])
    contact_uuid = data["contact"]["uuid"]
    left = await api.post(f"/lists/{news.uuid}/members/{contact_uuid}/leave")
    assert left.json()["data"]["standing"] == "unsubscribed"
    still = (await api.get(f"/lists/{other.uuid}/members")).json()["data"]
    assert [row["standing"] for row in still] == ["subscribed"]
    again = await api.post(f"/lists/{news.uuid}/members", json=body)
    assert again.json()["data"]["standing"] == "unsubscribed"
    body |= {"resubscribe": True, "consent_source": "asked by phone"}
    back = await api.post(f"/lists/{news.uuid}/members", json=body)
    assert back.json()["data"]["standing"] == "subscribed"
    asked = {"email": "bob@example.com", "double_opt_in": "new"}
    new = await api.post(f"/lists/{news.uuid}/members", json=asked)
    assert new.json()["data"]["standing"] == "unconfirmed"
    params = {"standing": "unconfirmed"}
    pending = (await api.get(f"/lists/{news.uuid}/members", params=params)).json()
    assert pending["pagination"]["total"] == 1


@pytest.mark.checklist("X07")
async def test_an_export_in_the_background_is_asked_for_and_watched(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    news = await make_list(database, tenant.id)
    made = await api.post("/exports", json={"list_uuid": str(news.uuid), "description": "Spring"})
    assert made.status_code == 201, made.text
    data = made.json()["data"]
    assert (data["status"], data["progress"], data["kind"]) == ("pending", 0, "contacts")
    early = await api.get(f"/exports/{data['uuid']}/file.csv")
    assert early.json()["error"]["code"] == "EXPORT_NOT_READY"
    assert len((await api.get("/exports")).json()["data"]) == 1
    gone = await api.delete(f"/exports/{data['uuid']}")
    assert gone.json()["data"]["status"] == "deleted"
