"""The demo's own client: it has nothing but the HTTP API, like any stranger's program."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import aiohttp

from mailwright.errors import MailwrightError


class DemoFailed(MailwrightError):
    """The demo could not go on."""

    code = "DEMO_FAILED"


class Api:
    """Calls of the native API; an error answer ends the demo with its message."""

    def __init__(self, session: aiohttp.ClientSession, root: str, key: str) -> None:
        self._session = session
        self.root = root
        self._headers = {"Authorization": f"Bearer {key}"}

    async def call(self, method: str, path: str, **options: Any) -> Any:
        """The JSON of the answer, or None for 204."""
        url = f"{self.root}/api/v1{path}"
        async with self._session.request(method, url, headers=self._headers, **options) as answer:
            if answer.status == 204:
                return None
            content = await answer.json()
            if answer.status >= 400:
                raise DemoFailed(f"{method} {path}: {content['error']['message']}")
            return content

    async def get(self, path: str, **params: str | int) -> Any:
        """The whole answer of a GET."""
        return await self.call("GET", path, params=params)

    async def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """The `data` of a POST's answer."""
        answer = await self.call("POST", path, json=body)
        return answer["data"] if answer else None

    async def raw(self, path: str) -> bytes:
        """The bytes of a GET, such as a captured mail."""
        url = f"{self.root}/api/v1{path}"
        async with self._session.get(url, headers=self._headers) as answer:
            answer.raise_for_status()
            return await answer.read()

    async def every(self, path: str, **params: str | int) -> AsyncGenerator[Any]:
        """Every row of a list, page by page."""
        number = 1
        while True:
            answer = await self.get(path, page=number, per_page=100, **params)
            for row in answer["data"]:
                yield row
            if number * 100 >= answer["pagination"]["total"]:
                return
            number += 1

    async def visit(self, url: str) -> int:
        """What a mail program or a reader does: GET a link of a mail, without following it on."""
        async with self._session.get(
            url, allow_redirects=False, headers={"User-Agent": "Mozilla/5.0 (X11; Linux) Demo/1.0"}
        ) as answer:
            await answer.read()
            return answer.status

    async def one_click(self, url: str) -> int:
        """What a mailbox provider does for its reader (RFC 8058)."""
        form = {"List-Unsubscribe": "One-Click"}
        async with self._session.post(url, data=form, allow_redirects=False) as answer:
            return answer.status
