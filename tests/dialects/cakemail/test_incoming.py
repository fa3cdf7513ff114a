"""Calls as Cakemail's programs make them: doubled slashes, bodies in any form."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from pydantic import BaseModel

from mailwright.dialects.cakemail.errors import install
from mailwright.dialects.cakemail.incoming import Incoming


class _Body(BaseModel):
    name: str | None = None


@pytest.fixture
def client() -> httpx2.AsyncClient:
    """An application that says what reached it."""
    app = FastAPI(redirect_slashes=False)
    install(app)

    @app.post("/a/b")
    async def echo(body: _Body) -> dict[str, Any]:
        return body.model_dump()

    app.add_middleware(Incoming)
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://x.test")


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({}, None),
        ({"json": {"name": "n"}}, "n"),
        ({"json": {"account_id": 1, "other": 2}}, None),
        ({"data": {"name": "n"}}, "n"),
        ({"content": b""}, None),
        ({"content": b"", "headers": {"content-type": "application/json"}}, None),
        ({"content": b"", "headers": {"content-type": "application/x-www-form-urlencoded"}}, None),
        ({"content": b'{"name": "n"}'}, "n"),
        (
            {
                "content": b'{"name": "n"}',
                "headers": {"content-type": "application/x-www-form-urlencoded"},
            },
            "n",
        ),
        ({"files": {"name": (None, "n")}}, "n"),
        (
            {
                "content": b"--x--\r\n",
                "headers": {"content-type": "multipart/form-data; boundary=x"},
            },
            None,
        ),
    ],
)
async def test_bodies_of_any_form_become_fields(
    client: httpx2.AsyncClient, arguments: dict[str, Any], name: str | None
) -> None:
    answer = await client.post("http://x.test//a//b", **arguments)
    assert answer.status_code == 200, answer.text
    assert answer.json() == {"name": name}


@pytest.mark.parametrize("content", [b"{", b"name", b"\xff"])
async def test_a_body_that_is_no_json_is_refused_in_form(
    client: httpx2.AsyncClient, content: bytes
) -> None:
    headers = {"content-type": "application/json"}
    answer = await client.post("/a/b", content=content, headers=headers)
    assert answer.status_code == 400
    assert answer.json()["message"] == "The body is not valid JSON."
    assert answer.json()["detail"][0]["type"] == "bad_request"


async def test_a_broken_form_is_refused_in_form(client: httpx2.AsyncClient) -> None:
    headers = {"content-type": "multipart/form-data"}
    answer = await client.post("/a/b", content=b"--x\r\n", headers=headers)
    assert answer.status_code == 400
    assert answer.json()["detail"]
