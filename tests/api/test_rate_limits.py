"""Calls per key and minute, where the installation sets a limit."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import replace

import httpx2
import pytest

from mailwright.api.application import create_api
from mailwright.domain.doors import Door
from mailwright.services.api_keys import NewApiKey, create_api_key
from mailwright.services.caller import Caller
from mailwright.services.runtime import Runtime
from tests.builders import MadeTenant
from tests.clock import Clock

LIMIT = 3


@pytest.fixture
async def limited(runtime: Runtime) -> AsyncGenerator[httpx2.AsyncClient]:
    settings = runtime.settings.model_copy(update={"rate_limit_per_minute": LIMIT})
    application = create_api(replace(runtime, settings=settings))
    transport = httpx2.ASGITransport(application)
    async with httpx2.AsyncClient(transport=transport, base_url="http://mailwright.test") as client:
        yield client


async def _key(runtime: Runtime, tenant: MadeTenant) -> dict[str, str]:
    owner = Caller(tenant.id, "member:test", Door.API, frozenset({"*"}))
    _, key = await create_api_key(runtime, owner, NewApiKey("test", ("*",)))
    return {"Authorization": f"Bearer {key}"}


async def test_the_limit_is_told_counted_and_kept_per_key(
    limited: httpx2.AsyncClient, runtime: Runtime, tenant: MadeTenant, clock: Clock
) -> None:
    clock.time = clock.time.replace(second=20)
    mine, theirs = await _key(runtime, tenant), await _key(runtime, tenant)
    for remaining in (2, 1, 0):
        answer = await limited.get("/lists", headers=mine)
        assert answer.status_code == 200
        assert answer.headers["X-RateLimit-Limit"] == str(LIMIT)
        assert answer.headers["X-RateLimit-Remaining"] == str(remaining)
    refused = await limited.get("/lists", headers=mine)
    assert refused.status_code == 429
    assert refused.json()["error"]["code"] == "RATE_LIMITED"
    assert refused.headers["X-RateLimit-Remaining"] == "0"
    assert refused.headers["Retry-After"] == "40"
    assert (await limited.get("/lists", headers=theirs)).status_code == 200
    clock.advance(seconds=40)
    assert (await limited.get("/lists", headers=mine)).status_code == 200


async def test_there_is_no_limit_unless_one_is_set(api: httpx2.AsyncClient) -> None:
    answer = await api.get("/lists")
    assert "X-RateLimit-Limit" not in answer.headers
