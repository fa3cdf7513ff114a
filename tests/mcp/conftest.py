"""An installation, and the official client connected to its `/mcp`."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from mailwright.services.runtime import Runtime
from tests.browser.installation import Installation, running


@pytest.fixture
async def installation(runtime: Runtime) -> AsyncGenerator[Installation]:
    async with running(runtime) as made:
        yield made
