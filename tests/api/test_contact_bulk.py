"""`POST /contacts/bulk`: many people at once, row by row."""

from __future__ import annotations

import time
from typing import Any

import httpx2
import pytest
from sqlalchemy import select

from mailwright.store.database import Database
from mailwright.store.tables import consents, contacts, list_members, suppressions
from tests.builders import MadeTenant, make_contact, make_list, make_project


async def upsert(api: httpx2.AsyncClient, *rows: dict[str, Any], **more: Any) -> dict[str, Any]:
    answer = await api.post("/contacts/bulk", json={"contacts": list(rows), **more})
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


async def one(database: Database, tenant: MadeTenant, email: str) -> Any:
    async with database.reading() as connection:
        found = select(contacts).where(
            contacts.c.tenant_id == tenant.id, contacts.c.email_key == email
        )
        return (await connection.execute(found)).mappings().one_or_none()


@pytest.mark.checklist("M07")
async def test_rows_are_found_by_address_or_external_id_and_made_or_changed(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    a_list = await make_list(database, tenant.id)
    project = await make_project(database, tenant.id)
    await make_contact(
        database, tenant.id, "bo@example.com", first_name="Bo", attributes={"a": 1, "b": 2}
    )
    await make_contact(database, tenant.id, "cy@example.com", external_id="c-1", last_name="Cy")
    lists = [str(a_list.uuid)]
    done = await upsert(
        api,
        {"email": "Ada@Example.com", "language": "es", "contact_lists": lists},
        {"email": "BO@example.com", "attributes": {"b": None, "c": 3}},
        {"external_id": "c-1", "first_name": "Cyrus", "project_uuid": str(project.uuid)},
        consent_source="webinar",
    )
    assert (done["created"], done["updated"], done["rejected"]) == (1, 2, 0)
    assert [row["status"] for row in done["rows"]] == ["created", "updated", "updated"]
    ada = await one(database, tenant, "ada@example.com")
    assert (str(ada["uuid"]), ada["locale"]) == (done["rows"][0]["uuid"], "es")
    assert (ada["consent"], ada["consent_source"]) == ("subscribed", "webinar")
    bo = await one(database, tenant, "bo@example.com")
    assert (bo["first_name"], bo["attributes"]) == ("Bo", {"a": 1, "c": 3})
    cy = await one(database, tenant, "cy@example.com")
    assert (cy["first_name"], cy["last_name"], cy["project_id"]) == ("Cyrus", "Cy", project.id)
    shown = (await api.get(f"/contacts/{cy['uuid']}")).json()["data"]
    assert shown["project_uuid"] == str(project.uuid)
    async with database.reading() as connection:
        members = (await connection.execute(select(list_members.c.contact_id))).scalars().all()
        agreed = (await connection.execute(select(consents))).mappings().all()
    assert members == [ada["id"]]
    assert [(row["contact_id"], row["source"]) for row in agreed] == [(ada["id"], "webinar")]


@pytest.mark.checklist("M07")
async def test_wrong_rows_are_named_and_keep_no_other_back(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant, other_tenant: MadeTenant
) -> None:
    theirs = await make_list(database, other_tenant.id)
    await make_contact(database, tenant.id, "cy@example.com", external_id="c-1")
    done = await upsert(
        api,
        {"email": "ada@example.com"},
        {"email": "no address"},
        {"first_name": "Nobody"},
        {"external_id": "unknown"},
        {"email": "bo@example.com", "external_id": "c-1"},
        {"email": "di@example.com", "contact_lists": [str(theirs.uuid)]},
        {"email": "ADA@example.com"},
        {"external_id": "c-1"},
        {"email": "cy@example.com"},
        {"email": "el@example.com", "nickname": "El"},
        {"email": "fi@example.com", "first_name": "x" * 256},
        {"email": "gu@example.com", "project_uuid": str(theirs.uuid)},
    )
    assert (done["created"], done["updated"], done["rejected"]) == (1, 1, 10)
    assert [row["index"] for row in done["rows"]] == list(range(12))
    named = {row["index"]: list(row["errors"]) for row in done["rows"] if row["errors"]}
    assert named == {
        1: ["email"],
        2: ["email"],
        3: ["external_id"],
        4: ["external_id"],
        5: ["contact_lists"],
        6: ["email"],
        8: ["email"],
        9: ["nickname"],
        10: ["first_name"],
        11: ["project_uuid"],
    }
    assert await one(database, tenant, "di@example.com") is None


async def test_nobody_who_left_comes_back_unless_the_call_says_so(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    await make_contact(database, tenant.id, "left@example.com", consent="unsubscribed")
    row = {"email": "left@example.com", "consent": "subscribed"}
    await upsert(api, {"email": "left@example.com"}, consent_source="shop")
    await upsert(api, row, consent_source="shop")
    assert (await one(database, tenant, "left@example.com"))["consent"] == "unsubscribed"
    unsaid = await api.post("/contacts/bulk", json={"contacts": [row], "resubscribe": True})
    assert unsaid.status_code == 422
    assert list(unsaid.json()["error"]["details"]) == ["consent_source"]
    await upsert(api, row, resubscribe=True, consent_source="called us on 3 May")
    back = await one(database, tenant, "left@example.com")
    assert (back["consent"], back["unsubscribed_at"]) == ("subscribed", None)
    await upsert(api, {"email": "left@example.com", "consent": "unsubscribed"})
    async with database.reading() as connection:
        history = await connection.execute(
            select(consents.c.consent, consents.c.source).order_by(consents.c.id)
        )
    assert history.all() == [("subscribed", "called us on 3 May"), ("unsubscribed", "api")]


async def test_a_suppression_stays_whatever_the_call_says(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    await api.post("/suppressions", json={"email": "gone@example.com"})
    await upsert(
        api,
        {"email": "gone@example.com", "consent": "subscribed"},
        resubscribe=True,
        consent_source="they said so",
    )
    shown = (await api.get("/contacts", params={"search": "gone@example.com"})).json()["data"]
    assert [row["status"] for row in shown] == ["suppressed"]
    async with database.reading() as connection:
        assert len((await connection.execute(select(suppressions))).all()) == 1


async def test_a_dry_run_changes_nothing(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    await make_contact(database, tenant.id, "bo@example.com", first_name="Bo")
    rows = ({"email": "ada@example.com"}, {"email": "bo@example.com", "first_name": "Bob"})
    done = await upsert(api, *rows, {"email": "x"}, dry_run=True)
    assert (done["created"], done["updated"], done["rejected"]) == (1, 1, 1)
    assert done["rows"][0]["uuid"] is None
    assert await one(database, tenant, "ada@example.com") is None
    assert (await one(database, tenant, "bo@example.com"))["first_name"] == "Bo"


async def test_a_thousand_rows_a_call_and_no_more(api: httpx2.AsyncClient) -> None:
    rows = [{"email": f"p{number}@example.com", "first_name": "P"} for number in range(1001)]
    assert (await api.post("/contacts/bulk", json={"contacts": rows})).status_code == 422
    assert (await api.post("/contacts/bulk", json={"contacts": []})).status_code == 422
    started = time.perf_counter()
    assert (await upsert(api, *rows[:1000]))["created"] == 1000
    assert (await upsert(api, *rows[:1000]))["updated"] == 1000
    assert time.perf_counter() - started < 10
