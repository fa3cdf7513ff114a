"""The demo's server: the one that runs already, or `mailwright serve` as a child."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from mailwright.cli.demo_client import DemoFailed
from mailwright.settings import Settings

_START_SECONDS = 120  # the first start makes a database cluster
_STOP_SECONDS = 15


@asynccontextmanager
async def running_server(settings: Settings) -> AsyncGenerator[str]:
    """The root URL of a ready server of this installation; what was started is stopped after."""
    root = f"http://{settings.host}:{settings.port}"
    if await _is_ready(root):
        yield root
        return
    port = settings.port if _is_free(settings.host, settings.port) else 0
    port = port or _free_port(settings.host)
    root = f"http://{settings.host}:{port}"
    process = await _start(settings, port, root)
    try:
        await _wait(process, root, _log_path(settings))
        yield root
    finally:
        await _stop(process)


def program() -> list[str]:
    """The command line of this very program."""
    return [sys.executable, "-m", "mailwright.cli.main"]


def _log_path(settings: Settings) -> Path:
    return settings.data_dir / "demo-serve.log"


async def _start(settings: Settings, port: int, root: str) -> asyncio.subprocess.Process:
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "MAILWRIGHT_PORT": str(port), "MAILWRIGHT_PUBLIC_URL": root}
    with _log_path(settings).open("ab") as log:
        return await asyncio.create_subprocess_exec(
            *program(), "serve", "--port", str(port), env=environment, stdout=log, stderr=log
        )


async def _wait(process: asyncio.subprocess.Process, root: str, log: Path) -> None:
    for _ in range(_START_SECONDS * 10):
        if process.returncode is not None:
            raise DemoFailed(f"The server did not start; its log is {log}.")
        if await _is_ready(root):
            return
        await asyncio.sleep(0.1)
    raise DemoFailed(f"The server was not ready in {_START_SECONDS} s; its log is {log}.")


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.send_signal(signal.SIGTERM)
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(process.wait(), _STOP_SECONDS)
    if process.returncode is None:
        process.kill()
        await process.wait()


async def _is_ready(root: str) -> bool:
    timeout = aiohttp.ClientTimeout(total=2)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(f"{root}/readyz") as answer,
        ):
            return answer.status == 200
    except (aiohttp.ClientError, TimeoutError, OSError):
        return False


def _is_free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def _free_port(host: str) -> int:
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])
