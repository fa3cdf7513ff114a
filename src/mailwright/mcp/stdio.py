"""`mailwright mcp`: the same tools on standard input and output, for an assistant's own machine."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from mcp.server.stdio import stdio_server

from mailwright.mcp.server import create_server
from mailwright.services.caller import Caller
from mailwright.services.runtime import Runtime


async def serve_stdio(runtime: Runtime, caller_of: Callable[[], Awaitable[Caller]]) -> None:
    """Answers until standard input ends. `caller_of` is asked anew at every call."""

    async def known(_context: Any) -> Caller:
        return await caller_of()

    server = create_server(runtime, known)
    async with stdio_server() as (incoming, outgoing):
        await server.run(incoming, outgoing, server.create_initialization_options())
