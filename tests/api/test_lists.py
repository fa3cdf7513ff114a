"""`/lists` as a client of easymail knows it (vendors.md 3.1)."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from mailwright.store.database import Database
from mailwright.store.tables import list_members
from tests.builders import MadeTenant, make_campaign, make_contact, make_list


async def _made(api: httpx2.AsyncClient, name: str = "News", **body: Any) -> dict[str, Any]:
    answer = await api.post("/lists", json={"name": name} | body)
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]


@pytest.mark.checklist("X14")
async def test_a_list_is_made_changed_found_and_deleted(api: httpx2.AsyncClient) -> None:
    made = await _made(api, description="Monthly")
    assert made.keys() == {
        "uuid",
        "name",
        "description",
        "is_public",
        "contacts_count",
        "created_at",
        "updated_at",
    }
    assert made["is_public"] is True
    path = f"/lists/{made['uuid']}"
    changed = (await api.patch(path, json={"description": None, "is_public": False})).json()["data"]
    assert (changed["name"], changed["description"], changed["is_public"]) == ("News", None, False)
    await _made(api, "Other")
    found = (await api.get("/lists", params={"search": "new"})).json()
    assert [row["name"] for row in found["data"]] == ["News"]
    assert (await api.delete(path)).status_code == 204
    assert (await api.get(path)).status_code == 404


@pytest.mark.checklist("X14")
async def test_members_come_and_go_and_who_left_stays_off(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    made = await _made(api)
    path = f"/lists/{made['uuid']}/contacts"
    contact = await make_contact(database, tenant.id)
    body = {"contact_uuid": str(contact.uuid)}
    assert (await api.post(path, json=body)).status_code == 204
    again = await api.post(path, json=body)
    assert (again.status_code, again.json()["error"]["code"]) == (409, "DUPLICATE_RESOURCE")
    assert (await api.get(f"/lists/{made['uuid']}")).json()["data"]["contacts_count"] == 1
    assert (await api.delete(f"{path}/{contact.uuid}")).status_code == 204
    assert (await api.delete(f"{path}/{contact.uuid}")).status_code == 404
    await api.post(path, json=body)
    async with database.transaction() as connection:
        await connection.execute(list_members.update().values(state="unsubscribed"))
    assert (await api.post(path, json=body)).status_code == 204
    assert (await api.get(path)).json()["data"] == []


@pytest.mark.checklist("X14")
@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": "  "}, "name"),
        ({"name": "x" * 256}, "name"),
        ({"name": "x", "description": "x" * 1001}, "description"),
        ({"name": "x", "colour": "red"}, "colour"),
    ],
)
async def test_bad_fields_are_named(
    api: httpx2.AsyncClient, body: dict[str, str], field: str
) -> None:
    answer = await api.post("/lists", json=body)
    assert answer.status_code == 422
    assert answer.json()["error"]["details"].keys() == {field}


async def test_a_name_is_taken_once(api: httpx2.AsyncClient) -> None:
    await _made(api)
    other = await _made(api, "Other")
    for answer in (
        await api.post("/lists", json={"name": "News"}),
        await api.patch(f"/lists/{other['uuid']}", json={"name": "News"}),
    ):
        assert answer.json()["error"]["code"] == "DUPLICATE_RESOURCE"


async def test_a_list_a_campaign_uses_stays(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    used = await make_list(database, tenant.id)
    await make_campaign(database, tenant.id, list_id=used.id)
    answer = await api.delete(f"/lists/{used.uuid}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "LIST_IN_USE")


@pytest.mark.checklist("SEC-10")
async def test_another_tenants_list_does_not_exist(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant, other_tenant: MadeTenant
) -> None:
    theirs = await make_list(database, other_tenant.id)
    stranger = await make_contact(database, other_tenant.id, list_id=theirs.id)
    mine = await make_list(database, tenant.id)
    contact = await make_contact(database, tenant.id)
    path = f"/lists/{theirs.uuid}"
    for answer in (
        await api.get(path),
        await api.patch(path, json={"name": "x"}),
        await api.delete(path),
        await api.get(f"{path}/contacts"),
        await api.post(f"{path}/contacts", json={"contact_uuid": str(contact.uuid)}),
        await api.delete(f"{path}/contacts/{stranger.uuid}"),
        await api.post(f"/lists/{mine.uuid}/contacts", json={"contact_uuid": str(stranger.uuid)}),
    ):
        assert answer.status_code == 404
