"""`/suppressions`: addresses that are left alone."""

from __future__ import annotations

import httpx2
import pytest

from mailwright.services.suppressions import is_suppressed
from mailwright.store.database import Database
from mailwright.store.tables import suppressions
from tests.builders import MadeTenant


@pytest.mark.checklist("U06")
async def test_an_address_is_suppressed_by_scope_and_released(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    body = {"email": "Gone@Example.com", "scope": "marketing", "reason": "complaint"}
    made = (await api.post("/suppressions", json=body)).json()["data"]
    assert (made["email"], made["reason"]) == ("gone@example.com", "complaint")
    async with database.reading() as connection:
        for marketing, expected in ((True, True), (False, False)):
            found = await is_suppressed(
                connection, tenant.id, "gone@example.com", marketing=marketing
            )
            assert found is expected
    assert (await api.post("/suppressions", json=body)).status_code == 409
    assert (await api.post("/suppressions", json=body | {"scope": "all"})).status_code == 201
    listed = (await api.get("/suppressions", params={"search": "GONE@"})).json()
    assert listed["pagination"]["total"] == 2
    assert (await api.delete(f"/suppressions/{made['uuid']}")).status_code == 204
    assert (await api.delete(f"/suppressions/{made['uuid']}")).status_code == 404


async def test_who_was_erased_stays_so(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    made = (await api.post("/suppressions", json={"email": "a@example.com"})).json()["data"]
    async with database.transaction() as connection:
        await connection.execute(suppressions.update().values(reason="erased"))
    answer = await api.delete(f"/suppressions/{made['uuid']}")
    assert answer.json()["error"]["code"] == "SUPPRESSION_PERMANENT"
    assert (await api.get("/suppressions")).json()["pagination"]["total"] == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"email": "x"}, "email"),
        ({"email": "a@example.com", "reason": "erased"}, "reason"),
        ({"email": "a@example.com", "scope": "some"}, "scope"),
        ({}, "email"),
    ],
)
async def test_bad_fields_are_named(
    api: httpx2.AsyncClient, body: dict[str, str], field: str
) -> None:
    answer = await api.post("/suppressions", json=body)
    assert answer.status_code == 422
    assert answer.json()["error"]["details"].keys() == {field}


@pytest.mark.checklist("SEC-10")
async def test_another_tenants_suppression_is_not_lifted(
    api: httpx2.AsyncClient, other_api: httpx2.AsyncClient
) -> None:
    theirs = (await other_api.post("/suppressions", json={"email": "a@example.com"})).json()["data"]
    assert (await api.delete(f"/suppressions/{theirs['uuid']}")).status_code == 404
    assert (await api.get("/suppressions")).json()["data"] == []
    assert (await other_api.get("/suppressions")).json()["pagination"]["total"] == 1
