"""Logs and reports as files, in Cakemail's form: asked for, watched, downloaded."""

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
from tests.dialects.cakemail.document import assert_answer
from tests.services.test_campaign_events import tell

OF_CAMPAIGN = "/logs/campaigns/{campaign_id}/exports"
OF_LIST = "/logs/lists/{list_id}/exports"
REPORTS = "/reports/campaigns-exports"


async def _write(runtime: Runtime, database: Database, tenant: MadeTenant) -> None:
    async with database.reading() as connection:
        rows = (await connection.execute(tables.exports.select())).all()
    for row in rows:
        while await export_tasks.run_chunk(runtime, tenant.id, row.id):
            pass


async def _file(runtime: Runtime, stranger: httpx2.AsyncClient, url: str) -> list[dict[str, Any]]:
    answer = await stranger.get(url.replace(runtime.settings.base_url, "http://mailwright.test"))
    assert answer.status_code == 200
    return list(csv.DictReader(io.StringIO(answer.text)))


@pytest.mark.checklist("X07")
async def test_a_campaigns_log_becomes_a_file(
    client: httpx2.AsyncClient,
    stranger: httpx2.AsyncClient,
    runtime: Runtime,
    database: Database,
    tenant: MadeTenant,
    other_client: httpx2.AsyncClient,
) -> None:
    story = await tell(database, tenant)
    await story.note("sent", 0)
    opened = await story.note("opened", 1)
    path = f"/logs/campaigns/{story.campaign.id}/exports"
    body = {"description": "May", "filter": "type==open"}
    made = assert_answer(OF_CAMPAIGN, await client.post(path, json=body), 201)
    assert (made["object"], made["data"]["status"]) == ("task", "pending")
    assert made["data"]["campaign_id"] == story.campaign.id
    one = f"{path}/{made['id']}/download"
    template = f"{OF_CAMPAIGN}/{{campaign_log_export_id}}/download"
    assert_answer(template, await client.get(one), 400)
    await _write(runtime, database, tenant)
    (row,) = assert_answer(OF_CAMPAIGN, await client.get(path))["data"]
    assert (row["status"], row["progress"], row["description"]) == ("ready", 100, "May")
    link = assert_answer(template, await client.get(one))["data"]
    rows = await _file(runtime, stranger, link["url"])
    assert [int(row["event_id"]) for row in rows] == [opened]
    other = await tell(database, tenant)
    elsewhere = f"/logs/campaigns/{other.campaign.id}/exports/{made['id']}/download"
    assert_answer(template, await client.get(elsewhere), 400)
    assert_answer(template, await other_client.get(one), 400)
    for wrong in ({"filter": "type==eaten"}, {"filter": "color==red"}):
        assert_answer(OF_CAMPAIGN, await client.post(path, json=wrong), 400)


async def test_a_lists_log_becomes_a_file(
    client: httpx2.AsyncClient,
    stranger: httpx2.AsyncClient,
    runtime: Runtime,
    database: Database,
    tenant: MadeTenant,
) -> None:
    news = await make_list(database, tenant.id)
    story = await tell(database, tenant, list_id=news.id)
    sent = await story.note("sent", 0)
    path = f"/logs/lists/{news.id}/exports"
    made = assert_answer(OF_LIST, await client.post(path), 201)
    assert made["data"]["list_id"] == news.id
    await _write(runtime, database, tenant)
    (row,) = assert_answer(OF_LIST, await client.get(path, params={"with_count": "true"}))["data"]
    assert row["id"] == made["id"]
    template = f"{OF_LIST}/{{list_logs_export_id}}/download"
    link = assert_answer(template, await client.get(f"{path}/{made['id']}/download"))["data"]
    rows = await _file(runtime, stranger, link["url"])
    assert [int(row["event_id"]) for row in rows] == [sent]


async def test_every_campaigns_report_becomes_a_line(
    client: httpx2.AsyncClient,
    stranger: httpx2.AsyncClient,
    runtime: Runtime,
    database: Database,
    tenant: MadeTenant,
) -> None:
    await tell(database, tenant, name="May", state="sent")
    made = assert_answer(REPORTS, await client.post(REPORTS, json={"description": "Year"}), 201)
    one, template = f"{REPORTS}/{made['id']}", f"{REPORTS}/{{export_id}}"
    shown = assert_answer(template, await client.get(one))["data"]
    assert (shown["type"], shown["status"]) == ("campaignsreportsexport", "pending")
    await _write(runtime, database, tenant)
    listed = await client.get(REPORTS, params={"filter": "status==ready"})
    assert [row["id"] for row in assert_answer(REPORTS, listed)["data"]] == [made["id"]]
    wrong = await client.get(REPORTS, params={"filter": "status==eaten"})
    assert_answer(REPORTS, wrong, 400)
    link = assert_answer(f"{template}/download", await client.get(f"{one}/download"))["data"]
    (row,) = await _file(runtime, stranger, link["url"])
    assert (row["name"], row["status"]) == ("May", "sent")
    gone = assert_answer(template, await client.delete(one))["data"]
    assert gone["status"] == "deleted"
    assert_answer(f"{template}/download", await client.get(f"{one}/download"), 400)
