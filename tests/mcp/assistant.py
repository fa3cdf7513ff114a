"""An assistant's end of the line: the official client, with answers read as JSON."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx2
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import TextContent

from mailwright.domain.doors import Door
from mailwright.services.api_keys import NewApiKey, create_api_key
from mailwright.services.caller import Caller
from mailwright.services.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Refused(Exception):  # as the project names its errors
    """An answer that is an error: its code, and all of it."""

    code: str
    error: dict[str, Any]


class Assistant:
    """Calls tools by operation and parameters."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def ask(
        self, tool: str, operation: str, *, confirm: bool | None = None, **params: Any
    ) -> Any:
        """The whole answer. Raises Refused."""
        arguments: dict[str, Any] = {"operation": operation, "params": params}
        if confirm is not None:
            arguments["confirm"] = confirm
        result = await self.client.call_tool(tool, arguments)
        content = result.content[0]
        assert isinstance(content, TextContent)
        answer = json.loads(content.text)
        assert bool(result.is_error) == ("error" in answer)
        if result.is_error:
            raise Refused(answer["error"]["code"], answer["error"])
        return answer

    async def data(self, tool: str, operation: str, **params: Any) -> Any:
        """The `data` of the answer. Raises Refused."""
        return (await self.ask(tool, operation, **params))["data"]


@asynccontextmanager
async def connected(url: str, key: str, *, mode: str = "auto") -> AsyncGenerator[Assistant]:
    """An assistant that speaks to `url` with a key."""
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx2.AsyncClient(headers=headers) as http:
        client = Client(streamable_http_client(url, http_client=http), mode=mode)
        async with in_one_task(client) as entered:
            yield Assistant(entered)


@asynccontextmanager
async def in_one_task(client: Client) -> AsyncGenerator[Client]:
    """`client`, entered and left in a task of its own: fixtures are torn down in another."""
    entered: asyncio.Future[Client] = asyncio.get_running_loop().create_future()
    done = asyncio.Event()

    async def hold() -> None:
        try:
            async with client as found:
                entered.set_result(found)
                await done.wait()
        except BaseException as error:
            if entered.done():
                raise
            entered.set_exception(error)

    task = asyncio.create_task(hold())
    try:
        yield await entered
    finally:
        done.set()
        await task


async def key_for(runtime: Runtime, tenant_id: int, *scopes: str) -> str:
    """A new key with these scopes; all of them without any."""
    owner = Caller(tenant_id, "member:test", Door.API, frozenset({"*"}))
    _, key = await create_api_key(runtime, owner, NewApiKey("assistant", scopes or ("*",)))
    return key
