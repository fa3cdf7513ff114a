"""Contacts kept in step by MailingCore's calls."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from mailwright.store.database import Database
from tests.builders import MadeTenant, make_project

ZOE: dict[str, Any] = {
    "email": "Zoe@example.com",
    "externalId": "shop-1",
    "locale": "es",
    "optIn": True,
    "consentVersion": "2026-05",
    "source": "checkout",
    "attributes": {"plan": "pro"},
}


async def _put(client: httpx2.AsyncClient, **body: Any) -> dict[str, Any]:
    answer = await client.put("/contacts", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.checklist("X11")
async def test_a_contact_is_put_read_and_put_again(
    client: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    project = await make_project(database, tenant.id)
    made = await _put(client, **ZOE, projectId=str(project.uuid))
    assert made == {
        **ZOE,
        "id": made["id"],
        "projectId": str(project.uuid),
        "suppressedAt": None,
        "createdAt": made["createdAt"],
        "updatedAt": made["updatedAt"],
    }
    assert made["createdAt"][-5] == "."
    assert made["createdAt"].endswith("Z")
    for reference in (made["id"], "shop-1"):
        assert (await client.get(f"/contacts/{reference}")).json() == made
    by_address = await _put(client, email="zoe@EXAMPLE.com", locale="de")
    by_external_id = await _put(client, externalId="shop-1", attributes={"city": "Vigo"})
    assert {by_address["id"], by_external_id["id"]} == {made["id"]}
    assert by_external_id["attributes"] == {"plan": "pro", "city": "Vigo"}
    assert by_external_id["locale"] == "de"
    assert by_external_id["source"] == "checkout"


async def test_an_external_id_that_another_has_collides(client: httpx2.AsyncClient) -> None:
    await _put(client, **ZOE)
    answer = await client.put("/contacts", json={"email": "b@example.com", "externalId": "shop-1"})
    assert answer.status_code == 409
    assert answer.json()["message"].startswith("externalId: ")
    answer = await client.put("/contacts", json={"externalId": "nobody"})
    assert answer.status_code == 400


async def test_a_contact_is_patched_and_erased(client: httpx2.AsyncClient) -> None:
    made = await _put(client, **ZOE)
    answer = await client.patch("/contacts/shop-1", json={"optIn": False, "locale": None})
    assert answer.status_code == 200, answer.text
    assert (answer.json()["optIn"], answer.json()["locale"]) == (False, None)
    answer = await client.patch(f"/contacts/{made['id']}", json={"optIn": True})
    assert answer.json()["optIn"] is True
    refused = await client.patch("/contacts/shop-1", json={"email": "other@example.com"})
    assert refused.status_code == 400
    assert (await client.delete("/contacts/shop-1")).status_code == 204
    assert (await client.get(f"/contacts/{made['id']}")).status_code == 404
    assert (await client.delete("/contacts/shop-1")).status_code == 404


async def test_only_a_consent_brings_back_who_left(client: httpx2.AsyncClient) -> None:
    await _put(client, email="a@example.com", optIn=False)
    assert (await _put(client, email="a@example.com", optIn=True))["optIn"] is False
    bulk = {"contacts": [{"email": "a@example.com", "optIn": True, "consentVersion": "2026"}]}
    assert (await client.post("/contacts/bulk", json=bulk)).json()["updated"] == 1
    assert (await _put(client, email="a@example.com"))["optIn"] is False
    back = await _put(client, email="a@example.com", optIn=True, consentVersion="2026")
    assert (back["optIn"], back["consentVersion"], back["source"]) == (True, "2026", None)


@pytest.mark.checklist("M07", "X11")
async def test_a_thousand_contacts_are_loaded_at_once(client: httpx2.AsyncClient) -> None:
    contacts = [
        {"email": f"p{number}@example.com", "optIn": True, "source": "crm"}
        for number in range(1000)
    ]
    answer = await client.post("/contacts/bulk", json={"contacts": contacts})
    assert answer.status_code == 200, answer.text
    assert answer.json() == {"created": 1000, "updated": 0, "failed": 0, "errors": []}
    listed = (await client.get("/contacts?limit=500&page=2")).json()
    assert len(listed["data"]) == 500
    assert listed["meta"]["total"] == 1000
    assert listed["meta"]["totalPages"] == 2
    assert listed["data"][0]["source"] == "crm"
    for wrong in ([], contacts + contacts[:1]):
        refused = await client.post("/contacts/bulk", json={"contacts": wrong})
        assert refused.status_code == 400
        assert refused.json()["message"].startswith("contacts: ")


async def test_a_wrong_row_is_named_and_keeps_no_other_back(client: httpx2.AsyncClient) -> None:
    await _put(client, **ZOE)
    rows = [
        {"email": "nobody"},
        {"email": "a@example.com", "source": "fair"},
        {"email": "b@example.com", "externalId": "shop-1"},
        {"email": "zoe@example.com", "locale": "fr"},
        {"email": "c@example.com", "optin": True},
    ]
    told = (await client.post("/contacts/bulk", json={"contacts": rows})).json()
    assert (told["created"], told["updated"], told["failed"]) == (1, 1, 3)
    assert [error["index"] for error in told["errors"]] == [0, 2, 4]
    fields = [error["message"].partition(":")[0] for error in told["errors"]]
    assert fields == ["email", "externalId", "optin"]


async def test_the_list_is_filtered_and_read_on(
    client: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    project = await make_project(database, tenant.id)
    for number in range(5):
        await _put(client, email=f"p{number}@example.com", locale="es", optIn=number > 0)
    await _put(client, email="d@example.com", locale="de", projectId=str(project.uuid))

    async def found(**query: Any) -> list[str]:
        answer = await client.get("/contacts", params=query)
        assert answer.status_code == 200, answer.text
        return [row["email"] for row in answer.json()["data"]]

    assert await found(locale="de") == ["d@example.com"]
    assert await found(projectId=str(project.uuid)) == ["d@example.com"]
    assert await found(optIn="false") == ["p0@example.com"]
    assert len(await found(optIn="true", locale="es")) == 4
    assert await found(updatedSince="2099-01-01T00:00:00.000Z") == []
    assert len(await found(updatedSince="2020-01-01T00:00:00.000Z")) == 6
    seen: list[str] = []
    query: dict[str, Any] = {"limit": 4}
    for _ in range(2):
        page = (await client.get("/contacts", params=query)).json()
        seen += [row["email"] for row in page["data"]]
        query["cursor"] = page["meta"].get("nextCursor")
    assert len(set(seen)) == 6
    assert query["cursor"] is None


async def test_one_tenant_never_sees_anothers_contacts(
    client: httpx2.AsyncClient, other_client: httpx2.AsyncClient
) -> None:
    theirs = await _put(other_client, **ZOE)
    for reference in (theirs["id"], "shop-1"):
        assert (await client.get(f"/contacts/{reference}")).status_code == 404
        assert (await client.patch(f"/contacts/{reference}", json={})).status_code == 404
        assert (await client.delete(f"/contacts/{reference}")).status_code == 404
    assert (await client.get("/contacts")).json()["data"] == []
