"""Operators' programs learn whether we are ready, and our numbers."""

from dataclasses import replace

import httpx2
from sqlalchemy import text
from starlette.applications import Starlette

from mailwright.public.operations import operation_routes
from mailwright.services.runtime import Runtime
from mailwright.store.database import Database, database_url


async def ask(runtime: Runtime, path: str) -> httpx2.Response:
    transport = httpx2.ASGITransport(app=Starlette(routes=list(operation_routes(runtime))))
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
        return await client.get(path)


async def test_ready_when_database_and_schema_are(runtime: Runtime) -> None:
    answer = await ask(runtime, "/readyz")
    assert (answer.status_code, answer.text) == (200, "ready")


async def test_not_ready_before_the_migration(runtime: Runtime) -> None:
    async with runtime.database.transaction() as connection:
        await connection.execute(text("DELETE FROM alembic_version"))
    answer = await ask(runtime, "/readyz")
    assert answer.status_code == 503
    assert "mailwright migrate" in answer.text


async def test_not_ready_without_a_database(runtime: Runtime) -> None:
    nowhere = Database(database_url("postgresql://nobody@127.0.0.1:9/nothing"))
    answer = await ask(replace(runtime, database=nowhere), "/readyz")
    assert answer.status_code == 503
    assert "does not answer" in answer.text


async def test_the_numbers_are_prometheus_text(runtime: Runtime) -> None:
    answer = await ask(runtime, "/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    assert 'mailwright_messages_total{outcome="sent"} 0.0' in answer.text
    assert "mailwright_queued_messages 0.0" in answer.text
