"""The job of an export: a piece of its file after the other."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from pgqueuer.errors import RetryRequested

from mailwright.services import export_tasks
from mailwright.services.runtime import Runtime


async def run_export(runtime: Runtime, payload: Mapping[str, Any], *, stop: asyncio.Event) -> None:
    """Goes on where the last piece ended, until the file is whole."""
    while await export_tasks.run_chunk(runtime, payload["tenant_id"], payload["export_id"]):
        if stop.is_set():
            raise RetryRequested(reason="the process stops; another goes on")
