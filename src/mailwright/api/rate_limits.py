"""API calls per key and minute, where MAILWRIGHT_RATE_LIMIT_PER_MINUTE sets a limit.

easymail's headers: `X-RateLimit-Limit` on every answer; `X-RateLimit-Remaining` and, when it is
used up, 429 with `Retry-After` (vendors.md 3.4). The count lives in the web process.
"""

from __future__ import annotations

import hashlib

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mailwright.api.errors import problem_from
from mailwright.errors import RateLimited
from mailwright.services.call_counter import CallCounter
from mailwright.services.runtime import Runtime


class RateLimit:
    """An ASGI application around the API that counts and refuses."""

    def __init__(self, app: ASGIApp, runtime: Runtime, per_minute: int) -> None:
        self._app = app
        self._now = runtime.now
        self._limit = per_minute
        self._counter = CallCounter(per_minute)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the call on with the headers, or refuses it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        credentials = Headers(scope=scope).get("authorization", "")
        key = hashlib.sha256(credentials.encode()).digest()
        try:
            remaining = self._counter.count(key, self._now())
        except RateLimited as error:
            answer = problem_from(error)
            await answer(scope, receive, _telling(send, self._limit, 0))
            return
        await self._app(scope, receive, _telling(send, self._limit, remaining))


def _telling(send: Send, limit: int, remaining: int) -> Send:
    """`send` that adds the headers to the answer."""

    async def telling(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers["X-RateLimit-Limit"] = str(limit)
            headers["X-RateLimit-Remaining"] = str(remaining)
        await send(message)

    return telling
