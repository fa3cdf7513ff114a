"""How much a call may carry, and how many calls a key may make a minute, whatever the dialect.

Calls are counted where MAILWRIGHT_RATE_LIMIT_PER_MINUTE is set (vendors.md 2.4), in the memory of
the web process; `X-RateLimit-Reset` is in Unix seconds. A dialect says no in its own form, by a
`Refusal`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mailwright.errors import MailwrightError, RateLimited, TooLarge
from mailwright.services.call_counter import WINDOW_SECONDS, CallCounter

BODY_BYTES_MAX = 10_000_000
_TOO_LARGE = f"A body has at most {BODY_BYTES_MAX // 1_000_000} MB."

#: The answer that tells of an error on a path, in the dialect's form.
Refusal = Callable[[str, MailwrightError], Response]


class BodyLimit:
    """An ASGI application around a dialect that answers 413."""

    def __init__(self, app: ASGIApp, refusal: Refusal) -> None:
        self._app = app
        self._refusal = refusal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the call on, or refuses it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "")
        if announced.isdigit() and int(announced) > BODY_BYTES_MAX:
            answer = self._refusal(str(scope["path"]), TooLarge(_TOO_LARGE))
            await answer(scope, receive, send)
            return
        await self._app(scope, _counted(receive), send)


class RateLimit:
    """An ASGI application around a dialect that counts and refuses."""

    def __init__(
        self, app: ASGIApp, now: Callable[[], datetime], per_minute: int, refusal: Refusal
    ) -> None:
        self._app = app
        self._now = now
        self._limit = per_minute
        self._refusal = refusal
        self._counter = CallCounter(per_minute)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the call on with the headers, or refuses it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        now = self._now()
        reset = (int(now.timestamp()) // WINDOW_SECONDS + 1) * WINDOW_SECONDS
        credentials = Headers(scope=scope).get("authorization", "")
        try:
            remaining = self._counter.count(hashlib.sha256(credentials.encode()).digest(), now)
        except RateLimited as error:
            answer = self._refusal(str(scope["path"]), error)
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
