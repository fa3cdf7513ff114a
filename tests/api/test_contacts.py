"""`/contacts` as a client of easymail knows it (vendors.md 3.1)."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import httpx2
import pytest
from sqlalchemy import select

from mailwright.store.database import Database
from mailwright.store.tables import consents, contacts, list_members
from tests.api.conftest import ApiAs
from tests.builders import MadeTenant, make_contact, make_list, make_message
from tests.clock import Clock

FULL = {
    "email": "Zoë.Müller@Example.com".replace("ë", "e").replace("ü", "u"),
    "first_name": "Zoë",
    "last_name": "Müller",
    "phone": "+34 600 123 456",
    "external_id": "crm-1",
    "language": "es",
    "country_code": "es",
    "attributes": {"plan": "pro", "visits": 3, "vip": True, "tags": ["a", "b"]},
}


async def _created(api: httpx2.AsyncClient, **fields: object) -> dict[str, object]:
    answer = await api.post("/contacts", json={"email": f"{uuid4().hex}@example.com"} | fields)
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]


@pytest.mark.checklist("X14")
async def test_a_contact_is_created_with_every_field_and_read_back(api: httpx2.AsyncClient) -> None:
    made = await _created(api, **FULL)
    assert made["email"] == FULL["email"]
    assert made["country_code"] == "ES"
    assert made["language"] == "es"
    assert made["attributes"] == FULL["attributes"]
    assert made["status"] == "subscribed"
    assert made["lists"] == []
    assert made["custom_fields"] == []
    assert made["subscription"]["source"] == "api"  # type: ignore[index]
    assert made["deliverability"] == {"deliverable": True, "suppressions": []}
    assert made["engagement"] == {
        "last_sent_at": None,
        "last_opened_at": None,
        "last_clicked_at": None,
    }
    assert (await api.get(f"/contacts/{made['uuid']}")).json()["data"] == made


@pytest.mark.checklist("X14")
async def test_an_address_is_taken_whatever_its_case(api: httpx2.AsyncClient) -> None:
    await _created(api, email="ada@example.com")
    answer = await api.post("/contacts", json={"email": "ADA@Example.COM"})
    assert answer.status_code == 409
    assert answer.json()["error"]["code"] == "DUPLICATE_RESOURCE"
    assert "email" in answer.json()["error"]["details"]


async def test_an_external_id_is_taken_once(api: httpx2.AsyncClient) -> None:
    await _created(api, external_id="7")
    other = await _created(api, external_id="8")
    taken = await api.post("/contacts", json={"email": "x@example.com", "external_id": "7"})
    assert taken.json()["error"]["details"].keys() == {"external_id"}
    changed = await api.patch(f"/contacts/{other['uuid']}", json={"external_id": "7"})
    assert changed.status_code == 409


@pytest.mark.checklist("X14")
async def test_lists_are_joined_with_the_contact_or_nothing_happens(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant, other_tenant: MadeTenant
) -> None:
    mine = await make_list(database, tenant.id, "News")
    foreign = await make_list(database, other_tenant.id)
    body = {"email": "ada@example.com", "contact_lists": [str(mine.uuid), str(foreign.uuid)]}
    refused = await api.post("/contacts", json=body)
    assert refused.status_code == 422
    assert str(foreign.uuid) in refused.json()["error"]["details"]["contact_lists"][0]
    assert (await api.get("/contacts")).json()["pagination"]["total"] == 0

    made = await _created(api, contact_lists=[str(mine.uuid)])
    assert made["lists"] == [{"uuid": str(mine.uuid), "name": "News"}]


@pytest.mark.checklist("X14")
async def test_a_list_that_was_left_is_passed_over(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    left = await make_list(database, tenant.id)
    contact = await make_contact(database, tenant.id, list_id=left.id)
    async with database.transaction() as connection:
        await connection.execute(list_members.update().values(state="unsubscribed"))
    answer = await api.patch(f"/contacts/{contact.uuid}", json={"contact_lists": [str(left.uuid)]})
    assert answer.status_code == 200
    assert answer.json()["data"]["lists"] == []


@pytest.mark.checklist("X14")
@pytest.mark.parametrize("empty", [None, ""])
async def test_null_and_empty_clear(api: httpx2.AsyncClient, empty: str | None) -> None:
    made = await _created(api, **FULL)
    names = ("first_name", "last_name", "phone", "external_id", "language", "country_code")
    changes = dict.fromkeys(names, empty) | {"attributes": {"plan": empty, "city": "Cádiz"}}
    changed = (await api.patch(f"/contacts/{made['uuid']}", json=changes)).json()["data"]
    assert [changed[name] for name in names] == [None] * 6
    assert changed["attributes"] == {"visits": 3, "vip": True, "tags": ["a", "b"], "city": "Cádiz"}
    assert changed["email"] == made["email"]


@pytest.mark.checklist("X14")
async def test_the_address_cannot_be_changed(api: httpx2.AsyncClient) -> None:
    made = await _created(api)
    answer = await api.patch(f"/contacts/{made['uuid']}", json={"email": "new@example.com"})
    assert answer.status_code == 422
    assert answer.json()["error"]["details"] == {"email": ["There is no such field."]}


async def test_search_finds_a_whole_address_names_and_a_phones_start(
    api: httpx2.AsyncClient,
) -> None:
    zoe = await _created(api, **FULL)
    await _created(api, email="other@example.com", first_name="Bob", phone="600")
    for search in (
        "ZOE.muller@example.com",
        "zoë",
        "müll",
        "Zoë Müller",
        "+34",
    ):
        found = (await api.get("/contacts", params={"search": search})).json()
        assert [row["uuid"] for row in found["data"]] == [zoe["uuid"]], search
        assert found["pagination"]["total"] == 1
    for nobody in ("oe.muller@example.com", "%", "_", "Zoë Bob", "123"):
        found = (await api.get("/contacts", params={"search": nobody})).json()
        assert found["data"] == [], nobody


@pytest.mark.checklist("X14")
async def test_pages_are_newest_first_and_count_all(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    target = await make_list(database, tenant.id)
    made = [
        await make_contact(database, tenant.id, list_id=target.id if number % 2 else None)
        for number in range(5)
    ]
    newest_first = [str(contact.uuid) for contact in reversed(made)]
    answer = (await api.get("/contacts", params={"per_page": 2, "page": 2})).json()
    assert [row["uuid"] for row in answer["data"]] == newest_first[2:4]
    assert answer["pagination"] == {"current_page": 2, "per_page": 2, "total": 5}
    members = [str(made[3].uuid), str(made[1].uuid)]
    for path, query in (
        ("/contacts", {"list_uuid": str(target.uuid)}),
        (f"/lists/{target.uuid}/contacts", {}),
    ):
        answer = (await api.get(path, params=query)).json()
        assert [row["uuid"] for row in answer["data"]] == members
        assert answer["pagination"]["total"] == 2


async def test_deleting_leaves_nothing_but_the_ledger(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    target = await make_list(database, tenant.id)
    contact = await make_contact(database, tenant.id, list_id=target.id)
    await make_message(database, tenant.id, contact_id=contact.id, state="sent")
    assert (await api.delete(f"/contacts/{contact.uuid}")).status_code == 204
    assert (await api.delete(f"/contacts/{contact.uuid}")).status_code == 404
    assert (await api.get(f"/lists/{target.uuid}")).json()["data"]["contacts_count"] == 0


@pytest.mark.checklist("U06", "OUT-17")
async def test_an_unsubscribe_outlives_the_contact(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    contact = await make_contact(database, tenant.id, "gone@example.com", consent="unsubscribed")
    assert (await api.delete(f"/contacts/{contact.uuid}")).status_code == 204
    again = await api.post("/contacts", json={"email": "gone@example.com"})
    shown = (await api.get(f"/contacts/{again.json()['data']['uuid']}")).json()["data"]
    assert shown["status"] == "suppressed"


async def test_engagement_is_read_from_the_ledger(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant, clock: Clock
) -> None:
    contact = await make_contact(database, tenant.id)
    earlier = clock() - timedelta(days=1)
    await make_message(
        database, tenant.id, contact_id=contact.id, state="sent", sent_at=earlier, opened_at=clock()
    )
    await make_message(database, tenant.id, contact_id=contact.id, state="sent", sent_at=clock())
    data = (await api.get(f"/contacts/{contact.uuid}")).json()["data"]
    now = clock().strftime("%Y-%m-%dT%H:%M:%SZ")
    assert data["engagement"] == {
        "last_sent_at": now,
        "last_opened_at": now,
        "last_clicked_at": None,
    }


@pytest.mark.checklist("X14")
async def test_unsubscribing_and_coming_back_are_idempotent_and_on_record(
    api: httpx2.AsyncClient, database: Database
) -> None:
    made = await _created(api)
    for word, status in (
        ("unsubscribe", "unsubscribed"),
        ("unsubscribe", "unsubscribed"),
        ("resubscribe", "subscribed"),
        ("resubscribe", "subscribed"),
    ):
        answer = await api.post(f"/contacts/{made['uuid']}/{word}")
        assert answer.status_code == 200
        assert answer.json()["data"]["status"] == status
    async with database.reading() as connection:
        kept = (await connection.execute(select(consents).order_by(consents.c.id))).all()
    assert [row.consent for row in kept] == ["subscribed", "unsubscribed", "subscribed"]
    assert {row.door for row in kept} == {"api"}
    assert all(row.actor.startswith("key:") for row in kept)


@pytest.mark.checklist("X14", "U06")
async def test_coming_back_does_not_lift_a_suppression(api: httpx2.AsyncClient) -> None:
    made = await _created(api, email="gone@example.com")
    assert (await api.post("/suppressions", json={"email": "GONE@example.com"})).status_code == 201
    await api.post(f"/contacts/{made['uuid']}/unsubscribe")
    data = (await api.post(f"/contacts/{made['uuid']}/resubscribe")).json()["data"]
    assert data["status"] == "suppressed"
    assert data["subscription"]["consent"] == "subscribed"
    assert data["deliverability"]["deliverable"] is False
    assert data["deliverability"]["suppressions"][0]["reason"] == "manual"


@pytest.mark.checklist("SEC-04")
@pytest.mark.parametrize(
    "email",
    [
        "a@example.com\r\nBcc: b@example.com",
        "a@b\n.com",
        "=?utf-8?q?a=0D=0A?=@x",
        "",
        " ",
        "a b@c.d",
    ],
)
async def test_an_address_that_could_break_a_header_is_refused(
    api: httpx2.AsyncClient, email: str
) -> None:
    answer = await api.post("/contacts", json={"email": email})
    assert answer.status_code == 422
    assert answer.json()["error"]["details"].keys() == {"email"}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"first_name": "x" * 256}, "first_name"),
        ({"phone": "1" * 33}, "phone"),
        ({"language": "english"}, "language"),
        ({"country_code": "e1"}, "country_code"),
        ({"first_name": 7}, "first_name"),
        ({"attributes": []}, "attributes"),
        ({"attributes": {"a": {"b": 1}}}, "attributes.a"),
        ({"attributes": {"a": ["x" * 256]}}, "attributes.a"),
        ({"attributes": {"": 1}}, "attributes"),
        ({"attributes": {"a": 10**40}}, "attributes.a"),
        ({"contact_lists": ["x"]}, "contact_lists.0"),
        ({"nickname": "Z"}, "nickname"),
    ],
)
async def test_bad_fields_are_named(
    api: httpx2.AsyncClient, body: dict[str, object], field: str
) -> None:
    answer = await api.post("/contacts", json={"email": "a@example.com"} | body)
    assert answer.status_code == 422
    assert answer.json()["error"]["code"] == "VALIDATION_ERROR"
    assert answer.json()["error"]["details"].keys() == {field}


@pytest.mark.parametrize("text", ['"a\\u0000b"', '"\\ud800"'])
async def test_what_cannot_be_stored_is_refused(api: httpx2.AsyncClient, text: str) -> None:
    for body in (
        f'{{"email": "a@example.com", "first_name": {text}}}',
        f'{{"email": "a@example.com", "attributes": {{"k": [{text}]}}}}',
        f'{{"email": "a@example.com", "attributes": {{{text}: 1}}}}',
        f'{{"email": {text}}}',
    ):
        answer = await api.post("/contacts", content=body)
        assert answer.status_code in {400, 422}, answer.text


@pytest.mark.parametrize("query", ["page=0", "per_page=101", "per_page=0", "page=x", "list_uuid=1"])
async def test_pages_out_of_range_are_refused(api: httpx2.AsyncClient, query: str) -> None:
    answer = await api.get(f"/contacts?{query}")
    assert answer.status_code == 422
    assert query.split("=")[0] in answer.json()["error"]["details"]


@pytest.mark.parametrize("search", ["a\0b", "\0", "x" * 256])
async def test_a_naughty_search_is_answered(api: httpx2.AsyncClient, search: str) -> None:
    answer = await api.get("/contacts", params={"search": search})
    assert answer.status_code in {200, 422}


@pytest.mark.checklist("SEC-10")
async def test_who_is_erased_is_gone_and_stays_gone(api: httpx2.AsyncClient) -> None:
    made = await _created(api, email="ada@example.com")
    erased = await api.post(f"/contacts/{made['uuid']}/erase")
    assert erased.json()["data"] == {"contact": True, "messages": 0, "canceled": 0}
    assert (await api.get(f"/contacts/{made['uuid']}")).status_code == 404
    again = await api.post("/contacts", json={"email": "Ada@example.com"})
    assert (again.status_code, again.json()["error"]["code"]) == (409, "CONTACT_ERASED")
    stranger = await api.post("/contacts/erase", json={"email": "bo@example.com"})
    assert stranger.json()["data"] == {"contact": False, "messages": 0, "canceled": 0}
    nobody = await api.post("/contacts/erase", json={"email": "nobody"})
    assert (nobody.status_code, list(nobody.json()["error"]["details"])) == (422, ["email"])


async def test_another_tenants_contact_does_not_exist(
    api: httpx2.AsyncClient, other_api: httpx2.AsyncClient, database: Database
) -> None:
    theirs = await _created(other_api, email="ada@example.com", first_name="Ada")
    path = f"/contacts/{theirs['uuid']}"
    for answer in (
        await api.get(path),
        await api.patch(path, json={"first_name": "Eve"}),
        await api.delete(path),
        await api.post(f"{path}/unsubscribe"),
        await api.post(f"{path}/resubscribe"),
        await api.post(f"{path}/erase"),
        await api.get(f"{path}/custom-fields"),
        await api.put(f"{path}/custom-fields/plan", json={"value": 1}),
        await api.delete(f"{path}/custom-fields/plan"),
        await api.get("/contacts", params={"list_uuid": str(uuid4())}),
    ):
        assert answer.status_code == 404
        assert answer.json()["error"]["code"] == "RESOURCE_NOT_FOUND"
    await _created(api, email="ada@example.com")  # the same address is no conflict
    async with database.reading() as connection:
        names = await connection.scalars(select(contacts.c.first_name).order_by(contacts.c.id))
    assert list(names) == ["Ada", None]


async def test_scopes_are_asked_for(api_as: ApiAs, tenant: MadeTenant) -> None:
    reader = await api_as(tenant, "contacts:read")
    assert (await reader.get("/contacts")).status_code == 200
    refused = await reader.post("/contacts", json={"email": "a@example.com"})
    assert refused.status_code == 403
    assert refused.json()["error"]["details"] == {"missing_scope": "contacts:write"}
