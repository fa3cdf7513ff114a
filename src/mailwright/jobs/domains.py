"""The job of sending domains: a look at DNS."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from mailwright.services import domains
from mailwright.services.runtime import Runtime


async def check_domain(
    runtime: Runtime,
    payload: Mapping[str, Any],
    *,
    stop: asyncio.Event,  # noqa: ARG001  # every handler takes it; a look is over in seconds
) -> None:
    """Looks at one domain's records, and so sets the time of the next look."""
    await domains.check_domain(runtime, payload["tenant_id"], payload["domain_id"])
