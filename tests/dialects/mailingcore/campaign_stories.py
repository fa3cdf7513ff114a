"""Campaigns brought to where a test of the dialect begins."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx2

from mailwright.app import run_worker
from mailwright.services.runtime import Runtime

BODY = (
    '<p>Hello {{ firstName }}, see <a href="https://harbour.example/a">this</a>.</p>'
    '<p><a href="{{unsubscribeUrl}}">Unsubscribe</a></p>'
)


async def made(answer: httpx2.Response, status: int = 201) -> dict[str, Any]:
    """What was answered, with that status."""
    assert answer.status_code == status, answer.text
    return answer.json()


async def published(client: httpx2.AsyncClient, **fields: Any) -> str:
    """The `templateVersionId` of a new published version."""
    body = {"name": "Monthly", "subject": "Template's subject", "htmlBody": BODY} | fields
    template = await made(await client.post("/templates", json=body))
    return await publish(client, template["id"], template["versions"][0]["id"])


async def publish(client: httpx2.AsyncClient, template_id: str, version_id: str) -> str:
    """The version's id, once it is published."""
    path = f"/templates/{template_id}/versions/{version_id}/publish"
    assert (await made(await client.post(path), 200))["status"] == "PUBLISHED"
    return version_id


async def create(client: httpx2.AsyncClient, **fields: Any) -> dict[str, Any]:
    """A new campaign."""
    return await made(await client.post("/campaigns", json={"name": "June"} | fields))


async def ready(client: httpx2.AsyncClient, **fields: Any) -> str:
    """Where a campaign is that can be sent, once there is a sender."""
    version = await published(client)
    campaign = await create(client, templateVersionId=version, **fields)
    return f"/campaigns/{campaign['id']}"


async def status(client: httpx2.AsyncClient, path: str) -> str:
    """The campaign's status now."""
    return (await made(await client.get(path), 200))["status"]


async def load(client: httpx2.AsyncClient, *contacts: dict[str, Any]) -> None:
    """Bulk-imports contacts, opted in unless they say otherwise."""
    rows = [{"optIn": True, "source": "import"} | contact for contact in contacts]
    told = await made(await client.post("/contacts/bulk", json={"contacts": rows}), 200)
    assert told["failed"] == 0, told


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = 20.0) -> None:
    """Waits until the condition holds."""
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110  # rows offer no event
            await asyncio.sleep(0.05)


async def until_status(client: httpx2.AsyncClient, path: str, wanted: str) -> None:
    """Polls the campaign as seed 002 says."""

    async def reached() -> bool:
        return await status(client, path) == wanted

    await until(reached)


@asynccontextmanager
async def working(runtime: Runtime) -> AsyncGenerator[None]:
    """Workers and jobs run as long as the block."""
    stop = asyncio.Event()
    task = asyncio.create_task(run_worker(runtime, stop=stop))
    try:
        yield
    finally:
        stop.set()
        async with asyncio.timeout(15):
            await task
