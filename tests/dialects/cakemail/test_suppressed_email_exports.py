"""Suppressed addresses as a file, in Cakemail's form."""

from __future__ import annotations

import httpx2
import pytest
from sqlalchemy import select

from mailwright.services import export_tasks
from mailwright.services.runtime import Runtime
from mailwright.store import tables
from tests.builders import MadeTenant
from tests.dialects.cakemail.document import assert_answer

PATH = "/reports/suppressed-emails-exports"
ONE = f"{PATH}/{{export_id}}"


async def _write(runtime: Runtime, tenant: MadeTenant) -> None:
    """What the job does."""
    async with runtime.database.reading() as connection:
        export_id = await connection.scalar(select(tables.exports.c.id))
    assert export_id is not None
    while await export_tasks.run_chunk(runtime, tenant.id, export_id):
        pass


@pytest.mark.checklist("X09")
async def test_what_is_suppressed_becomes_a_file(
    client: httpx2.AsyncClient,
    other_client: httpx2.AsyncClient,
    runtime: Runtime,
    tenant: MadeTenant,
) -> None:
    await client.post("/suppressed-emails", json={"email": "*@closed.example"})
    made = assert_answer(PATH, await client.post(PATH, params={"description": "All"}), 201)
    assert (made["object"], made["data"]["status"]) == ("task", "pending")
    assert made["data"]["type"] == "suppressedemailsexport"
    path = f"{PATH}/{made['id']}"
    assert_answer(f"{ONE}/download", await client.get(f"{path}/download"), 400)
    await _write(runtime, tenant)
    told = assert_answer(ONE, await client.get(path))
    assert (told["data"]["status"], told["data"]["progress"]) == ("ready", 100)
    assert_answer(ONE, await other_client.get(path), 404)
    told = assert_answer(f"{ONE}/download", await client.get(f"{path}/download"))
    url = told["data"]["url"].removeprefix(runtime.settings.base_url)
    file = await client.get(f"http://mailwright.test{url}")
    assert "*@closed.example" in file.text
    [row] = assert_answer(PATH, await client.get(PATH))["data"]
    assert row["description"] == "All"
    told = assert_answer(ONE, await client.delete(path))
    assert (told["deleted"], told["data"]["status"]) == (True, "deleted")
    assert (await client.get(f"http://mailwright.test{url}")).status_code == 404
    assert_answer(ONE, await client.get(f"{PATH}/nothing"), 404)
