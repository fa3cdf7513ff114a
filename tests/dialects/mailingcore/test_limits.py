"""Calls per key and minute with MailingCore's headers, where the installation sets a limit."""

from __future__ import annotations

from dataclasses import replace

import httpx2
import pytest

from mailwright.app import create_web_app
from mailwright.services.runtime import Runtime
from tests.builders import MadeTenant
from tests.clock import Clock
from tests.dialects.mailingcore.conftest import BASE_URL, make_key


@pytest.mark.checklist("X13")
async def test_calls_are_counted_told_and_refused(
    runtime: Runtime, tenant: MadeTenant, clock: Clock
) -> None:
    clock.time = clock.time.replace(second=20, microsecond=0)
    settings = runtime.settings.model_copy(update={"rate_limit_per_minute": 2})
    application = create_web_app(replace(runtime, settings=settings))
    key = await make_key(runtime, tenant, sandbox=False)
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(application),
        base_url=BASE_URL,
        headers={"Authorization": f"Bearer {key}"},
    ) as client:
        for remaining in ("1", "0"):
            answer = await client.get("/contacts")
            assert answer.status_code == 200
            assert answer.headers["X-RateLimit-Limit"] == "2"
            assert answer.headers["X-RateLimit-Remaining"] == remaining
        reset = int(clock.time.timestamp()) + 40
        assert answer.headers["X-RateLimit-Reset"] == str(reset)
        refused = await client.get("/contacts")
        assert refused.status_code == 429
        assert refused.json()["statusCode"] == 429
        assert refused.headers["Retry-After"] == "40"
        clock.advance(seconds=40)
        assert (await client.get("/contacts")).status_code == 200


async def test_there_is_no_limit_unless_one_is_set(client: httpx2.AsyncClient) -> None:
    assert "X-RateLimit-Limit" not in (await client.get("/contacts")).headers
