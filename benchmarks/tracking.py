"""Pixels and clicks a second, through real uvicorn on loopback, written to a real PostgreSQL.

Run `python -m benchmarks.tracking`. The load generator shares the machine's cores, so the figure is
what one server process and its database leave room for.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import tempfile
import time
from collections.abc import Sequence
from multiprocessing import get_context
from pathlib import Path
from uuid import uuid4

import uvicorn
import uvloop
from pydantic import SecretStr
from sqlalchemy import func, select, text
from starlette.responses import PlainTextResponse

from mailwright.domain.keys import Keys
from mailwright.domain.tokens import Tokens
from mailwright.public.application import create_public
from mailwright.services import inbox
from mailwright.services.runtime import Runtime
from mailwright.settings import Settings
from mailwright.store import tables
from mailwright.store.database import Database, database_url
from mailwright.wire.smtp_listener import CapturedMail
from tests.builders import make_campaign, make_tenant
from tests.postgres_server import running_server

SECRET = "benchmark benchmark benchmark benchmark"
SECONDS = float(os.environ.get("BENCH_SECONDS", "5"))
CONNECTIONS = 32
MESSAGES = 20_000
MAILS = 4_000
MAIL_BYTES = 28_000


def made_runtime(url: str, folder: str) -> Runtime:
    """A runtime on the benchmark's database."""
    settings = Settings(
        _env_file=None,  # pyright: ignore[reportCallIssue]  # pydantic-settings' own argument
        data_dir=Path(folder),
        database_url=SecretStr(url),
        secret_key=SecretStr(SECRET),
    )
    return Runtime(settings, Database(database_url(url)), Keys(SECRET))


def serve(url: str, folder: str, port: int) -> None:
    """One server process, as `mailwright serve` would run it."""
    runtime = made_runtime(url, folder)
    app = create_public(runtime, PlainTextResponse("not here", 404))
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning", access_log=False)


async def prepare(runtime: Runtime) -> int:
    """A tenant with a ledger; returns its id."""
    tenant = await make_tenant(runtime.database, "bench")
    campaign = await make_campaign(runtime.database, tenant.id)
    fill = text(
        "INSERT INTO messages (tenant_id, campaign_id, contact_id, email, state, sent_at)"
        " SELECT :tenant, :campaign, n, 'r' || n || '@example.com', 'sent', now()"
        " FROM generate_series(1, :count) n"
    )
    async with runtime.database.transaction() as connection:
        await connection.execute(
            fill, {"tenant": tenant.id, "campaign": campaign.id, "count": MESSAGES}
        )
    return tenant.id


async def fetch_for(port: int, paths: Sequence[str], until: float) -> int:
    """Requests paths over one kept-alive connection until the time is up; how many."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    done = 0
    while time.perf_counter() < until:
        for path in paths:
            agent = "Mozilla/5.0 (bench)"
            writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nUser-Agent: {agent}\r\n\r\n".encode())
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
            await reader.readexactly(length)
            done += 1
    writer.close()
    return done


async def measure(port: int, paths: Sequence[str]) -> float:
    """Requests a second over all connections."""
    started = time.perf_counter()
    share = len(paths) // CONNECTIONS
    slices = [paths[i * share : (i + 1) * share] for i in range(CONNECTIONS)]
    counts = await asyncio.gather(*(fetch_for(port, mine, started + SECONDS) for mine in slices))
    return sum(counts) / (time.perf_counter() - started)


async def reachable(port: int) -> None:
    """Returns when the server answers."""
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.05)
        else:
            writer.close()
            return


async def capture_rate(runtime: Runtime, tenant_id: int) -> float:
    """Mails a second into the built-in inbox from 16 sessions at once."""
    sender = Tokens(runtime.keys).return_path(tenant_id, 0) + "@example.com"
    body = b"Lorem ipsum dolor sit amet, consectetur adipiscing elit.\r\n"
    head = (
        b"From: A <a@example.com>\r\nTo: B <b@example.com>\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?="
        b"\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
    )
    raw = head + body * (MAIL_BYTES // len(body))
    mail = CapturedMail(sender, ("b@example.com",), raw, "127.0.0.1", "bench", None)

    async def session(count: int) -> None:
        for _ in range(count):
            await inbox.capture(runtime, mail)

    started = time.perf_counter()
    await asyncio.gather(*(session(MAILS // 16) for _ in range(16)))
    return MAILS / (time.perf_counter() - started)


async def main(url: str, folder: str) -> None:
    runtime = made_runtime(url, folder)
    tenant_id = await prepare(runtime)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = get_context("spawn").Process(target=serve, args=(url, folder, port))
    server.start()
    await reachable(port)
    tokens = Tokens(runtime.keys)
    ids = range(1, MESSAGES + 1)
    pixels = [f"/o/{tokens.open(tenant_id, number)}" for number in ids]
    target = "https://example.com/shop?utm_source=newsletter"
    clicks = [f"/c/{tokens.click(tenant_id, number, 1, target)}" for number in ids]
    print(f"pixels  {await measure(port, pixels):10,.0f} requests/s")
    print(f"clicks  {await measure(port, clicks):10,.0f} requests/s")
    server.terminate()
    server.join()
    async with runtime.database.reading() as connection:
        written = await connection.scalar(select(func.count()).select_from(tables.events))
    print(f"events  {written or 0:10,} written")
    print(
        f"inbox   {await capture_rate(runtime, tenant_id):10,.0f} mails/s of {MAIL_BYTES:,} bytes"
    )
    await runtime.database.close()


if __name__ == "__main__":
    with running_server(uuid4().hex) as postgres, tempfile.TemporaryDirectory() as scratch:
        database = postgres.create()
        uvloop.run(main(database, scratch))
        postgres.drop(database)
    sys.exit(0)
