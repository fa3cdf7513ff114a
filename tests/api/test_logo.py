"""`/account/logo`, and the picture as the world sees it."""

from __future__ import annotations

from base64 import b64encode

import httpx2
import pytest

from mailwright.services.runtime import Runtime
from tests.builders import MadeTenant
from tests.pictures import chunk, data_uri, png
from tests.public.asgi import visitor

SCRIPT = b"<script>alert(1)</script>"
PATH = "/account/logo"


@pytest.mark.checklist("SEC-23")
async def test_a_logo_is_set_served_replaced_and_removed(
    api: httpx2.AsyncClient, other_api: httpx2.AsyncClient, runtime: Runtime
) -> None:
    assert (await api.get(PATH)).status_code == 404
    assert (await api.get("/account")).json()["data"]["logo_url"] is None
    raw = png(before=chunk(b"tEXt", b"Comment\0" + SCRIPT), after=SCRIPT)
    made = (await api.put(PATH, json={"image": data_uri(raw)})).json()["data"]
    assert (made["width"], made["height"]) == (120, 40)
    assert (await api.get(PATH)).json()["data"] == made
    assert (await api.get("/account")).json()["data"]["logo_url"] == made["url"]
    assert (await other_api.get(PATH)).status_code == 404
    where = httpx2.URL(made["url"]).path
    async with visitor(runtime) as stranger:
        seen = await stranger.get(where)
        assert seen.status_code == 200
        assert seen.headers["content-type"] == "image/png"
        assert seen.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in seen.headers["content-security-policy"]
        assert SCRIPT not in seen.content
        assert (await stranger.head(where)).content == b""
        assert (await stranger.post(where)).status_code == 405
        other = await api.put(PATH, json={"image": b64encode(png(60, 60)).decode()})
        assert other.json()["data"]["url"] != made["url"]
        assert (await stranger.get(where)).status_code == 404
        assert (await api.delete(PATH)).status_code == 204
        assert (await api.delete(PATH)).status_code == 404
        assert (await stranger.get(httpx2.URL(other.json()["data"]["url"]).path)).status_code == 404


@pytest.mark.checklist("SEC-23", "SEC-31")
@pytest.mark.parametrize(
    "name",
    ["", "x", "..%2f..%2fetc%2fpasswd", "%2e%2e/x.png", "0" * 32, f"{'0' * 32}.png", "a.svg"],
)
async def test_there_is_nothing_behind_other_names(
    runtime: Runtime, tenant: MadeTenant, name: str
) -> None:
    async with visitor(runtime) as stranger:
        assert (await stranger.get(f"/l/{name}")).status_code == 404


@pytest.mark.checklist("SEC-23")
@pytest.mark.parametrize(
    ("raw", "kind", "told"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "image/png", "no picture"),
        (b"<!doctype html>" + SCRIPT, "image/png", "no picture"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "image/png", "damaged"),
        (b"GIF89a" + SCRIPT, "image/gif", "damaged"),
        (png()[:60], "image/png", "damaged"),
        (png(2000, 1), "image/png", "1,600 pixels"),
        (b"", "image/png", "no picture"),
        (png() + b"x" * 1_000_001, "image/png", "1 MB"),
    ],
)
async def test_a_file_is_what_it_holds_whatever_it_calls_itself(
    api: httpx2.AsyncClient, raw: bytes, kind: str, told: str
) -> None:
    answer = await api.put(PATH, json={"image": data_uri(raw, kind)})
    assert answer.status_code == 422
    [sentence] = answer.json()["error"]["details"]["image"]
    assert told in sentence
    assert (await api.get(PATH)).status_code == 404


@pytest.mark.parametrize("image", ["data:image/png;base64,***", "ä", "data:image/png,abc"])
async def test_what_is_no_base64_is_refused(api: httpx2.AsyncClient, image: str) -> None:
    answer = await api.put(PATH, json={"image": image})
    assert list(answer.json()["error"]["details"]) == ["image"]


@pytest.mark.checklist("SEC-23")
async def test_a_pictures_name_in_a_data_uri_counts_for_nothing(api: httpx2.AsyncClient) -> None:
    answer = await api.put(PATH, json={"image": data_uri(png(), "image/svg+xml")})
    assert answer.status_code == 200
