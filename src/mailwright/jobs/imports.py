"""The job of an import: a chunk of its file after the other."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from pgqueuer.errors import RetryRequested

from mailwright.services import imports
from mailwright.services.runtime import Runtime


async def run_import(runtime: Runtime, payload: Mapping[str, Any], *, stop: asyncio.Event) -> None:
    """Goes on where the last chunk ended, until the file is read."""
    while await imports.run_chunk(runtime, payload["tenant_id"], payload["import_id"]):
        if stop.is_set():
            raise RetryRequested(reason="the process stops; another goes on")
