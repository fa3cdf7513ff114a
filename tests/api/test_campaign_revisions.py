"""Revisions: every saved content is kept, can be read, and can come back. And the archive."""

from __future__ import annotations

import httpx2
import pytest

from mailwright.services.campaign_words import REVISIONS_KEPT
from mailwright.store.database import Database
from tests.api.campaign_stories import RICH_DOCUMENT, code, create, put_in, read, ready
from tests.builders import MadeTenant


async def _numbers(api: httpx2.AsyncClient, uuid: str) -> list[int]:
    answer = await api.get(f"/campaigns/{uuid}/revisions")
    assert answer.status_code == 200, answer.text
    return [row["number"] for row in answer.json()["data"]]


async def test_every_saved_content_is_a_revision(api: httpx2.AsyncClient) -> None:
    made = await create(api, subject="One", content="# First")
    path = f"/campaigns/{made['uuid']}"
    await api.patch(path, json={"content": "# Second"})
    await api.patch(path, json={"name": "Another name"})
    await api.patch(path, json={"content": "# Second"})
    await api.patch(path, json={"subject": "Two"})
    listed = (await api.get(f"{path}/revisions")).json()
    assert [(row["number"], row["subject"]) for row in listed["data"]] == [
        (3, "Two"),
        (2, "One"),
        (1, "One"),
    ]
    assert listed["pagination"]["total"] == 3
    assert listed["data"][0]["door"] == "api"
    first = (await api.get(f"{path}/revisions/1")).json()["data"]
    assert first["content"].strip() == "# First"
    assert "First" in first["html"]


async def test_a_campaign_with_only_a_name_has_no_revision(api: httpx2.AsyncClient) -> None:
    assert await _numbers(api, (await create(api))["uuid"]) == []


async def test_a_revision_comes_back_with_its_words_and_flags(api: httpx2.AsyncClient) -> None:
    made = await create(api, subject="Rich", document=RICH_DOCUMENT)
    path = f"/campaigns/{made['uuid']}"
    plain = {"content": "Plain.", "subject": "Plain", "overwrite": True}
    assert (await api.patch(path, json=plain)).json()["data"]["content_overwrite_required"] is False
    back = await api.post(f"{path}/revisions/1/restore")
    assert back.status_code == 200, back.text
    assert back.json()["data"]["subject"] == "Rich"
    assert back.json()["data"]["content_overwrite_required"] is True
    assert await _numbers(api, made["uuid"]) == [3, 2, 1]


async def test_a_sent_campaign_keeps_its_words(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    campaign = await ready(api, database, tenant)
    await put_in(database, campaign.uuid, "sent")
    answer = await api.post(f"{campaign.path}/revisions/1/restore")
    assert (answer.status_code, code(answer)) == (409, "CAMPAIGN_NOT_EDITABLE")
    assert await _numbers(api, campaign.uuid) == [1]


async def test_an_unknown_revision_is_a_404(api: httpx2.AsyncClient) -> None:
    uuid = (await create(api, content="Hello"))["uuid"]
    for method, path in (("GET", "revisions/2"), ("POST", "revisions/2/restore")):
        answer = await api.request(method, f"/campaigns/{uuid}/{path}")
        assert (answer.status_code, code(answer)) == (404, "RESOURCE_NOT_FOUND")


async def test_of_many_revisions_the_newest_stay(
    api: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mailwright.services.campaign_words.REVISIONS_KEPT", 3)
    assert REVISIONS_KEPT >= 100
    uuid = (await create(api, content="0"))["uuid"]
    for number in range(1, 5):
        await api.patch(f"/campaigns/{uuid}", json={"content": str(number)})
    assert await _numbers(api, uuid) == [5, 4, 3]


async def test_the_design_of_another_editor_is_kept_beside_its_page(
    api: httpx2.AsyncClient,
) -> None:
    page = {"html": "<html><body><p>Hi</p></body></html>"}
    design = {"design_kind": "bee", "design": {"rows": [1, 2]}}
    made = await create(api, **page, **design)
    path = f"/campaigns/{made['uuid']}"
    shown = (await api.get(path, params={"include": "design,design_kind"})).json()["data"]
    assert (shown["design"], shown["design_kind"]) == ({"rows": [1, 2]}, "bee")
    await api.patch(path, json={"design": {"rows": []}})
    assert (await api.get(f"{path}/revisions/2")).json()["data"]["design"] == {"rows": []}
    plain = await api.patch(path, json={"content": "Plain.", "overwrite": True})
    assert plain.status_code == 200
    assert (await api.get(path, params={"include": "design"})).json()["data"]["design"] is None
    refused = await api.patch(path, json={"design": {}})
    assert refused.status_code == 422
    assert "design" in refused.json()["error"]["details"]


async def test_an_archived_campaign_leaves_the_list_and_nothing_else_happens_to_it(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    campaign = await ready(api, database, tenant)
    answer = await api.post(f"{campaign.path}/archive")
    assert answer.status_code == 200, answer.text
    assert answer.json()["data"]["archived"] is True
    assert (await api.get("/campaigns")).json()["data"] == []
    shown = (await api.get("/campaigns", params={"archived": "true"})).json()["data"]
    assert [row["uuid"] for row in shown] == [campaign.uuid]
    for verb, path, refusal in (
        ("PATCH", "", "CAMPAIGN_NOT_EDITABLE"),
        ("POST", "/send", "CAMPAIGN_NOT_SENDABLE"),
        ("POST", "/revisions/1/restore", "CAMPAIGN_NOT_EDITABLE"),
    ):
        refused = await api.request(verb, campaign.path + path, json={})
        assert (refused.status_code, code(refused)) == (409, refusal)
    assert (await api.post(f"{campaign.path}/unarchive")).json()["data"]["archived"] is False
    assert (await read(api, campaign.uuid))["status"] == "draft"


@pytest.mark.parametrize("state", ["scheduled", "queued", "sending", "paused"])
async def test_what_is_under_way_is_not_archived(
    api: httpx2.AsyncClient, database: Database, state: str
) -> None:
    uuid = (await create(api))["uuid"]
    await put_in(database, uuid, state)
    answer = await api.post(f"/campaigns/{uuid}/archive")
    assert (answer.status_code, code(answer)) == (409, "CAMPAIGN_NOT_ARCHIVABLE")
    assert (await read(api, uuid))["archived"] is False
