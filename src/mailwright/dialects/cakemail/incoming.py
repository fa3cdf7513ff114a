"""How calls may look before they reach a route: doubled slashes, bodies of any form.

Cakemail's programs put their base URL and a path together with two slashes, and send empty POST
bodies as form or JSON, meaning "no fields" (issue 4). Whatever comes becomes one JSON object.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from pydantic_core import to_json
from starlette.datastructures import Headers, MutableHeaders, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mailwright.dialects.cakemail.errors import problem

_SLASHES = re.compile(r"/{2,}")
_WITH_BODY = frozenset({"POST", "PATCH", "PUT"})
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


class Incoming:
    """An ASGI application around the dialect that makes calls plain."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the call on, its path with single slashes and its body in JSON."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope = {**scope, "path": _SLASHES.sub("/", scope["path"])}
        if scope["method"] not in _WITH_BODY or _is_json(Headers(scope=scope)):
            await self._app(scope, receive, send)
            return
        try:
            body = await _json_of(Request(scope, receive))
        except ClientDisconnect:
            return
        except HTTPException as error:  # too large, or a form without end
            await problem(error.status_code, error.detail)(scope, receive, send)
            return
        scope["headers"] = list(scope["headers"])
        headers = MutableHeaders(scope=scope)
        headers["content-type"] = "application/json"
        headers["content-length"] = str(len(body))
        await self._app(scope, _saying(body, receive), send)


def _is_json(headers: Headers) -> bool:
    """Whether the body is JSON and there is one; then it is left alone."""
    length = headers.get("content-length", "")
    is_json = headers.get("content-type", "").partition(";")[0].strip().endswith("json")
    return is_json and length.isdigit() and int(length) > 0


async def _json_of(request: Request) -> bytes:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = (await request.body()).strip()
    if not body:
        return b"{}"
    if kind not in _FORMS or body.startswith((b"{", b"[")):  # JSON, whatever it is called
        return body
    form = await request.form()
    return to_json(_fields(form))


def _fields(form: Mapping[str, UploadFile | str]) -> dict[str, str]:
    """What a form says: an empty field says nothing, and files are none of a call's fields."""
    return {name: value for name, value in form.items() if isinstance(value, str) and value}


def _saying(body: bytes, receive: Receive) -> Receive:
    """`receive` that first gives `body`."""
    given = False

    async def saying() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return saying
