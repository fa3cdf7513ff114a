"""How much a call may carry, how many there may be, and what the dialect says of itself."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import replace

import httpx2
import pytest

from mailwright.app import create_web_app
from mailwright.dialects.limits import BODY_BYTES_MAX
from mailwright.services.runtime import Runtime
from tests.builders import MadeTenant
from tests.clock import Clock
from tests.dialects.cakemail.conftest import client_of, make_key
from tests.dialects.cakemail.document import assert_answer


@pytest.mark.checklist("X13")
async def test_calls_are_counted_told_and_refused(
    runtime: Runtime, tenant: MadeTenant, clock: Clock
) -> None:
    clock.time = clock.time.replace(second=20, microsecond=0)
    settings = runtime.settings.model_copy(update={"rate_limit_per_minute": 2})
    application = create_web_app(replace(runtime, settings=settings))
    async with client_of(application, await make_key(runtime, tenant)) as client:
        for remaining in ("1", "0"):
            answer = await client.get("/lists")
            assert_answer("/lists", answer)
            assert answer.headers["X-RateLimit-Remaining"] == remaining
        refused = await client.get("/lists")
        told = assert_answer("/lists", refused, 429)
        assert told["detail"][0]["type"] == "too_many_requests"
        assert refused.headers["Retry-After"] == "40"
        clock.advance(seconds=40)
        assert_answer("/lists", await client.get("/lists"))


@pytest.mark.parametrize("kind", ["application/json", "application/x-www-form-urlencoded", ""])
async def test_a_body_that_is_too_large_is_refused_however_it_comes(
    client: httpx2.AsyncClient, kind: str
) -> None:
    async def pieces() -> AsyncGenerator[bytes]:
        for _ in range(BODY_BYTES_MAX // 1_000_000 + 1):
            yield b"x" * 1_000_000

    headers = {"Content-Type": kind} if kind else {}
    whole = await client.post("/suppressed-emails", content=b"x" * 10_000_001, headers=headers)
    streamed = await client.post("/suppressed-emails", content=pieces(), headers=headers)
    for answer in (whole, streamed):
        told = assert_answer("/suppressed-emails", answer, 413)
        assert told["message"] == "A body has at most 10 MB."


async def test_the_dialect_describes_itself(stranger: httpx2.AsyncClient) -> None:
    told = (await stranger.get("/openapi.json")).json()
    assert told["servers"] == [{"url": "/cakemail"}]
    operation = told["paths"]["/token"]["post"]
    assert operation["summary"] == "Create or refresh a token"
    assert {"200", "401", "429"} <= set(operation["responses"])
