"""`/mcp`: Streamable HTTP. The SDK (24 MB, most of a second) is loaded by the first call.

Every request stands for itself: it carries its key, and no session is kept that another key, or
another process, could not serve.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from mailwright.domain.doors import Door
from mailwright.errors import CallerError, Forbidden, RateLimited, TooLarge, Unauthenticated
from mailwright.mcp.answers import problem
from mailwright.services import bearers
from mailwright.services.call_counter import CallCounter
from mailwright.services.caller import Caller
from mailwright.services.runtime import Runtime

#: Where the caller of a request stands in its ASGI scope.
CALLER = "mailwright.caller"

BODY_BYTES_MAX = 10_000_000  # as at every other door: a thousand contacts with all they can have

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_STATUS: dict[type[CallerError], int] = {
    Unauthenticated: 401,
    Forbidden: 403,
    TooLarge: 413,
    RateLimited: 429,
}


class McpDoor:
    """The ASGI application. Its `lifespan` must be run by the application it stands in."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._opening = asyncio.Lock()
        self._stop = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None
        self._handle: ASGIApp | None = None
        limit = runtime.settings.rate_limit_per_minute
        self._counter = None if limit is None else CallCounter(limit)

    @asynccontextmanager
    async def lifespan(self, _app: object) -> AsyncGenerator[None]:
        """Ends what the first call began."""
        try:
            yield
        finally:
            self._stop.set()
            if self._keeper is not None:
                await self._keeper

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request of a caller who is known.

        A GET would wait for news from the server, of which there are none; without sessions there
        is nothing to DELETE.
        """
        if scope["method"] != "POST":
            await Response(status_code=405, headers={"Allow": "POST"})(scope, receive, send)
            return
        try:
            self._check_origin(Headers(scope=scope))
            scope[CALLER] = await self._authenticate(Headers(scope=scope))
            _check_length(Headers(scope=scope))
        except CallerError as error:
            await _refusal(error)(scope, receive, send)
            return
        handle = self._handle or await self._open()
        await handle(scope, receive, send)

    def _check_origin(self, headers: Headers) -> None:
        """Refuses pages of other sites in somebody's browser (DNS rebinding); programs send none.

        The Host header is not looked at: what a page cannot have is a key.
        """
        origin = headers.get("origin")
        if origin is None:
            return
        settings = self._runtime.settings
        ours = urlsplit(settings.base_url)
        theirs = urlsplit(origin)
        local = theirs.hostname in _LOOPBACK and theirs.port == settings.port
        if not local and (theirs.scheme, theirs.netloc) != (ours.scheme, ours.netloc):
            raise Forbidden("Calls from this page are not allowed.")

    async def _authenticate(self, headers: Headers) -> Caller:
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise Unauthenticated
        caller = await bearers.authenticate(self._runtime, token.strip(), Door.MCP)
        if self._counter is not None:
            self._counter.count(caller.actor.encode(), self._runtime.now())
        return caller

    async def _open(self) -> ASGIApp:
        async with self._opening:
            if self._handle is None:
                # In a thread, so that other requests are answered while it loads.
                server = await asyncio.to_thread(import_module, "mailwright.mcp.server")
                managers = import_module("mcp.server.streamable_http_manager")
                manager = managers.StreamableHTTPSessionManager(
                    server.create_server(self._runtime, _caller_of),
                    json_response=True,
                    stateless=True,
                    max_request_body_size=BODY_BYTES_MAX,
                )
                ready = asyncio.Event()
                self._keeper = asyncio.create_task(self._keep(manager, ready))
                await ready.wait()
                self._handle = manager.handle_request
            assert self._handle is not None
            return self._handle

    async def _keep(self, manager: Any, ready: asyncio.Event) -> None:
        """The manager's tasks begin and end in one task, as its task group wants it."""
        async with manager.run():
            ready.set()
            await self._stop.wait()


async def _caller_of(context: Any) -> Caller:
    caller: Caller = context.request.scope[CALLER]
    return caller


def _check_length(headers: Headers) -> None:
    """What does not announce its length is ended by the SDK, where it is too much."""
    announced = headers.get("content-length", "")
    if announced.isdigit() and int(announced) > BODY_BYTES_MAX:
        raise TooLarge(f"A call has at most {BODY_BYTES_MAX // 1_000_000} MB; send fewer rows.")


def _refusal(error: CallerError) -> Response:
    headers: dict[str, str] = {}
    if isinstance(error, Unauthenticated):
        headers["WWW-Authenticate"] = 'Bearer realm="mailwright"'
    if isinstance(error, RateLimited):
        headers["Retry-After"] = str(error.retry_after_seconds)
    return JSONResponse(problem(error), _STATUS.get(type(error), 400), headers)
