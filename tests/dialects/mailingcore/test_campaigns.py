"""Campaigns drafted, read, listed and changed in MailingCore's words (seeds 002 and 004)."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest
from sqlalchemy import update

from mailwright.domain.campaign_lifecycle import CampaignState
from mailwright.store.database import Database
from mailwright.store.tables import campaigns
from tests.builders import MadeTenant, make_campaign, make_project
from tests.dialects.mailingcore.campaign_stories import create, load, made, publish, published
from tests.dialects.mailingcore.conftest import ClientAs

WORDS = {
    "draft": "DRAFT",
    "scheduled": "SCHEDULED",
    "queued": "SENDING",
    "sending": "SENDING",
    "paused": "PAUSED",
    "sent": "SENT",
    "failed": "FAILED",
    "canceled": "CANCELLED",
}
UNKNOWN = "0198e1b2-3c4d-7e5f-8a9b-0c1d2e3f4a5b"


async def _put_in(database: Database, campaign_id: str, state: str) -> None:
    async with database.transaction() as connection:
        await connection.execute(
            update(campaigns).where(campaigns.c.uuid == campaign_id).values(state=state)
        )


@pytest.mark.checklist("M10", "M11", "M16", "M19", "M27")
async def test_the_campaign_of_the_seed_is_created_and_read(
    client: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    project = str((await make_project(database, tenant.id)).uuid)
    version = await published(client)
    fields = {
        "name": "June product update",
        "templateVersionId": version,
        "subject": "What's new in June",
        "audienceFilter": {
            "locale": "en",
            "optIn": True,
            "projectId": project,
            "attributes": {"plan": "pro"},
        },
        "timezone": "Europe/Madrid",
    }
    campaign = await create(client, **fields)
    assert campaign["status"] == "DRAFT"
    assert {name: campaign[name] for name in fields} == fields
    assert campaign["projectId"] == project, "of the filter, where only it names one"
    assert campaign["createdAt"].endswith("Z")
    assert await made(await client.get(f"/campaigns/{campaign['id']}"), 200) == campaign
    top = await create(client, projectId=project)
    assert (top["projectId"], top["audienceFilter"]) == (project, {})


@pytest.mark.checklist("M11", "M12", "M14", "M18", "M19", "M20")
async def test_only_a_name_is_needed(client: httpx2.AsyncClient) -> None:
    campaign = await create(client)
    assert campaign["status"] == "DRAFT"
    for field in ("templateVersionId", "subject", "timezone", "scheduledAt"):
        assert campaign[field] is None
    for body in ({}, {"name": ""}, {"name": "  "}):
        refused = await made(await client.post("/campaigns", json=body), 400)
        assert refused["message"].startswith("name: ")


@pytest.mark.checklist("M13", "M17", "M20")
@pytest.mark.parametrize(
    ("field", "good", "bad"),
    [
        ("name", "n" * 200, "n" * 201),
        ("subject", "s" * 998, "s" * 999),
        ("timezone", "America/Argentina/Buenos_Aires", "Europe/Atlantis"),
        ("projectId", None, UNKNOWN),
        ("templateVersionId", None, UNKNOWN),
        ("templateVersionId", None, "clxversion"),
        ("audienceFilter", {"attributes": {"plan": "pro"}}, {"attributes": {"plan": {"gt": 1}}}),
        ("audienceFilter", {"optIn": True}, {"optedIn": True}),
        ("audienceFilter", {"locale": "en"}, {"locale": "klingon!"}),
        ("audienceFilter", {}, {"projectId": UNKNOWN}),
        ("audienceFilter", None, ["en"]),
    ],
)
async def test_limits_are_kept_and_the_field_named(
    client: httpx2.AsyncClient, field: str, good: Any, bad: Any
) -> None:
    campaign = await create(client, **({} if field == "name" else {field: good}))
    if field == "name":
        campaign = await create(client, name=good)
    path = f"/campaigns/{campaign['id']}"
    for answer in (
        await client.post("/campaigns", json={"name": "June", field: bad}),
        await client.patch(path, json={field: bad}),
    ):
        told = await made(answer, 400)
        assert told["message"].startswith((field, "projectId")), told
    assert await made(await client.get(path), 200) == campaign, "as it was"


@pytest.mark.checklist("M15")
async def test_only_a_published_version_is_taken(client: httpx2.AsyncClient) -> None:
    template = await made(
        await client.post("/templates", json={"name": "T", "htmlBody": "<p>Hi</p>"})
    )
    version = template["versions"][0]["id"]
    body = {"name": "June", "templateVersionId": version}
    refused = await made(await client.post("/campaigns", json=body), 400)
    assert refused["message"].startswith("templateVersionId: This version is not published")
    await publish(client, template["id"], version)
    campaign = await create(client, **body)
    assert campaign["templateId"] == template["id"]


@pytest.mark.checklist("M28", "M29")
async def test_a_draft_is_changed_and_nothing_else(
    client: httpx2.AsyncClient, database: Database
) -> None:
    campaign = await create(client, subject="Before", audienceFilter={"locale": "en"})
    path = f"/campaigns/{campaign['id']}"
    change = {
        "subject": "Updated subject line",
        "audienceFilter": {"optIn": True, "locale": "en"},
    }
    changed = await made(await client.patch(path, json=change), 200)
    assert {name: changed[name] for name in change} == change
    assert changed["name"] == "June"
    everybody = await made(await client.patch(path, json={"audienceFilter": None}), 200)
    assert everybody["audienceFilter"] == {}
    for state in set(CampaignState) - {"draft"}:
        await _put_in(database, campaign["id"], state)
        refused = await made(await client.patch(path, json=change), 409)
        assert state in refused["message"]


@pytest.mark.checklist("M26")
async def test_the_list_is_filtered_by_each_status_and_paged(
    client: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    for state in WORDS:
        await make_campaign(database, tenant.id, name=state, state=state)
    for word in set(WORDS.values()):
        answer = await client.get(f"/campaigns?status={word}&page=1&limit=20")
        found = await made(answer, 200)
        assert {row["status"] for row in found["data"]} == {word}
        assert {WORDS[row["name"]] for row in found["data"]} == {word}
        total = list(WORDS.values()).count(word)
        assert found["meta"] == {"page": 1, "limit": 20, "total": total, "totalPages": 1}
    page = await made(await client.get("/campaigns?page=3&limit=3"), 200)
    assert page["meta"] == {"page": 3, "limit": 3, "total": 8, "totalPages": 3}
    assert len(page["data"]) == 2
    assert (await made(await client.get("/campaigns"), 200))["meta"]["limit"] == 20
    refused = await made(await client.get("/campaigns?status=READY"), 400)
    assert refused["message"].startswith("status: ")


@pytest.mark.checklist("M03", "M04", "M05", "M06", "M33")
async def test_reading_and_writing_need_their_own_scopes(
    client: httpx2.AsyncClient, client_as: ClientAs, tenant: MadeTenant
) -> None:
    campaign = await create(client)
    path = f"/campaigns/{campaign['id']}"
    reader = await client_as(tenant, "campaigns:read")
    writer = await client_as(tenant, "campaigns:write")
    reads = (("GET", "/campaigns"), ("GET", path), ("GET", f"{path}/locale-coverage"))
    writes: tuple[tuple[str, str, Any], ...] = (
        ("POST", "/campaigns", {"name": "June"}),
        ("PATCH", path, {"subject": "News"}),
        ("POST", f"{path}/test", {"emails": ["a@example.com"]}),
        ("POST", f"{path}/schedule", {"scheduledAt": "2099-07-01T09:00:00.000Z"}),
        ("POST", f"{path}/send", None),
        ("POST", f"{path}/cancel", None),
    )
    for method, url in reads:
        assert (await reader.request(method, url)).status_code == 200
        refused = await made(await writer.request(method, url), 403)
        assert "campaigns:read" in refused["message"]
    for method, url, body in writes:
        refused = await made(await reader.request(method, url, json=body), 403)
        assert "campaigns:write" in refused["message"]
        allowed = await writer.request(method, url, json=body)
        assert allowed.status_code in (200, 201, 422), (method, url, allowed.text)


@pytest.mark.checklist("M02")
async def test_one_tenant_never_sees_anothers_campaigns(
    client: httpx2.AsyncClient, other_client: httpx2.AsyncClient
) -> None:
    version = await published(other_client)
    theirs = await create(other_client, templateVersionId=version)
    path = f"/campaigns/{theirs['id']}"
    emails = {"emails": ["a@example.com"]}
    later = {"scheduledAt": "2099-07-01T09:00:00.000Z"}
    for method, url, body in (
        ("GET", path, None),
        ("PATCH", path, {"subject": "Mine"}),
        ("GET", f"{path}/locale-coverage", None),
        ("POST", f"{path}/test", emails),
        ("POST", f"{path}/schedule", later),
        ("POST", f"{path}/send", None),
        ("POST", f"{path}/cancel", None),
    ):
        assert (await client.request(method, url, json=body)).status_code == 404, url
        unknown = url.replace(theirs["id"], "clxcampaign")
        assert (await client.request(method, unknown, json=body)).status_code == 404, url
    assert (await client.get("/campaigns")).json()["data"] == []
    foreign = {"name": "June", "templateVersionId": version}
    assert (await client.post("/campaigns", json=foreign)).status_code == 400
    assert await made(await other_client.get(path), 200) == theirs


@pytest.mark.checklist("M49", "M44")
async def test_locale_coverage_is_a_bare_array(client: httpx2.AsyncClient) -> None:
    people = [("en", 3), ("es", 2), ("fr", 4), (None, 1)]
    await load(
        client,
        *(
            {"email": f"{locale}{number}@example.com", "locale": locale}
            for locale, count in people
            for number in range(count)
        ),
    )
    template = await made(
        await client.post("/templates", json={"name": "T", "htmlBody": "<p>Hi</p>", "locale": "en"})
    )
    base = template["versions"][0]["id"]
    body = {"locale": "es", "localeGroupId": base, "htmlBody": "<p>Hola</p>"}
    versions = f"/templates/{template['id']}/versions"
    spanish = await made(await client.post(versions, json=body))
    for version in (base, spanish["id"]):
        await publish(client, template["id"], version)
    campaign = await create(client, templateVersionId=base)
    found = await client.get(f"/campaigns/{campaign['id']}/locale-coverage")
    assert found.status_code == 200, found.text
    rows: list[dict[str, Any]] = found.json()
    told = {row["locale"]: (row["count"], row["hasTemplate"]) for row in rows}
    assert told == {"en": (3, True), "es": (2, True), "fr": (4, False), None: (1, False)}
    assert all(set(row) == {"locale", "count", "hasTemplate"} for row in rows)
