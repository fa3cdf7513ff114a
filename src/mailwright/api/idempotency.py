"""`Idempotency-Key`: routes that send take it, and answer a repeated call as they did the first."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Header, Request
from starlette.responses import Response

from mailwright.api.dependencies import CallerOf, RuntimeOf
from mailwright.services import idempotency
from mailwright.services.idempotency import Answer

Act = Callable[[], Awaitable[Response]]
Once = Callable[[Act], Awaitable[Response]]


async def _once(
    request: Request,
    runtime: RuntimeOf,
    caller: CallerOf,
    idempotency_key: Annotated[
        str | None,
        Header(description="Makes repeating this call within 24 hours harmless: same answer."),
    ] = None,
) -> Once:
    async def plainly(act: Act) -> Response:
        return await act()

    async def under_key(act: Act) -> Response:
        assert idempotency_key is not None
        asked = f"{request.method} {request.url.path}\n".encode() + await request.body()

        async def acted() -> Answer:
            response = await act()
            return Answer(response.status_code, bytes(response.body))

        answer = await idempotency.once(runtime, caller, idempotency_key, asked, acted)
        return Response(answer.body or None, answer.status, media_type="application/json")

    return plainly if idempotency_key is None else under_key


#: Ask for it in a route and return `await once(act)`, where `act` does the work and answers.
OnceOf = Annotated[Once, Depends(_once)]
