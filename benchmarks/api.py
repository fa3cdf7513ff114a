"""How many calls a second the API answers, with 200,000 contacts and 200 campaigns stored.

    python -m benchmarks.api [--seconds 5] [--contacts 200000]

Starts the real server (`mailwright serve --workers 0`) with its embedded PostgreSQL in a folder of
its own, and loads it from this process over plain sockets; server, database and load share the
machine. Issue 2 asks for one campaign at 1,500/s and the list of 20 at 700/s on 2 cores, and for
p99 under 50 ms at 16 connections.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import uvloop
from sqlalchemy import text

from benchmarks.machine import table
from mailwright.app import open_runtime
from mailwright.settings import load_settings

CONNECTIONS = (16, 64)
CAMPAIGNS = 200
WARM_UP_SECONDS = 1.0

PARAGRAPH = "The [new lighthouse](https://harbour.example/{number}) opens on **Saturday**. " * 8
NEWSLETTER = "# Ahoy\n\n" + "\n\n".join(PARAGRAPH.format(number=n) for n in range(4))

_CONTACTS = """
INSERT INTO contacts (tenant_id, uuid, email, email_key, first_name, locale, opted_in_at)
SELECT 1, gen_random_uuid(), 'p' || n || '@example.com', 'p' || n || '@example.com',
       'Person ' || n, 'en', now()
FROM generate_series(1, :contacts) AS n
"""
_MEMBERS = """
INSERT INTO list_members (tenant_id, list_id, contact_id)
SELECT c.tenant_id, l.id, c.id FROM contacts c, lists l
"""


@dataclass
class Client(asyncio.Protocol):
    """One connection that asks for one path again and again, and keeps its times in ms."""

    request: bytes
    until: float
    done: asyncio.Future[None]
    times: list[float] = field(default_factory=list[float])
    failures: int = 0
    _transport: asyncio.Transport | None = None
    _buffer: bytes = b""
    _asked: float = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is not one by birth
        self._ask()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, body = self._buffer.partition(b"\r\n\r\n")
        if not found or len(body) < _content_length(head):
            return
        self._buffer = b""
        self.failures += not head.startswith(b"HTTP/1.1 200")
        now = time.perf_counter()
        self.times.append((now - self._asked) * 1000)
        if now < self.until:
            self._ask()
        else:
            self._end()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's name
        self._end()

    def _ask(self) -> None:
        assert self._transport is not None
        self._asked = time.perf_counter()
        self._transport.write(self.request)

    def _end(self) -> None:
        if not self.done.done():
            self.done.set_result(None)
        if self._transport is not None:
            self._transport.close()


def _content_length(head: bytes) -> int:
    place = head.lower().index(b"content-length:") + len(b"content-length:")
    return int(head[place:].split(b"\r\n", 1)[0])


async def load(url: str, key: str, path: str, connections: int, seconds: float) -> list[float]:
    """The times in ms of every answer. Anything but 200 ends the benchmark."""
    parts = urlsplit(url)
    assert parts.hostname
    assert parts.port
    head = f"GET {path} HTTP/1.1\r\nHost: {parts.netloc}\r\nAuthorization: Bearer {key}\r\n\r\n"
    loop = asyncio.get_running_loop()
    until = time.perf_counter() + seconds
    clients = [Client(head.encode(), until, loop.create_future()) for _ in range(connections)]
    for client in clients:
        await loop.create_connection(lambda client=client: client, parts.hostname, parts.port)
    await asyncio.gather(*(client.done for client in clients))
    if failed := sum(client.failures for client in clients):
        sys.exit(f"{failed} answers of {path} were not 200")
    return [taken for client in clients for taken in client.times]


def cpu_seconds(root: int) -> float:
    """Processor time of a process and all that it started, the database among them (Linux)."""
    parents: dict[int, int] = {}
    spent: dict[int, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it ended meanwhile
            facts = (folder / "stat").read_text().rpartition(")")[2].split()
            parents[int(folder.name)] = int(facts[1])
            spent[int(folder.name)] = int(facts[11]) + int(facts[12])
    family = {root}
    while more := {child for child, parent in parents.items() if parent in family} - family:
        family |= more
    return sum(spent.get(process, 0) for process in family) / os.sysconf("SC_CLK_TCK")


async def _measured(
    server: Server, name: str, path: str, connections: int, seconds: float
) -> tuple[object, ...]:
    """One line of the table."""
    await load(server.url, server.key, path, connections, WARM_UP_SECONDS)
    before = cpu_seconds(server.process)
    times = sorted(await load(server.url, server.key, path, connections, seconds))
    cpu_ms = (cpu_seconds(server.process) - before) * 1000 / len(times)
    p50, p99 = times[len(times) // 2], times[int(len(times) * 0.99)]
    rate = f"{len(times) / seconds:,.0f}/s"
    return (name, connections, rate, f"{p50:.1f} ms", f"{p99:.1f} ms", f"{cpu_ms:.2f} ms")


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: where it is, a key for its default tenant, its process."""

    url: str
    key: str
    process: int


class Api:
    """Plain calls, for setting things up."""

    def __init__(self, url: str, key: str) -> None:
        self._root, self._key = f"{url}/api/v1", key

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """The JSON of the answer."""
        headers = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = Request(f"{self._root}{path}", data, headers, method=method)
        with urlopen(request, timeout=60) as answer:
            return json.load(answer)


@contextmanager
def running_server(folder: Path) -> Generator[Server]:
    """A real server with its data in `folder`."""
    environment = {name: v for name, v in os.environ.items() if not name.startswith("MAILWRIGHT_")}
    environment["MAILWRIGHT_DATA_DIR"] = str(folder)
    program = [sys.executable, "-m", "mailwright.cli.main"]
    command = [*program, "serve", "--port", "0", "--workers", "0", "--json"]
    with (folder / "serve.log").open("wb") as log:
        server = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=log)
    try:
        assert server.stdout is not None
        ready = json.loads(server.stdout.readline())
        make_key = [*program, "key", "create", "--name", "bench", "--scope", "*", "--json"]
        made = subprocess.run(make_key, env=environment, capture_output=True, check=True)
        yield Server(ready["url"], json.loads(made.stdout)["key"], server.pid)
    finally:
        server.terminate()
        server.wait(timeout=30)


async def _fill(folder: Path, contacts: int) -> None:
    settings = load_settings().model_copy(update={"data_dir": folder})
    async with open_runtime(settings, prepare=False) as runtime:
        async with runtime.database.transaction() as connection:
            await connection.execute(text(_CONTACTS), {"contacts": contacts})
            await connection.execute(text(_MEMBERS))
        async with runtime.database.reading() as connection:
            await connection.execute(text("VACUUM ANALYZE"))


def _campaigns(api: Api, list_uuid: str) -> str:
    """The uuid of one of 200 campaigns with a body."""
    body = {"name": "Harbour Post", "email": "post@harbour.example"}
    sender = api.call("POST", "/senders", body)["data"]["uuid"]
    uuid = ""
    for number in range(CAMPAIGNS):
        fields = {"name": f"Newsletter {number}", "subject": "News", "from_name": "Post"}
        fields |= {"content": NEWSLETTER, "list_uuid": list_uuid, "from_identity": sender}
        uuid = api.call("POST", "/campaigns", fields)["data"]["uuid"]
    return uuid


async def measure(folder: Path, contacts: int, seconds: float) -> None:
    """Fills the database, loads the server, prints the table."""
    with running_server(folder) as server:
        api = Api(server.url, server.key)
        list_uuid = api.call("POST", "/lists", {"name": "Everybody"})["data"]["uuid"]
        await _fill(folder, contacts)
        campaign = _campaigns(api, list_uuid)
        paths = {
            "one campaign": f"/api/v1/campaigns/{campaign}",
            "list of 20 campaigns": "/api/v1/campaigns?per_page=20",
            "report of a campaign": f"/api/v1/campaigns/{campaign}/report",
            "20 contacts of all": "/api/v1/contacts?per_page=20",
        }
        rows = [
            await _measured(server, name, path, connections, seconds)
            for name, path in paths.items()
            for connections in CONNECTIONS
        ]
    headings = ("", "connections", "rate", "p50", "p99", "CPU a call")
    table(f"API with {contacts:,} contacts and {CAMPAIGNS} campaigns", [headings, *rows])


def main() -> None:
    """Reads the options and measures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=5.0, help="of load for each figure")
    parser.add_argument("--contacts", type=int, default=200_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mailwright-bench-api-") as folder:
        uvloop.run(measure(Path(folder), options.contacts, options.seconds))


if __name__ == "__main__":
    main()
