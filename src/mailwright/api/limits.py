"""How much a call may carry: 10 MB, refused before it is read where its length is announced."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mailwright.api.errors import problem

BODY_BYTES_MAX = 10_000_000
#: Uploads stream to a file and have a limit of their own.
UPLOADS = ("/imports",)

_TOO_LARGE = f"A body has at most {BODY_BYTES_MAX // 1_000_000} MB."


class BodyLimit:
    """An ASGI application around the API that answers 413 PAYLOAD_TOO_LARGE."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the call on, or refuses it."""
        if scope["type"] != "http" or _path(scope).startswith(UPLOADS):
            await self._app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "")
        if announced.isdigit() and int(announced) > BODY_BYTES_MAX:
            await problem(413, "PAYLOAD_TOO_LARGE", _TOO_LARGE)(scope, receive, send)
            return
        await self._app(scope, _counted(receive), send)


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


def _path(scope: Scope) -> str:
    return str(scope["path"]).removeprefix(scope.get("root_path", ""))
