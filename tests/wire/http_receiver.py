"""An HTTP server on loopback that writes down what it gets and answers as it is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web


@dataclass(frozen=True)
class Received:
    """One request."""

    path: str
    headers: dict[str, str]  # names in lower case
    body: bytes


Answering = Callable[[Received], Awaitable[web.StreamResponse]]


async def accept(received: Received) -> web.StreamResponse:
    """204."""
    return web.Response(status=204)


@dataclass
class Receiver:
    """What came, and how to answer what comes next."""

    port: int = 0
    requests: list[Received] = field(default_factory=list[Received])
    answering: Answering = accept
    came: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def answer(self, status: int, text: str = "", **headers: str) -> None:
        """From now on answers with `status`; `retry_after="5"` gives a Retry-After."""

        async def answering(received: Received) -> web.StreamResponse:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            return web.Response(status=status, text=text, headers=named)

        self.answering = answering

    def hang(self) -> asyncio.Event:
        """From now on takes requests and answers nothing until the event is set."""
        go_on = asyncio.Event()

        async def answering(received: Received) -> web.StreamResponse:
            await go_on.wait()
            return web.Response(status=204)

        self.answering = answering
        return go_on

    async def until(self, count: int, seconds: float = 10.0) -> None:
        """Waits until `count` requests have come."""
        async with asyncio.timeout(seconds), self.came:
            await self.came.wait_for(lambda: len(self.requests) >= count)


@asynccontextmanager
async def receiving() -> AsyncGenerator[Receiver]:
    """A receiver on a port of its own."""
    receiver = Receiver()

    async def handle(request: web.Request) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        received = Received(request.path_qs, headers, await request.read())
        async with receiver.came:
            receiver.requests.append(received)
            receiver.came.notify_all()
        return await receiver.answering(received)

    application = web.Application()
    application.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    receiver.port = runner.addresses[0][1]
    try:
        yield receiver
    finally:
        await runner.cleanup()
