"""MCP in real processes: `mailwright serve` over HTTP, `mailwright mcp` on standard streams."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

from tests.acceptance.served import PROGRAM, Served, command, environment, serving
from tests.mcp.assistant import Assistant, Refused, connected

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


@pytest.fixture(scope="module")
def server() -> Generator[Served]:
    with (
        tempfile.TemporaryDirectory(prefix="mw-") as folder,
        serving(Path(folder) / "data", "--workers", "1") as found,
    ):
        yield found
        found.stop()


@pytest.fixture(scope="module")
def owner_key(server: Served) -> str:
    """A key that may do everything."""
    named = ("--tenant", "default", "--name", "owner", "--scope", "*")
    made = command(data_dir(server), "key", "create", *named, "--json")
    assert made.returncode == 0, made.stderr
    return str(json.loads(made.stdout)["key"])


def data_dir(server: Served) -> Path:
    return server.log.parent / "data"


async def key(server: Served, owner_key: str, *scopes: str) -> str:
    """A new key with these scopes."""
    headers = {"Authorization": f"Bearer {owner_key}"}
    async with httpx2.AsyncClient(base_url=server.url, headers=headers) as client:
        body = {"name": "assistant", "scopes": scopes}
        return str((await client.post("/api/v1/api-keys", json=body)).json()["data"]["key"])


@asynccontextmanager
async def on_streams(server: Served, *options: str, **settings: str) -> AsyncGenerator[Assistant]:
    """The official client with `mailwright mcp` as its child."""
    program = StdioServerParameters(
        command=PROGRAM[0],
        args=[*PROGRAM[1:], "mcp", *options],
        env={**environment(data_dir(server)), **settings},
    )
    with server.log.open("a") as log:
        async with Client(stdio_client(program, errlog=log)) as client:
            yield Assistant(client)


async def from_draft_to_report(assistant: Assistant) -> None:
    """A campaign to one contact, as an assistant runs it."""
    target = await assistant.data("lists", "create", name=f"Readers {id(assistant)}")
    await assistant.data(
        "contacts", "create", email=f"r{id(assistant)}@example.com", contact_lists=[target["uuid"]]
    )
    address = f"post{id(assistant)}@harbour.example"
    sender = await assistant.data("senders", "create", email=address, name="Harbour", confirm=True)
    made = await assistant.data("campaigns", "create", name="Story")
    campaign = made["uuid"]
    await assistant.data(
        "campaigns",
        "update",
        campaign_id=campaign,
        subject="News",
        from_name="Harbour",
        from_identity=sender["uuid"],
        list_id=target["uuid"],
        content="# News",
    )
    shown = await assistant.ask("campaigns", "send", campaign_id=campaign)
    assert shown["preview"]["summary"] == f'1 person, from "Harbour" <{address}>, now'
    await assistant.data("campaigns", "send", campaign_id=campaign, confirm=True)
    async with asyncio.timeout(20):
        while True:
            report = await assistant.data("campaigns", "report", campaign_id=campaign)
            if report["status"] == "sent":
                break
            await asyncio.sleep(0.1)
    assert (report["sent"], report["failed"]) == (1, 0)


@pytest.mark.checklist("C32", "C33", "C34", "C35")
async def test_a_campaign_goes_out_over_http(server: Served, owner_key: str) -> None:
    async with connected(f"{server.url}/mcp", owner_key) as assistant:
        await from_draft_to_report(assistant)


@pytest.mark.checklist("C32", "C33", "C34", "C35")
async def test_a_campaign_goes_out_over_standard_streams(server: Served, owner_key: str) -> None:
    async with on_streams(server, MAILWRIGHT_API_KEY=owner_key) as assistant:
        await from_draft_to_report(assistant)


async def test_an_operator_may_act_for_a_tenant(server: Served) -> None:
    async with on_streams(server, "--tenant", "default") as assistant:
        assert (await assistant.ask("campaigns", "list"))["pagination"]


async def test_a_read_only_key_reads(server: Served, owner_key: str) -> None:
    reader = await key(server, owner_key, "campaigns:read")
    async with on_streams(server, MAILWRIGHT_API_KEY=reader) as assistant:
        tools = (await assistant.client.list_tools()).tools
        assert [tool.name for tool in tools] == ["campaigns", "reports", "logs"]
        with pytest.raises(Refused) as refusal:
            await assistant.ask("campaigns", "create", name="x")
        assert refusal.value.code == "FORBIDDEN"
        assert refusal.value.error["details"] == {"missing_scope": "campaigns:write"}


def test_without_a_key_it_says_what_to_do(server: Served) -> None:
    refused = command(data_dir(server), "mcp")
    assert refused.returncode != 0
    assert "MAILWRIGHT_API_KEY" in refused.stderr
    assert refused.stdout == ""
    unknown = command(data_dir(server), "mcp", "--tenant", "nobody")
    assert "no tenant nobody" in unknown.stderr
