"""`/segments`: rules saved, counted and tried."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx2
import pytest

from mailwright.store.database import Database
from tests.builders import MadeTenant, make_campaign, make_contact, make_list
from tests.clock import Clock

PRO = {"field": "attributes.plan", "op": "eq", "value": "pro"}


async def _pros(database: Database, tenant: MadeTenant, count: int) -> None:
    for _ in range(count):
        await make_contact(database, tenant.id, attributes={"plan": "pro"})
    await make_contact(database, tenant.id)


async def _made(api: httpx2.AsyncClient, rule: dict[str, Any] = PRO) -> dict[str, Any]:
    answer = await api.post("/segments", json={"name": f"s {uuid4()}", "rule": rule})
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]


@pytest.mark.checklist("X14", "Z33")
async def test_a_segment_is_saved_counted_changed_and_deleted(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    await _pros(database, tenant, 3)
    made = await _made(api)
    assert made["contacts_count"] == 3
    assert made["rule"] == PRO
    path = f"/segments/{made['uuid']}"
    changed = (await api.patch(path, json={"rule": {"not": PRO}})).json()["data"]
    assert (changed["contacts_count"], changed["name"]) == (1, made["name"])
    listed = (await api.get("/segments")).json()
    assert [row["uuid"] for row in listed["data"]] == [made["uuid"]]
    assert (await api.delete(path)).status_code == 204
    assert (await api.get(path)).status_code == 404


async def test_the_count_is_kept_for_a_minute(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant, clock: Clock
) -> None:
    made = await _made(api)
    await _pros(database, tenant, 1)
    path = f"/segments/{made['uuid']}"
    assert (await api.get(path)).json()["data"]["contacts_count"] == 0
    clock.advance(seconds=61)
    assert (await api.get(path)).json()["data"]["contacts_count"] == 1


async def test_a_preview_counts_shows_ten_and_saves_nothing(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    await _pros(database, tenant, 12)
    data = (await api.post("/segments/preview", json={"rule": PRO})).json()["data"]
    assert data["contacts_count"] == 12
    assert len(data["contacts"]) == 10
    assert (await api.get("/segments")).json()["pagination"]["total"] == 0


@pytest.mark.checklist("Z36")
async def test_the_contacts_of_a_segment_are_who_fits_now(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    made = await _made(api)
    path = f"/segments/{made['uuid']}/contacts"
    assert (await api.get(path)).json()["data"] == []
    await _pros(database, tenant, 2)
    answer = (await api.get(path, params={"per_page": 1})).json()
    assert len(answer["data"]) == 1
    assert answer["pagination"]["total"] == 2


async def test_a_segment_a_campaign_uses_stays(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    made = await _made(api)
    async with database.reading() as connection:
        from mailwright.store import segments

        row = await segments.get(connection, tenant.id, made["uuid"])
    assert row is not None
    await make_campaign(database, tenant.id, segment_id=row["id"])
    answer = await api.delete(f"/segments/{made['uuid']}")
    assert answer.status_code == 409
    assert answer.json()["error"]["code"] == "SEGMENT_IN_USE"


async def test_a_name_is_taken_once(api: httpx2.AsyncClient) -> None:
    first, second = await _made(api), await _made(api)
    taken = {"name": first["name"], "rule": PRO}
    assert (await api.post("/segments", json=taken)).status_code == 409
    answer = await api.patch(f"/segments/{second['uuid']}", json={"name": first["name"]})
    assert answer.json()["error"]["code"] == "DUPLICATE_RESOURCE"


@pytest.mark.checklist("SEC-26")
@pytest.mark.parametrize(
    ("rule", "place"),
    [
        ({}, "rule"),
        ({"all": [{"field": "password", "op": "eq", "value": "x"}]}, "rule.all[0].field"),
        ({"field": "email", "op": "; DROP TABLE contacts", "value": "x"}, "rule.op"),
        ({"sql": "1=1"}, "rule"),
    ],
)
async def test_a_wrong_rule_is_refused_by_its_place(
    api: httpx2.AsyncClient, rule: dict[str, Any], place: str
) -> None:
    for path in ("/segments", "/segments/preview"):
        body = {"rule": rule} | ({"name": "x"} if path == "/segments" else {})
        answer = await api.post(path, json=body)
        assert answer.status_code == 422
        assert answer.json()["error"]["details"].keys() == {place}


@pytest.mark.checklist("SEC-10", "Z35")
async def test_a_rule_cannot_reach_into_another_tenant(
    api: httpx2.AsyncClient,
    other_api: httpx2.AsyncClient,
    database: Database,
    other_tenant: MadeTenant,
) -> None:
    theirs = await make_list(database, other_tenant.id)
    campaign = await make_campaign(database, other_tenant.id)
    for field, value in (("list", theirs.uuid), ("opened", campaign.uuid)):
        rule = {"field": field, "op": "eq", "value": str(value)}
        answer = await api.post("/segments/preview", json={"rule": rule})
        assert answer.status_code == 422
    made = await _made(other_api)
    path = f"/segments/{made['uuid']}"
    for answer in (
        await api.get(path),
        await api.patch(path, json={"name": "x"}),
        await api.delete(path),
        await api.get(f"{path}/contacts"),
    ):
        assert answer.status_code == 404
    assert (await other_api.get(path)).status_code == 200
