"""The engine in figures: fan-out, claims, the first mail of many, and a whole campaign.

    python -m benchmarks.engine [--contacts 1000000] [--mails 50000] [--workers 2]

PostgreSQL is the embedded one with its own settings, so every commit is on the disk; the machine's
rate of that is in the heading. The ledger's growth is its table and indexes after all outcomes,
against after the fan-out.
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
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import uvloop
from pydantic import SecretStr

from benchmarks.machine import table
from mailwright.delivery import fan_out
from mailwright.domain.campaign_lifecycle import CampaignEvent
from mailwright.domain.doors import Door
from mailwright.domain.keys import Keys
from mailwright.services import (
    bodies,
    campaign_bodies,
    campaign_sending,
    campaign_transitions,
)
from mailwright.services.caller import Caller
from mailwright.services.runtime import Runtime
from mailwright.settings import load_settings
from mailwright.store import batches
from mailwright.store.database import Database, database_url
from mailwright.store.embedded_postgres import embedded
from mailwright.store.schema import migrate
from tests.builders import MadeTenant, make_campaign, make_list, make_sender, make_tenant

ROOT = Path(__file__).parents[1]
SECRET = "a secret of more than thirty-two characters"
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
CLAIMS_MOST = 1_000

#: A newsletter of the usual kind: nine links, five merge tags; its mail has about 15 kB.
NEWSLETTER = (
    """# What is new, {{ contact.first_name | default: "friend" }}

You are on the **{{ attributes.plan }}** plan in {{ attributes.city }}.
"""
    + "".join(
        f"""
## Story {number}

The quick brown fox jumps over the lazy dog, and then it does so once more, because
{{{{ contact.first_name }}}} asked for it. [Read story {number}](https://example.com/news/{number}),
or look at the [pictures](https://example.com/pictures/{number}?from=news).
"""
        for number in range(1, 5)
    )
    + "\n[Our shop](https://example.com/shop?who={{ contact.email }})\n"
)

CONTACTS = """
INSERT INTO contacts (tenant_id, uuid, email, email_key, first_name, last_name, locale, attributes)
SELECT $1, gen_random_uuid(), 'person' || n || '@example.org', 'person' || n || '@example.org',
       'Person', 'Number ' || n, 'en', jsonb_build_object('plan', 'free', 'city', 'Town ' || n % 99)
FROM generate_series(1, $2::int) n
"""
_MEMBERS = """
INSERT INTO list_members (tenant_id, list_id, contact_id)
SELECT $1, $2, id FROM contacts WHERE tenant_id = $1 ORDER BY id LIMIT $3
"""

_UUID = "SELECT uuid FROM campaigns WHERE id = $1"
_SENT = "SELECT EXISTS (SELECT FROM batches WHERE campaign_id = $1 AND sent > 0)"
_WRITTEN = "SELECT audience_count FROM fan_outs WHERE campaign_id = $1"


class Bench:
    """One database with one tenant."""

    def __init__(self, runtime: Runtime, tenant: MadeTenant) -> None:
        self.runtime = runtime
        self.tenant = tenant
        self.caller = Caller(tenant.id, "bench", Door.CLI, frozenset({"*"}))

    async def campaign(self, people: int, *, send: bool = True) -> int:
        """A campaign to a list of so many, queued unless `send` is false."""
        database, tenant_id = self.runtime.database, self.tenant.id
        made = await make_list(database, tenant_id)
        sender = await make_sender(database, tenant_id)
        async with database.raw() as connection:
            await connection.execute(_MEMBERS, tenant_id, made.id, people)
            await connection.execute("VACUUM ANALYZE contacts, list_members")
        campaign = await make_campaign(
            database, tenant_id, sender_id=sender.id, list_id=made.id, from_name="News"
        )
        body = await bodies.compile_change({"content": NEWSLETTER}, language="en", strict=True)
        assert body is not None
        async with database.transaction() as connection:
            await campaign_bodies.save_body(
                connection, tenant_id, campaign.id, body, now=self.runtime.now()
            )
            if send:
                await campaign_transitions.apply(
                    connection, self.runtime, self.caller, campaign.id, CampaignEvent.SEND
                )
        return campaign.id

    async def sent_after(self, campaign_id: int) -> float:
        """Seconds from sending a campaign to its first mail that a server took."""
        async with self.runtime.database.raw() as connection, asyncio.timeout(120):
            uuid = await connection.fetchval(_UUID, campaign_id)
            started = time.perf_counter()
            await campaign_sending.send_campaign(self.runtime, self.caller, uuid)
            while not await connection.fetchval(_SENT, campaign_id):  # noqa: ASYNC110  # not ours
                await asyncio.sleep(0.005)
            return time.perf_counter() - started

    async def write_down(self, campaign_id: int) -> float:
        """Seconds of the whole fan-out."""
        started = time.perf_counter()
        assert await fan_out.start(self.runtime, self.tenant.id, campaign_id)
        while await fan_out.write_chunk(self.runtime, self.tenant.id, campaign_id):
            pass
        return time.perf_counter() - started

    async def state(self, campaign_id: int) -> str:
        async with self.runtime.database.raw() as connection:
            return await connection.fetchval(
                "SELECT state FROM campaigns WHERE id = $1", campaign_id
            )

    async def ledger_octets(self) -> int:
        """The ledger with its indexes."""
        async with self.runtime.database.raw() as connection:
            return await connection.fetchval("SELECT pg_total_relation_size('messages')")

    async def claims(self, count: int) -> list[float]:
        """Seconds of each of `count` claims, sorted; every batch is given back."""
        seconds: list[float] = []
        async with self.runtime.database.raw() as connection:
            for _ in range(count):
                started = time.perf_counter()
                lease = await batches.claim(
                    connection, worker="bench", lease_seconds=60, busy_lanes=[], after_campaign_id=0
                )
                seconds.append(time.perf_counter() - started)
                assert lease is not None
        async with self.runtime.database.raw() as connection:
            await connection.execute("UPDATE batches SET state = 'open' WHERE state = 'leased'")
        return sorted(seconds)


async def fan_out_and_claims(bench: Bench, contacts: int) -> list[Sequence[object]]:
    """The two figures that depend on how much is queued."""
    campaign_id = await bench.campaign(contacts)
    cpu_before = postgres_cpu_seconds(bench.runtime.settings.data_dir)
    seconds = await bench.write_down(campaign_id)
    cpu = postgres_cpu_seconds(bench.runtime.settings.data_dir) - cpu_before
    claims = await bench.claims(min(CLAIMS_MOST, contacts // 1_000))
    async with bench.runtime.database.raw() as connection:
        await connection.execute("DELETE FROM campaigns WHERE id = $1", campaign_id)
        await connection.execute("TRUNCATE messages, batches")
    return [
        (f"fan-out of {contacts:,}", f"{seconds:.1f} s", f"{contacts / seconds:,.0f} rows/s"),
        ("fan-out, PostgreSQL CPU", f"{cpu * 1e6 / contacts:.1f} us/row", ""),
        ("claim, median", f"{claims[len(claims) // 2] * 1000:.2f} ms", f"{contacts:,} queued"),
        ("claim, 99th of 100", f"{claims[len(claims) * 99 // 100] * 1000:.2f} ms", ""),
    ]


async def first_mail(
    bench: Bench, contacts: int, environment: dict[str, str]
) -> list[Sequence[object]]:
    """From "send" to the first mail that a server took, while the rest is still written down.

    The workers are running and idle, as in an installation that is up: a small campaign went first.
    """
    small = await bench.campaign(10, send=False)
    campaign_id = await bench.campaign(contacts, send=False)
    worker = start_program(environment)
    await bench.sent_after(small)
    seconds = await bench.sent_after(campaign_id)
    async with bench.runtime.database.raw() as connection:
        written = await connection.fetchval(_WRITTEN, campaign_id)
        worker.terminate()
        worker.wait()
        await connection.execute("DELETE FROM campaigns")
        await connection.execute("TRUNCATE messages, batches, events")
    return [(f"first mail of {contacts:,}", f"{seconds:.2f} s", f"{written:,} in the ledger then")]


async def whole_campaign(
    bench: Bench, mails: int, workers: int, environment: dict[str, str], sink: int
) -> list[Sequence[object]]:
    """A campaign of so many mails, from the first claim to `sent`."""
    campaign_id = await bench.campaign(mails)
    await bench.write_down(campaign_id)
    before = await bench.ledger_octets()
    data_dir = bench.runtime.settings.data_dir
    cpu_before = cpu_seconds_of(sink), postgres_cpu_seconds(data_dir)
    started = time.perf_counter()
    processes = [start_worker(environment) for _ in range(workers)]
    async with asyncio.timeout(1_800):
        while await bench.state(campaign_id) != "sent":  # noqa: ASYNC110  # it is another process
            await asyncio.sleep(0.05)
    seconds = time.perf_counter() - started
    cpu = sum(cpu_seconds_of(process.pid) for process in processes)
    memory = max(peak_octets_of(process.pid) for process in processes)
    sink_cpu = cpu_seconds_of(sink) - cpu_before[0]
    postgres_cpu = postgres_cpu_seconds(data_dir) - cpu_before[1]
    for process in processes:
        process.terminate()
        process.wait()
    growth = await bench.ledger_octets() / before
    return [
        (f"campaign of {mails:,}", f"{mails / seconds:,.0f} mails/s", f"{seconds:.1f} s"),
        ("worker CPU", f"{cpu * 1000 / mails:.3f} ms/mail", f"{workers} workers"),
        ("PostgreSQL CPU", f"{postgres_cpu * 1000 / mails:.3f} ms/mail", ""),
        ("sink CPU", f"{sink_cpu * 1000 / mails:.3f} ms/mail", ""),
        ("worker peak memory", f"{memory / 2**20:.0f} MiB", ""),
        ("ledger growth", f"{growth:.2f} x", f"{before / mails:.0f} octets/row before"),
    ]


def start_program(environment: dict[str, str]) -> subprocess.Popen[bytes]:
    """`mailwright worker`, as people run it."""
    command = [Path(sys.executable).with_name("mailwright"), "worker"]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)


def start_worker(environment: dict[str, str]) -> subprocess.Popen[bytes]:
    """A worker in a process of its own."""
    command = [sys.executable, "-m", "tests.acceptance.engine_process"]
    return subprocess.Popen(command, cwd=ROOT, env=environment)


def cpu_seconds_of(process: int) -> float:
    """User and system time of another process so far (Linux)."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND


def postgres_cpu_seconds(data_dir: Path) -> float:
    """Of the embedded server's processes, the finished ones included (Linux)."""
    server = (data_dir / "postgres" / "postmaster.pid").read_text().split()[0]
    total = 0.0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            fields = (process / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has just ended
        if server in (process.name, fields[1]):
            total += sum(int(ticks) for ticks in fields[11:15]) / TICKS_PER_SECOND
    return total


def peak_octets_of(process: int) -> int:
    """The largest resident size of another process so far (Linux)."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


@asynccontextmanager
async def opened(folder: Path, smtp_url: str) -> AsyncGenerator[tuple[Bench, dict[str, str]]]:
    """A fresh installation in `folder` and the environment of its workers."""
    async with embedded(folder) as url:
        database = Database(database_url(url))
        await migrate(database)
        settings = load_settings().model_copy(
            update={"data_dir": folder, "smtp_url": SecretStr(smtp_url)}
        )
        tenant = await make_tenant(database)
        environment = {
            **os.environ,
            "MAILWRIGHT_DATABASE_URL": url,
            "MAILWRIGHT_SECRET_KEY": SECRET,
            "MAILWRIGHT_SMTP_URL": smtp_url,
        }
        try:
            yield Bench(Runtime(settings, database, Keys(SECRET)), tenant), environment
        finally:
            await database.close()


async def run(options: argparse.Namespace, folder: Path, sink: int, port: int) -> None:
    """Measures everything and prints the table."""
    smtp_url = f"smtp://127.0.0.1:{port}?connections={options.connections}"
    async with opened(folder, smtp_url) as (bench, environment):
        most = max(options.contacts, options.mails)
        async with bench.runtime.database.raw() as connection:
            await connection.execute(CONTACTS, bench.tenant.id, most, timeout=600)
        rows: list[Sequence[object]] = []
        if options.contacts:
            rows += await fan_out_and_claims(bench, options.contacts)
            rows += await first_mail(bench, options.contacts, environment)
        if options.mails:
            rows += await whole_campaign(bench, options.mails, options.workers, environment, sink)
        table("The engine", rows)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--contacts", type=int, default=1_000_000)
    parser.add_argument("--mails", type=int, default=50_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--connections", type=int, default=16)
    options = parser.parse_args()
    sink_command = [sys.executable, str(ROOT / "tests" / "smtp_sink.py")]
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(sink_command, stdout=subprocess.PIPE) as sink,
    ):
        assert sink.stdout is not None
        port = json.loads(sink.stdout.readline())["port"]
        try:
            uvloop.run(run(options, Path(folder), sink.pid, port))
        finally:
            sink.terminate()


if __name__ == "__main__":
    main()
