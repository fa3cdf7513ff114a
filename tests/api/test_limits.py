"""What any call may be answered: too large, not JSON, no such route, no such page."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import httpx2
import pytest

from mailwright.api.limits import BODY_BYTES_MAX


async def _chunks(total: int) -> AsyncGenerator[bytes]:
    for _ in range(total // 100_000 + 1):
        yield b"x" * 100_000


def _code(answer: httpx2.Response) -> str:
    return answer.json()["error"]["code"]


async def test_a_body_that_says_it_is_too_large_is_refused_unread(api: httpx2.AsyncClient) -> None:
    answer = await api.post("/lists", content=b"x" * (BODY_BYTES_MAX + 1))
    assert answer.status_code == 413
    assert _code(answer) == "PAYLOAD_TOO_LARGE"


async def test_a_body_of_unknown_length_is_refused_once_it_is_too_large(
    api: httpx2.AsyncClient,
) -> None:
    answer = await api.post("/lists", content=_chunks(BODY_BYTES_MAX))
    assert answer.status_code == 413
    assert _code(answer) == "PAYLOAD_TOO_LARGE"


async def test_a_large_body_within_the_limit_is_read(api: httpx2.AsyncClient) -> None:
    answer = await api.post("/lists", json={"name": "x" * (BODY_BYTES_MAX - 100)})
    assert answer.status_code == 422
    assert list(answer.json()["error"]["details"]) == ["name"]


@pytest.mark.checklist("U10")
@pytest.mark.parametrize("body", [b"{", b'{"name": }', b"\xff\xfe", b"[1, 2"])
async def test_what_is_not_json_is_told_so(api: httpx2.AsyncClient, body: bytes) -> None:
    answer = await api.post("/lists", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert _code(answer) == "MALFORMED_JSON"


@pytest.mark.checklist("U10")
async def test_unknown_routes_and_methods_answer_in_the_envelope(api: httpx2.AsyncClient) -> None:
    unknown = await api.get("/nothing-here")
    assert (unknown.status_code, _code(unknown)) == (404, "RESOURCE_NOT_FOUND")
    wrong = await api.put("/lists")
    assert (wrong.status_code, _code(wrong)) == (405, "METHOD_NOT_ALLOWED")


async def test_a_page_that_cannot_be_is_a_422(api: httpx2.AsyncClient) -> None:
    for path in ("/lists", "/campaigns", "/senders", "/api-keys"):
        for query in ("page=0", "page=-1", "page=x", "per_page=0", "per_page=101"):
            answer = await api.get(f"{path}?{query}")
            assert answer.status_code == 422
            assert list(answer.json()["error"]["details"]) == [query.partition("=")[0]]


async def test_a_call_without_a_key_is_told_how_to_sign_in(api: httpx2.AsyncClient) -> None:
    for headers in ({"Authorization": ""}, {"Authorization": "Bearer mw_live_wrong"}):
        answer = await api.get("/campaigns", headers=headers)
        assert (answer.status_code, _code(answer)) == (401, "UNAUTHENTICATED")
        assert answer.headers["WWW-Authenticate"] == "Bearer"
