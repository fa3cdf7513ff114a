"""What a call through `/mcp` costs above the same call through the native API.

    python -m benchmarks.mcp [--calls 300]

Starts the real server and calls it with the official client, one call at a time; the native API is
asked over one kept connection, too. Issue 5 asks for less than 50 ms above the service.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx2
import uvloop
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client

from benchmarks.api import NEWSLETTER, Api, running_server
from benchmarks.machine import table

WARM_UP_CALLS = 20


async def _times(calls: int, call: Callable[[], Awaitable[Any]]) -> list[float]:
    """What each call took, in ms, in order of length."""
    taken: list[float] = []
    for number in range(calls + WARM_UP_CALLS):
        started = time.perf_counter()
        await call()
        if number >= WARM_UP_CALLS:
            taken.append((time.perf_counter() - started) * 1000)
    return sorted(taken)


def _line(name: str, times: list[float]) -> tuple[str, str, str]:
    return (name, f"{times[len(times) // 2]:.1f} ms", f"{times[int(len(times) * 0.99)]:.1f} ms")


async def measure(folder: Path, calls: int) -> None:
    """Makes a campaign and asks for it through both doors."""
    with running_server(folder) as server:
        body = {"name": "May", "subject": "News", "content": NEWSLETTER}
        campaign = Api(server.url, server.key).call("POST", "/campaigns", body)["data"]["uuid"]
        headers = {"Authorization": f"Bearer {server.key}"}
        arguments = {"operation": "get", "params": {"campaign_id": campaign}}
        async with httpx2.AsyncClient(base_url=server.url, headers=headers) as http:
            started = time.perf_counter()
            transport = streamable_http_client(f"{server.url}/mcp", http_client=http)
            async with Client(transport) as client:
                first = (time.perf_counter() - started) * 1000
                path = f"/api/v1/campaigns/{campaign}"
                native = await _times(calls, lambda: http.get(path))
                mcp = await _times(calls, lambda: client.call_tool("campaigns", arguments))
    above = [ours - theirs for ours, theirs in zip(mcp, native, strict=True)]
    table(
        "One campaign, one call at a time",
        [
            ("", "p50", "p99"),
            _line("native API", native),
            _line("MCP", mcp),
            _line("MCP above it", above),
            ("first connection, which loads the kit", f"{first:.0f} ms", ""),
        ],
    )


def main() -> None:
    """Reads the options and measures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--calls", type=int, default=300)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mailwright-bench-mcp-") as folder:
        uvloop.run(measure(Path(folder), options.calls))


if __name__ == "__main__":
    main()
