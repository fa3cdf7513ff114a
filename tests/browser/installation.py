"""A whole installation on the test's own loop and on loopback: HTTP, workers, SMTP listener."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from mailwright.app import create_web_app, run_inbox, run_worker
from mailwright.services.installation import publish_capture_address
from mailwright.services.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Installation:
    """Where it is reached, what its services take, and the paths it was asked for so far."""

    url: str
    runtime: Runtime
    asked: list[str]


class _Server(uvicorn.Server):
    def install_signal_handlers(self) -> None:
        """Signals are the test runner's."""


def _bound_socket() -> socket.socket:
    made = socket.socket()
    made.bind(("127.0.0.1", 0))
    return made


def _noting(app: ASGIApp, asked: list[str]) -> ASGIApp:
    """`app`, noting every path that really reaches the server."""

    async def noting(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            asked.append(scope["path"])
        await app(scope, receive, send)

    return noting


@asynccontextmanager
async def running(runtime: Runtime) -> AsyncGenerator[Installation]:
    """Everything that `mailwright serve` runs, until the end of the block."""
    with _bound_socket() as http, _bound_socket() as smtp:
        async with _serving(runtime, http, smtp) as made:
            yield made


@asynccontextmanager
async def _serving(
    runtime: Runtime, http: socket.socket, smtp: socket.socket
) -> AsyncGenerator[Installation]:
    url = f"http://127.0.0.1:{http.getsockname()[1]}"
    settings = runtime.settings.model_copy(update={"public_url": url})
    runtime = replace(runtime, settings=settings)
    await publish_capture_address(runtime, *smtp.getsockname())
    asked: list[str] = []
    app = _noting(create_web_app(runtime), asked)
    config = uvicorn.Config(app, log_level="warning", access_log=False, ws="none")
    server, stop, listening = _Server(config), asyncio.Event(), asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(server.serve(sockets=[http]))
        tasks.create_task(run_inbox(runtime, smtp, ready=listening.set, stop=stop))
        tasks.create_task(run_worker(runtime, stop=stop))
        await listening.wait()
        while not server.started:  # noqa: ASYNC110  # uvicorn offers no event
            await asyncio.sleep(0.01)
        try:
            yield Installation(url, runtime, asked)
        finally:
            server.should_exit = True
            stop.set()
