"""How much a call may carry, and how many calls a key may make a minute.

Calls are counted where MAILWRIGHT_RATE_LIMIT_PER_MINUTE is set; the headers are MailingCore's
(vendors.md 2.4), `X-RateLimit-Reset` in Unix seconds.
"""

from __future__ import annotations

import hashlib

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mailwright.dialects.mailingcore.errors import problem, problem_from
from mailwright.errors import RateLimited
from mailwright.services.call_counter import WINDOW_SECONDS, CallCounter
from mailwright.services.runtime import Runtime

BODY_BYTES_MAX = 10_000_000
_TOO_LARGE = f"A body has at most {BODY_BYTES_MAX // 1_000_000} MB."


class BodyLimit:
    """An ASGI application around the dialect that answers 413."""

    def __init__(self, app: ASGIApp, runtime: Runtime) -> None:
        self._app = app
        self._runtime = runtime

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the call on, or refuses it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "")
        if announced.isdigit() and int(announced) > BODY_BYTES_MAX:
            answer = problem(self._runtime, str(scope["path"]), 413, _TOO_LARGE)
            await answer(scope, receive, send)
            return
        await self._app(scope, _counted(receive), send)


class RateLimit:
    """An ASGI application around the dialect that counts and refuses."""

    def __init__(self, app: ASGIApp, runtime: Runtime, per_minute: int) -> None:
        self._app = app
        self._runtime = runtime
        self._limit = per_minute
        self._counter = CallCounter(per_minute)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the call on with the headers, or refuses it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        now = self._runtime.now()
        reset = (int(now.timestamp()) // WINDOW_SECONDS + 1) * WINDOW_SECONDS
        credentials = Headers(scope=scope).get("authorization", "")
        try:
            remaining = self._counter.count(hashlib.sha256(credentials.encode()).digest(), now)
        except RateLimited as error:
            answer = problem_from(self._runtime, str(scope["path"]), error)
            await answer(scope, receive, self._telling(send, 0, reset))
            return
        await self._app(scope, receive, self._telling(send, remaining, reset))

    def _telling(self, send: Send, remaining: int, reset: int) -> Send:
        """`send` that adds the headers to the answer."""

        async def telling(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["X-RateLimit-Limit"] = str(self._limit)
                headers["X-RateLimit-Remaining"] = str(remaining)
                headers["X-RateLimit-Reset"] = str(reset)
            await send(message)

        return telling


def _counted(receive: Receive) -> Receive:
    """`receive` that ends with HTTPException 413 when more comes than is allowed."""
    received = 0

    async def counting() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > BODY_BYTES_MAX:
            raise HTTPException(413, _TOO_LARGE)
        return message

    return counting
