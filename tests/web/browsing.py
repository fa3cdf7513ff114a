"""A browser without JavaScript: follows forms and cookies, over ASGI."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager

import httpx2
from selectolax.lexbor import LexborHTMLParser

from mailwright.domain.doors import Door
from mailwright.domain.scopes import Role
from mailwright.services.caller import Caller
from mailwright.services.members import NewMember, create_member
from mailwright.services.runtime import Runtime
from mailwright.web.application import create_web
from tests.builders import MadeTenant

PASSWORD = "correct horse battery staple"


class Browser:
    """Pages by path, and the forms on them."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self.client = client
        self.answer: httpx2.Response

    @property
    def page(self) -> LexborHTMLParser:
        return LexborHTMLParser(self.answer.text)

    @property
    def text(self) -> str:
        body = self.page.body
        return " ".join(body.text(separator=" ").split()) if body else ""

    async def open(self, path: str) -> httpx2.Response:
        self.answer = await self.client.get(path, follow_redirects=True)
        return self.answer

    async def submit(
        self, action: str, fields: Mapping[str, str] | None = None, *, follow: bool = True
    ) -> httpx2.Response:
        """Fills in the form with that action on the present page and sends it."""
        forms = self.page.css("form[method=post]")
        form = next(f for f in forms if f.attributes.get("action") == action)
        values: dict[str, str] = {}
        for field in form.css("input[name], textarea[name], select[name]"):
            name = field.attributes["name"] or ""
            if field.tag == "select":
                chosen = field.css_first("option[selected]") or field.css_first("option")
                values[name] = (chosen.attributes.get("value") or "") if chosen else ""
            elif field.tag == "textarea":
                values[name] = field.text().removeprefix("\n")
            elif (
                field.attributes.get("type") not in {"checkbox", "radio"}
                or "checked" in field.attributes
            ):
                values[name] = field.attributes.get("value") or ""
        self.answer = await self.client.post(
            action, data={**values, **(fields or {})}, follow_redirects=follow
        )
        return self.answer

    async def sign_in(self, email: str, password: str = PASSWORD) -> httpx2.Response:
        await self.open("/login")
        return await self.submit("/login", {"email": email, "password": password})


@asynccontextmanager
async def browser(runtime: Runtime) -> AsyncGenerator[Browser]:
    """A fresh browser in front of the dashboard."""
    transport = httpx2.ASGITransport(create_web(runtime), raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8025") as client:
        yield Browser(client)


async def make_member(
    runtime: Runtime, tenant: MadeTenant, email: str, role: Role = Role.OWNER
) -> None:
    """A member with PASSWORD."""
    operator = Caller(tenant.id, "cli", Door.CLI, frozenset({"*"}))
    await create_member(runtime, operator, NewMember(email, PASSWORD, role))
