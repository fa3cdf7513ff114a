"""Exports of contacts and the list of tasks, in Cakemail's form."""

from __future__ import annotations

import csv
import io
from typing import Any

import httpx2
import pytest

from mailwright.services import export_tasks
from mailwright.services.runtime import Runtime
from mailwright.store import tables
from mailwright.store.database import Database
from tests.builders import MadeTenant, make_list
from tests.clock import Clock
from tests.dialects.cakemail.document import assert_answer

EXPORTS = "/lists/{list_id}/exports"
EXPORT = "/lists/{list_id}/exports/{export_id}"


@pytest.fixture
async def news(client: httpx2.AsyncClient, database: Database, tenant: MadeTenant) -> int:
    """The number of a list with Ada, who left it, and Bob, who has a tag."""
    made = await make_list(database, tenant.id, "News")
    ada = await client.post(f"/lists/{made.id}/contacts", json={"email": "ada@example.com"})
    await client.post(f"/lists/{made.id}/contacts/{ada.json()['id']}/unsubscribe")
    body = {"email": "bob@example.com", "tags": ["vip"], "first_name": "=cmd()"}
    await client.post(f"/lists/{made.id}/contacts", json=body)
    return made.id


async def _write(runtime: Runtime, database: Database, tenant: MadeTenant) -> None:
    async with database.reading() as connection:
        rows = (await connection.execute(tables.exports.select())).all()
    for row in rows:
        while await export_tasks.run_chunk(runtime, tenant.id, row.id):
            pass


@pytest.mark.checklist("X07", "SEC-18")
async def test_an_export_is_asked_for_watched_downloaded_and_deleted(
    client: httpx2.AsyncClient,
    stranger: httpx2.AsyncClient,
    runtime: Runtime,
    database: Database,
    tenant: MadeTenant,
    clock: Clock,
    news: int,
) -> None:
    path = f"/lists/{news}/exports"
    answer = await client.post(f"{path}?description=Spring&filter=status==active")
    made = assert_answer(EXPORTS, answer, 201)
    assert (made["object"], made["data"]["status"]) == ("task", "pending")
    one = f"{path}/{made['id']}"
    early = await client.get(f"{one}/download")
    assert "pending" in assert_answer(f"{EXPORT}/download", early, 400)["message"]
    await _write(runtime, database, tenant)
    told = assert_answer(EXPORT, await client.get(one))["data"]
    assert (told["status"], told["progress"], told["description"]) == ("ready", 100, "Spring")
    assert told["filter"] == "status==active"
    link = assert_answer(f"{EXPORT}/download", await client.get(f"{one}/download"))["data"]
    url = link["url"].replace(runtime.settings.base_url, "http://mailwright.test")
    file = await stranger.get(url)
    assert file.headers["content-type"] == "text/csv; charset=utf-8"
    assert "attachment" in file.headers["content-disposition"]
    (row,) = csv.DictReader(io.StringIO(file.text))
    assert (row["email"], row["first_name"]) == ("bob@example.com", "'=cmd()")
    assert row["contact_tags"] == "vip"
    assert (await stranger.head(url)).headers["content-length"] == str(len(file.content))
    assert (await stranger.post(url)).status_code == 405
    assert (await stranger.get(url[:-1])).status_code == 404
    listed = assert_answer(
        EXPORTS, await client.get(f"{path}?with_count=true&filter=status==ready")
    )
    assert ([row["id"] for row in listed["data"]], listed["pagination"]["count"]) == (
        [made["id"]],
        1,
    )
    clock.advance(days=8)
    assert (await stranger.get(url)).status_code == 404
    gone = assert_answer(EXPORT, await client.delete(one))
    assert (gone["deleted"], gone["data"]["status"]) == (True, "deleted")


@pytest.mark.checklist("X07")
async def test_tasks_are_exports_and_imports_alike(
    client: httpx2.AsyncClient,
    runtime: Runtime,
    database: Database,
    tenant: MadeTenant,
    news: int,
) -> None:
    segment = await client.post(
        f"/lists/{news}/segments", json={"name": "S", "query": 'TAG IS "vip"'}
    )
    params: dict[str, Any] = {"segment_id": segment.json()["id"]}
    made = assert_answer(EXPORTS, await client.post(f"/lists/{news}/exports", params=params), 201)
    await _write(runtime, database, tenant)
    path, template = f"/tasks/{made['id']}", "/tasks/{task_id}"
    told = assert_answer(template, await client.get(path))["data"]
    assert (told["type"], told["status"], told["progress"]) == ("contactsexport", "ready", 100)
    assert told["payload"] == params
    filters = f"type==contactsexport;status==ready;list_id=={news};progress==100"
    listed = assert_answer("/tasks", await client.get("/tasks", params={"filter": filters}))
    assert [row["id"] for row in listed["data"]] == [made["id"]]
    none = await client.get("/tasks", params={"filter": "type==campaignlogexport"})
    assert assert_answer("/tasks", none)["data"] == []
    assert_answer("/tasks", await client.get("/tasks", params={"filter": "status==late"}), 400)
    assert assert_answer(template, await client.delete(path))["data"]["status"] == "deleted"
    assert (await client.get("/tasks/1")).status_code == 404


@pytest.mark.checklist("SEC-10")
async def test_another_accounts_exports_are_unknown(
    client: httpx2.AsyncClient, other_client: httpx2.AsyncClient, news: int
) -> None:
    made = (await client.post(f"/lists/{news}/exports")).json()
    for path in (f"/lists/{news}/exports/{made['id']}", f"/tasks/{made['id']}"):
        assert (await other_client.get(path)).status_code == 404
        assert (await other_client.delete(path)).status_code == 404
    assert (await other_client.get("/tasks")).json()["data"] == []
