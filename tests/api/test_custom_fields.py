"""`/custom-fields` and a contact's values in them (vendors.md 3.1)."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from mailwright.store.database import Database
from tests.builders import MadeTenant, make_contact


async def _field(api: httpx2.AsyncClient, **body: Any) -> dict[str, Any]:
    answer = await api.post("/custom-fields", json={"name": "Plan", "type": "text"} | body)
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]


@pytest.fixture
async def contact(database: Database, tenant: MadeTenant) -> str:
    """The path of a contact."""
    made = await make_contact(database, tenant.id, attributes={"other": 1})
    return f"/contacts/{made.uuid}"


@pytest.mark.checklist("X14")
async def test_a_field_is_declared_changed_and_taken_away(api: httpx2.AsyncClient) -> None:
    made = await _field(api, name="Favourite colour", type="select", options=["red", "blue"])
    assert made["field_key"] == "favourite_colour"
    path = f"/custom-fields/{made['uuid']}"
    changed = await api.patch(path, json={"name": "Colour", "options": ["red", "green"]})
    assert changed.json()["data"]["options"] == ["red", "green"]
    listed = (await api.get("/custom-fields")).json()
    assert [row["name"] for row in listed["data"]] == ["Colour"]
    assert (await api.delete(path)).status_code == 204
    assert (await api.delete(path)).status_code == 404


@pytest.mark.checklist("X14")
@pytest.mark.parametrize(
    ("kind", "given", "kept"),
    [
        ("text", "a  b", "a  b"),
        ("number", 3.5, 3.5),
        ("number", "42", 42),
        ("date", "31.05.2026", "2026-05-31"),
        ("date", "2026/05/31", "2026-05-31"),
        ("datetime", "2026-05-31T11:00:00+02:00", "2026-05-31T09:00:00Z"),
        ("boolean", "Yes", True),
        ("boolean", False, False),
        ("list", ["a", "b"], ["a", "b"]),
    ],
)
async def test_values_are_kept_in_the_form_of_their_type(
    api: httpx2.AsyncClient, contact: str, kind: str, given: Any, kept: Any
) -> None:
    await _field(api, field_key="plan", type=kind)
    answer = await api.put(f"{contact}/custom-fields/plan", json={"value": given})
    assert answer.json()["data"] == {"field_key": "plan", "value": kept}
    data = (await api.get(contact)).json()["data"]
    assert data["custom_fields"] == [{"field_key": "plan", "value": kept}]
    assert data["attributes"] == {"other": 1, "plan": kept}
    through_patch = await api.patch(contact, json={"attributes": {"plan": given}})
    assert through_patch.json()["data"]["attributes"]["plan"] == kept


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("number", "many"),
        ("number", True),
        ("number", "1e999"),
        ("date", "05/31/2026"),
        ("date", "2026-02-30"),
        ("datetime", "soon"),
        ("boolean", "perhaps"),
        ("select", "purple"),
        ("list", ["x" * 256]),
        ("list", ["x"] * 101),
        ("text", {"a": 1}),
        ("text", "x" * 5001),
    ],
)
async def test_values_of_another_type_are_refused_and_change_nothing(
    api: httpx2.AsyncClient, contact: str, kind: str, given: Any
) -> None:
    await _field(api, field_key="plan", type=kind, options=["red"] if kind == "select" else None)
    answer = await api.put(f"{contact}/custom-fields/plan", json={"value": given})
    assert answer.status_code == 422
    assert answer.json()["error"]["details"].keys() == {"plan"}
    assert (await api.get(contact)).json()["data"]["attributes"] == {"other": 1}


async def test_a_value_is_cleared(api: httpx2.AsyncClient, contact: str) -> None:
    field = await _field(api, field_key="plan")
    for cleared in (
        lambda: api.put(f"{contact}/custom-fields/plan", json={"value": None}),
        lambda: api.delete(f"{contact}/custom-fields/{field['uuid']}"),
    ):
        await api.put(f"{contact}/custom-fields/plan", json={"value": "x"})
        assert (await cleared()).status_code in {200, 204}
        values = (await api.get(f"{contact}/custom-fields")).json()["data"]
        assert values == [{"field_key": "plan", "value": None}]


@pytest.mark.checklist("X14")
async def test_items_of_a_list_come_and_go(api: httpx2.AsyncClient, contact: str) -> None:
    await _field(api, field_key="tags", type="list")
    path = f"{contact}/custom-fields/tags/items"
    for item in ("a", "b", "a"):
        answer = await api.post(path, json={"value": item})
    assert answer.json()["data"]["value"] == ["a", "b"]
    gone = await api.request("DELETE", path, json={"value": "a"})
    assert gone.json()["data"]["value"] == ["b"]
    assert (await api.request("DELETE", path, json={"value": "a"})).status_code == 404
    await _field(api, field_key="plan")
    refused = await api.post(f"{contact}/custom-fields/plan/items", json={"value": "a"})
    assert refused.status_code == 422


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"field_key": "Plan"}, "field_key"),
        ({"field_key": "email"}, "field_key"),
        ({"type": "colour"}, "type"),
        ({"type": "select"}, "options"),
        ({"options": ["x"]}, "options"),
        ({"name": ""}, "name"),
        ({"colour": "x"}, "colour"),
    ],
)
async def test_a_wrong_declaration_is_named(
    api: httpx2.AsyncClient, body: dict[str, Any], field: str
) -> None:
    answer = await api.post("/custom-fields", json={"name": "Plan", "type": "text"} | body)
    assert answer.status_code == 422
    assert answer.json()["error"]["details"].keys() == {field}


async def test_a_key_is_taken_once(api: httpx2.AsyncClient) -> None:
    await _field(api)
    answer = await api.post("/custom-fields", json={"name": "plan", "type": "number"})
    assert answer.status_code == 409


@pytest.mark.checklist("SEC-10")
async def test_fields_of_another_tenant_do_not_exist(
    api: httpx2.AsyncClient, other_api: httpx2.AsyncClient, contact: str
) -> None:
    theirs = await _field(other_api)
    for answer in (
        await api.patch(f"/custom-fields/{theirs['uuid']}", json={"name": "x"}),
        await api.delete(f"/custom-fields/{theirs['uuid']}"),
        await api.put(f"{contact}/custom-fields/{theirs['uuid']}", json={"value": "x"}),
        await api.put(f"{contact}/custom-fields/plan", json={"value": "x"}),
    ):
        assert answer.status_code == 404
