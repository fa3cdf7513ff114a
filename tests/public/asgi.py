"""A client for the public pages, without a socket in between."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import httpx2
from starlette.types import Receive, Scope, Send

from mailwright.public.application import create_public
from mailwright.services.runtime import Runtime


async def somebody_elses(scope: Scope, receive: Receive, send: Send) -> None:
    """What stands behind the public pages: says 418 to requests, and lives and dies properly."""
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    await send({"type": "http.response.start", "status": 418, "headers": []})
    await send({"type": "http.response.body", "body": b""})


@asynccontextmanager
async def visitor(runtime: Runtime) -> AsyncGenerator[httpx2.AsyncClient]:
    """A browser in front of the public pages; at the end the server has shut down properly."""
    app = create_public(runtime, somebody_elses)
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://mail.example") as client:
        yield client
    await _shut_down(app)


async def _shut_down(app: object) -> None:
    waiting = [{"type": "lifespan.shutdown"}, {"type": "lifespan.startup"}]

    async def receive() -> dict[str, str]:
        return waiting.pop()

    async def send(message: object) -> None:
        return

    await app({"type": "lifespan"}, receive, send)  # type: ignore[operator]
