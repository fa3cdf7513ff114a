"""`/suppressions`: addresses that are left alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx2
import pytest

from mailwright.domain.ids import new_id
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


@pytest.mark.checklist("U06")
async def test_a_thousand_addresses_are_suppressed_at_once(api: httpx2.AsyncClient) -> None:
    await api.post("/suppressions", json={"email": "known@example.com"})
    rows = [{"email": f"p{number}@example.com"} for number in range(997)]
    rows += [
        {"email": "known@example.com"},
        {"email": "KNOWN@example.com"},
        {"email": "no address"},
    ]
    done = (await api.post("/suppressions/bulk", json={"suppressions": rows})).json()["data"]
    assert (done["added"], done["present"]) == (997, 2)
    assert [(row["index"], row["email"]) for row in done["rejected"]] == [(999, "no address")]
    more = [*rows, {"email": "one@too-many.example"}]
    assert (await api.post("/suppressions/bulk", json={"suppressions": more})).status_code == 422
    assert (await api.get("/suppressions")).json()["pagination"]["total"] == 998


@pytest.mark.checklist("U06")
async def test_evidence_is_shown_and_the_list_narrowed_by_reason(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    await api.post("/suppressions", json={"email": "m@example.com"})
    evidence = {"message_id": 7, "reply": "550 5.1.1 unknown"}
    made = new_id()
    async with database.transaction() as connection:
        await connection.execute(
            suppressions.insert().values(
                tenant_id=tenant.id,
                uuid=made,
                email_key="b@example.com",
                reason="bounce",
                evidence=evidence,
            )
        )
    listed = (await api.get("/suppressions", params={"reason": "bounce"})).json()
    assert listed["pagination"]["total"] == 1
    assert listed["data"][0]["evidence"] == evidence
    shown = (await api.get(f"/suppressions/{made}")).json()["data"]
    assert shown == listed["data"][0]
    assert (await api.get("/suppressions", params={"reason": "mood"})).status_code == 422


async def test_a_wave_of_bounces_is_undone_in_one_call(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    noon = datetime(2026, 5, 1, 12, tzinfo=UTC)
    async with database.transaction() as connection:
        for number, (reason, hours) in enumerate(
            [("bounce", -2), ("bounce", 0), ("bounce", 1), ("complaint", 1), ("bounce", 5)]
        ):
            await connection.execute(
                suppressions.insert().values(
                    tenant_id=tenant.id,
                    uuid=new_id(),
                    email_key=f"{number}@example.com",
                    reason=reason,
                    created_at=noon + timedelta(hours=hours),
                )
            )
    wave = {"reason": "bounce", "since": "2026-05-01T12:00:00Z", "until": "2026-05-01T14:00:00Z"}
    assert (await api.post("/suppressions/undo", json=wave)).json()["data"] == {"removed": 2}
    left = (await api.get("/suppressions")).json()["data"]
    assert {row["email"] for row in left} == {"0@example.com", "3@example.com", "4@example.com"}
    wishes = await api.post("/suppressions/undo", json=wave | {"reason": "complaint"})
    assert list(wishes.json()["error"]["details"]) == ["reason"]
    backwards = wave | {"since": "2026-05-01T15:00:00Z"}
    assert (await api.post("/suppressions/undo", json=backwards)).status_code == 422
    [entry] = (await api.get("/audit-log", params={"action": "suppression.undo"})).json()["data"]
    assert entry["details"]["removed"] == 2
