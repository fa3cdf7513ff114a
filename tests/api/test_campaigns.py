"""`/campaigns`: drafted, read, listed, changed, copied, deleted (seed 003)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest

from mailwright.domain.ids import new_id
from mailwright.store.database import Database
from tests.api.campaign_stories import (
    FULL_FIELDS,
    RICH_DOCUMENT,
    code,
    create,
    details,
    put_in,
    read,
    ready,
)
from tests.builders import (
    MadeTenant,
    make_campaign,
    make_list,
    make_segment,
    make_sender,
)
from tests.clock import Clock


@pytest.mark.checklist("Z02", "Z05", "Z06", "Z07")
async def test_a_new_campaign_is_a_draft_with_every_field_and_nothing_set(
    api: httpx2.AsyncClient,
) -> None:
    made = await create(api)
    assert made.keys() >= FULL_FIELDS
    assert made["status"] == "draft"
    assert UUID(made["uuid"]).version == 7
    unset = ("subject", "preheader", "from_name", "reply_to", "from_identity", "from_email")
    assert [made[name] for name in unset] == [None] * len(unset)
    assert made["content"] is None
    assert made["audience"] == {"list_uuid": None, "segment_uuid": None}
    assert (made["content_editable_via_api"], made["content_overwrite_required"]) == (True, False)
    assert await read(api, made["uuid"]) == made


@pytest.mark.checklist("Z03", "Z05")
async def test_it_is_built_up_in_steps(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    sender = await make_sender(database, tenant.id, "post@harbour.example")
    fields: dict[str, Any] = {
        "name": "June",
        "subject": "News",
        "preheader": "What is new",
        "from_name": "Harbour Post",
        "reply_to": "reply@harbour.example",
        "from_identity": str(sender.uuid),
        "language": "es",
        "track_opens": False,
        "track_clicks": False,
    }
    made = await create(api)
    for name, value in fields.items():
        answer = await api.patch(f"/campaigns/{made['uuid']}", json={name: value})
        assert answer.status_code == 200, answer.text
        assert answer.json()["data"].keys() >= FULL_FIELDS
    built = await read(api, made["uuid"])
    assert {name: built[name] for name in fields} == fields


@pytest.mark.checklist("Z08")
async def test_the_from_address_is_that_of_the_identity(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    sender = await make_sender(database, tenant.id, "post@harbour.example")
    made = await create(api, from_identity=str(sender.uuid))
    assert made["from_email"] == "post@harbour.example"
    answer = await api.patch(f"/campaigns/{made['uuid']}", json={"from_identity": None})
    assert answer.json()["data"]["from_email"] is None


@pytest.mark.checklist("Z09")
async def test_times_are_utc_and_the_last_edit_is_told(
    api: httpx2.AsyncClient, clock: Clock
) -> None:
    clock.time = clock.time.replace(microsecond=0)
    made = await create(api)
    created = clock().isoformat().replace("+00:00", "Z")
    assert (made["created_at"], made["updated_at"]) == (created, created)
    assert made["last_updated_at"] is None
    edited = clock.advance(minutes=5).isoformat().replace("+00:00", "Z")
    changed = (await api.patch(f"/campaigns/{made['uuid']}", json={"subject": "x"})).json()["data"]
    assert changed["created_at"] == created
    assert (changed["updated_at"], changed["last_updated_at"]) == (edited, edited)
    clock.advance(minutes=5)
    same = (await api.patch(f"/campaigns/{made['uuid']}", json={})).json()["data"]
    assert same["last_updated_at"] == edited


@pytest.mark.checklist("Z10", "Z11")
async def test_a_list_row_is_condensed(api: httpx2.AsyncClient) -> None:
    await create(api, subject="News", from_name="Ada", language="de")
    answer = (await api.get("/campaigns")).json()
    (row,) = answer["data"]
    assert set(row) == {
        "uuid",
        "name",
        "status",
        "subject",
        "from_name",
        "language",
        "scheduled_at",
        "timezone",
        "recipients_count",
        "created_at",
        "updated_at",
    }
    assert (row["language"], row["scheduled_at"], row["recipients_count"]) == ("de", None, 0)
    assert answer["pagination"] == {"current_page": 1, "per_page": 100, "total": 1}


async def test_the_list_is_sorted_searched_filtered_and_paged(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant, clock: Clock
) -> None:
    for name, state in (("b 100%", "paused"), ("a", "sent"), ("c", "paused")):
        when = clock.advance(minutes=1)
        changed = when + timedelta(hours=1) if name == "a" else when
        await make_campaign(
            database,
            tenant.id,
            name=name,
            state=state,
            created_at=when,
            updated_at=changed,
        )

    async def names(query: str) -> list[str]:
        return [row["name"] for row in (await api.get(f"/campaigns?{query}")).json()["data"]]

    assert await names("") == ["c", "a", "b 100%"]
    assert await names("sort=created_at") == ["b 100%", "a", "c"]
    assert await names("sort=-updated_at") == ["a", "c", "b 100%"]
    assert await names("sort=name") == ["a", "b 100%", "c"]
    assert await names("sort=-name") == ["c", "b 100%", "a"]
    assert await names("status=paused") == ["c", "b 100%"]
    assert await names("search=100%25") == ["b 100%"]
    assert await names("search=_") == []
    assert await names("per_page=1&page=2") == ["a"]
    assert (await api.get("/campaigns?per_page=1&page=9")).json() == {
        "data": [],
        "pagination": {"current_page": 9, "per_page": 1, "total": 3},
    }


@pytest.mark.checklist("Z04")
@pytest.mark.parametrize("query", ["status=cancelled", "status=delivered", "sort=subject"])
async def test_a_status_or_order_nobody_knows_is_refused(
    api: httpx2.AsyncClient, query: str
) -> None:
    answer = await api.get(f"/campaigns?{query}")
    assert (answer.status_code, code(answer)) == (422, "VALIDATION_ERROR")
    assert list(details(answer)) == [query.partition("=")[0]]


@pytest.mark.checklist("Z33", "Z34")
async def test_the_audience_is_a_list_a_segment_or_both(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    some_list = str((await make_list(database, tenant.id)).uuid)
    segment = str((await make_segment(database, tenant.id)).uuid)
    for audience in (
        {"list_uuid": some_list, "segment_uuid": None},
        {"list_uuid": None, "segment_uuid": segment},
        {"list_uuid": some_list, "segment_uuid": segment},
    ):
        made = await create(api, **audience)
        assert made["audience"] == audience
        assert "audience" not in made["readiness"]["missing"]
        cleared = {"list_uuid": None, "segment_uuid": None}
        answer = await api.patch(f"/campaigns/{made['uuid']}", json=cleared)
        assert answer.json()["data"]["audience"] == cleared
        assert "audience" in answer.json()["data"]["readiness"]["missing"]


@pytest.mark.checklist("Z35")
async def test_what_belongs_to_another_account_is_refused_by_name(
    api: httpx2.AsyncClient, database: Database, other_tenant: MadeTenant
) -> None:
    foreign = {
        "list_uuid": str((await make_list(database, other_tenant.id)).uuid),
        "segment_uuid": str((await make_segment(database, other_tenant.id)).uuid),
        "from_identity": str((await make_sender(database, other_tenant.id)).uuid),
        "project_uuid": str(uuid4()),
    }
    mine = await create(api)
    for field, value in foreign.items():
        for answer in (
            await api.post("/campaigns", json={"name": "x", field: value}),
            await api.patch(f"/campaigns/{mine['uuid']}", json={"subject": "x", field: value}),
        ):
            assert (answer.status_code, code(answer)) == (422, "VALIDATION_ERROR")
            assert list(details(answer)) == [field]
    all_at_once = await api.post("/campaigns", json={"name": "x"} | foreign)
    assert set(details(all_at_once)) == set(foreign)
    assert (await read(api, mine["uuid"]))["subject"] is None, "nothing half-changes"
    assert (await api.get("/campaigns")).json()["pagination"]["total"] == 1


@pytest.mark.checklist("Z39", "Z40", "Z41", "Z42", "Z43", "Z44", "Z45", "Z46")
async def test_readiness_tells_what_is_missing_in_every_answer(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    sender = await make_sender(database, tenant.id)
    audience = await make_list(database, tenant.id)
    made = await create(api)
    missing = ["from_name", "sender_email", "subject", "content", "audience"]
    assert made["readiness"] == {"can_send": False, "missing": missing}
    for word, change in (
        ("from_name", {"from_name": "Ada"}),
        ("sender_email", {"from_identity": str(sender.uuid)}),
        ("subject", {"subject": "News"}),
        ("content", {"content": "Hello"}),
        ("audience", {"list_uuid": str(audience.uuid)}),
    ):
        missing.remove(word)
        answer = await api.patch(f"/campaigns/{made['uuid']}", json=change)
        assert answer.json()["data"]["readiness"] == {"can_send": not missing, "missing": missing}
        assert (await read(api, made["uuid"]))["readiness"]["missing"] == missing


@pytest.mark.checklist("Z42")
async def test_a_sender_that_is_disabled_keeps_the_campaign_from_being_sent(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    campaign = await ready(api, database, tenant)
    await api.patch(f"/senders/{campaign.sender.uuid}", json={"enabled": False})
    assert (await read(api, campaign.uuid))["readiness"]["missing"] == ["sender_email"]
    await api.patch(f"/senders/{campaign.sender.uuid}", json={"enabled": True})
    assert (await read(api, campaign.uuid))["readiness"] == {"can_send": True, "missing": []}


async def test_null_and_nothing_clear_what_may_be_cleared(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    campaign = await ready(api, database, tenant, reply_to="a@b.example", preheader="x")
    fields = ("subject", "preheader", "from_name", "reply_to", "from_identity", "content")
    answer = await api.patch(campaign.path, json=dict.fromkeys(fields))
    assert [answer.json()["data"][name] for name in fields] == [None] * len(fields)
    answer = await api.patch(campaign.path, json={"preheader": "x"})
    answer = await api.patch(campaign.path, json={"preheader": "  "})
    assert answer.json()["data"]["preheader"] is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "  "),
        ("name", None),
        ("name", "x" * 256),
        ("subject", "x" * 999),
        ("subject", "one\r\nBcc: two@harbour.example"),
        ("from_name", "x" * 256),
        ("from_name", "a\nb"),
        ("reply_to", "nobody"),
        ("from_identity", "7"),
        ("list_uuid", 7),
        ("language", "english please"),
        ("language", None),
        ("track_opens", "perhaps"),
        ("max_delay_seconds", -1),
        ("status", "sent"),
        ("uuid", "00000000-0000-4000-8000-000000000000"),
        ("colour", "red"),
        ("overwrite", None),
    ],
)
async def test_what_cannot_be_is_refused_by_name_and_changes_nothing(
    api: httpx2.AsyncClient, field: str, value: object
) -> None:
    made = await create(api)
    answer = await api.patch(
        f"/campaigns/{made['uuid']}", json={"subject": "new", "preheader": "new", field: value}
    )
    assert (answer.status_code, code(answer)) == (422, "VALIDATION_ERROR")
    assert list(details(answer)) == [field]
    assert await read(api, made["uuid"]) == made


async def test_names_and_subjects_of_full_length_are_taken(api: httpx2.AsyncClient) -> None:
    made = await create(api, name="ñ" * 255, subject="é" * 998, from_name="ü" * 255)
    assert len(made["name"]) == 255
    assert len(made["subject"]) == 998


@pytest.mark.parametrize("text", ["a\0b", "\\ud800"])
async def test_characters_nobody_can_store_are_refused(api: httpx2.AsyncClient, text: str) -> None:
    body = '{"name": "x", "subject": "' + text.replace("\0", "\\u0000") + '"}'
    answer = await api.post(
        "/campaigns", content=body.encode(), headers={"Content-Type": "application/json"}
    )
    assert answer.status_code in {400, 422}


async def test_merge_tags_are_checked_and_the_place_is_told(api: httpx2.AsyncClient) -> None:
    for field in ("subject", "preheader", "content"):
        answer = await api.post(
            "/campaigns", json={"name": "x", field: "Hi {{ contact.fist_name }}"}
        )
        assert (answer.status_code, list(details(answer))) == (422, [field])
        (message,) = details(answer)[field]
        assert "Line 1, column" in message
        assert "contact.first_name" in message, "the nearest known name is told"
    fine = 'Hi {{ contact.first_name | default: "friend" }}, {{ attributes.plan }}'
    assert (await create(api, subject=fine, content=fine))["subject"] == fine


async def test_sections_are_present_when_asked_for_and_absent_otherwise(
    api: httpx2.AsyncClient,
) -> None:
    made = await create(api, document=RICH_DOCUMENT)
    path = f"/campaigns/{made['uuid']}"
    plain = (await api.get(path)).json()["data"]
    assert not {"stats", "document", "html", "text"} & plain.keys()
    assert (await api.get(f"{path}?include=weather,revenue")).json()["data"] == plain
    asked = (await api.get(f"{path}?include=stats,document,html,text")).json()["data"]
    assert asked["stats"]["recipients"] == 0
    assert asked["document"] == RICH_DOCUMENT
    assert "Read on" in asked["html"]
    assert "harbour" in asked["text"]


async def test_a_copy_is_a_new_draft_with_the_same_content_and_audience(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    campaign = await ready(api, database, tenant, document=RICH_DOCUMENT, content=None)
    await put_in(database, campaign.uuid, "sent")
    answer = await api.post(f"{campaign.path}/duplicate")
    assert answer.status_code == 201
    copy, original = answer.json()["data"], await read(api, campaign.uuid)
    assert (copy["status"], copy["name"]) == ("draft", "Copy of May newsletter")
    same = ("subject", "from_identity", "audience", "content", "content_overwrite_required")
    assert {name: copy[name] for name in same} == {name: original[name] for name in same}
    assert copy["readiness"]["can_send"]
    await api.patch(f"/campaigns/{copy['uuid']}", json={"content": "x", "overwrite": True})
    assert (await read(api, campaign.uuid))["content"] == original["content"]


async def test_a_deleted_campaign_is_gone(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    campaign = await ready(api, database, tenant)
    assert (await api.delete(campaign.path)).status_code == 204
    assert (await api.get(campaign.path)).status_code == 404
    assert (await api.delete(campaign.path)).status_code == 404


async def test_an_unknown_campaign_is_a_404(api: httpx2.AsyncClient) -> None:
    for method in ("GET", "PATCH", "DELETE"):
        answer = await api.request(method, f"/campaigns/{new_id()}", json={})
        assert (answer.status_code, code(answer)) == (404, "RESOURCE_NOT_FOUND")
