"""Single mails in figures: accepting, handing over beside a large campaign, the log by tag.

    python -m benchmarks.emails [--rate 300] [--seconds 10] [--campaign 100000] [--events 10000000]

Starts the real server with one worker on a fresh database (every commit is on the disk) and loads
it from this process at a fixed rate; server, worker, database, mail server and load share the
machine. Hand-over is from the row's birth to its recorded outcome. Issue 4 asks for 300 accepted a
second with p99 under 100 ms, hand-over under 200 ms median, and a log query by tag under 50 ms over
10,000,000 events; issue 3 for p99 under 50 ms and hand-over under 500 ms beside a campaign.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import uvloop

from benchmarks.engine import CONTACTS, ROOT, Bench, opened
from benchmarks.machine import table
from mailwright.domain.tag_expression import parse_expression
from mailwright.services import email_log
from mailwright.services.api_keys import NewApiKey, create_api_key
from mailwright.services.email_log import LogQuery
from tests.builders import make_sender

CONNECTIONS = 30
PORT = 18_431
TRIES = 20  # of each log query

Row = Sequence[object]

_RECEIPT = {
    "subject": "Your order {{ order }}",
    "html": "<html><body><h1>Thank you</h1><p>Dear {{ name }}, order {{ order }} is on its way. "
    + "We pack it with care, and tell you when it leaves the harbour. " * 20
    + "</p></body></html>",
    "tags": ["receipt", "shop"],
}

_HAND_OVER = """
SELECT percentile_cont(ARRAY[0.5, 0.99]::float8[])
       WITHIN GROUP (ORDER BY extract(epoch FROM sent_at - created_at)::float8)
FROM messages WHERE lane > 0 AND state = 'sent'
"""
_WAITING = "SELECT count(*) FROM messages WHERE lane > 0 AND state <> 'sent'"

# One mail in a thousand is `rare`; each has four events.
_MAILS = """
WITH content AS (
    INSERT INTO email_contents (tenant_id, digest, subject) VALUES ($1, 'bench', 'Hello')
    RETURNING id
), made AS (
    INSERT INTO messages (tenant_id, lane, email, state)
    SELECT $1, $2, 'p' || n || '@example.org', 'sent' FROM generate_series(1, $3::int) n
    RETURNING id
)
INSERT INTO emails (tenant_id, message_id, uuid, stream, email_key, content_id, project_id, tags,
                    from_email, door)
SELECT $1, made.id, gen_random_uuid(), 'transactional', 'p', content.id, $2,
       CASE WHEN made.id % 1000 = 0 THEN ARRAY['shop', 'rare'] ELSE ARRAY['shop'] END,
       'a@b.example', 'api'
FROM made, content
"""
_EVENTS = """
INSERT INTO events (tenant_id, at, kind, message_id)
SELECT $1, now() - interval '6 days' + n * interval '1 microsecond' * $2, kind, message_id
FROM (SELECT message_id, row_number() OVER (ORDER BY message_id) AS n FROM emails
      WHERE tenant_id = $1 AND door = 'api' AND content_id =
          (SELECT id FROM email_contents WHERE digest = 'bench')) e
CROSS JOIN unnest(ARRAY['submitted', 'queued', 'sent', 'opened']) AS kind
"""
_TAGS = """
INSERT INTO event_tags (tenant_id, tag, kind, at, id, message_id)
SELECT v.tenant_id, tag, v.kind, v.at, v.id, v.message_id
FROM events v JOIN emails e ON e.tenant_id = v.tenant_id AND e.message_id = v.message_id
CROSS JOIN unnest(array_append(e.tags, '')) AS tag
WHERE v.at < now() - interval '1 hour'
ORDER BY 1, 2, 3, 4, 5
"""


async def load(key: str, rate: int, seconds: float) -> list[float]:
    """The times in ms of every answer, at that many calls a second."""
    pause = CONNECTIONS / rate
    until = time.perf_counter() + seconds
    each = [_one_client(key, number, pause, until) for number in range(CONNECTIONS)]
    return sorted(taken for times in await asyncio.gather(*each) for taken in times)


async def _one_client(key: str, client: int, pause: float, until: float) -> list[float]:
    reader, writer = await asyncio.open_connection("127.0.0.1", PORT)
    times: list[float] = []
    due = time.perf_counter() + pause * client / CONNECTIONS
    while due < until:
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        body = json.dumps(
            {
                **_RECEIPT,
                "to": f"c{client}n{len(times)}@example.org",
                "data": {"order": len(times), "name": f"Person {client}"},
            }
        ).encode()
        started = time.perf_counter()
        writer.write(
            b"POST /api/v1/emails HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
            b"Authorization: Bearer %s\r\nContent-Length: %d\r\n\r\n%s"
            % (key.encode(), len(body), body)
        )
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 201"):
            sys.exit(f"Not accepted: {head!r}")
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        await reader.readexactly(length)
        times.append((time.perf_counter() - started) * 1000)
        due += pause
    writer.close()
    return times


async def accepting(bench: Bench, key: str, name: str, rate: int, seconds: float) -> list[Row]:
    """Accepts at that rate, then waits until all have left."""
    async with bench.runtime.database.raw() as connection:
        await connection.execute("TRUNCATE emails, email_contents, event_tags")
        await connection.execute("DELETE FROM messages WHERE lane IS NOT NULL")
    started = time.perf_counter()
    times = await load(key, rate, seconds)
    took = time.perf_counter() - started
    async with bench.runtime.database.raw() as connection, asyncio.timeout(120):
        while await connection.fetchval(_WAITING):  # noqa: ASYNC110  # it is another process
            await asyncio.sleep(0.1)
        median, slow = await connection.fetchval(_HAND_OVER)
    return [
        (f"accepted, {name}", f"{len(times) / took:,.0f} mails/s", f"{len(times):,} of them"),
        ("  answered, median", f"{times[len(times) // 2]:.1f} ms", ""),
        ("  answered, 99th of 100", f"{times[len(times) * 99 // 100]:.1f} ms", ""),
        ("  handed over, median", f"{median * 1000:.0f} ms", ""),
        ("  handed over, 99th of 100", f"{slow * 1000:.0f} ms", ""),
    ]


async def beside_a_campaign(
    bench: Bench, key: str, people: int, rate: int, seconds: float
) -> list[Row]:
    """The same while a campaign to so many is being sent."""
    campaign_id = await bench.campaign(people, send=False)
    await bench.sent_after(campaign_id)
    rows = await accepting(bench, key, f"beside a campaign of {people:,}", rate, seconds)
    async with bench.runtime.database.raw() as connection:
        left = await connection.fetchval(
            "SELECT count(*) FROM messages WHERE campaign_id = $1 AND state = 'queued'", campaign_id
        )
    return [*rows, ("  still queued of the campaign", f"{left:,}", "when all had left")]


async def log_by_tag(bench: Bench, events: int) -> list[Row]:
    """Pages of the log, by tags of different weight."""
    mails = events // 4
    async with bench.runtime.database.raw() as connection:
        await connection.execute("TRUNCATE messages, emails, email_contents, events, event_tags")
        key = bench.tenant.id, bench.tenant.project_id
        await connection.execute(_MAILS, *key, mails, timeout=1_800)
        step = 5 * 86_400 * 1_000_000 // mails  # microseconds: spread over five days
        await connection.execute(_EVENTS, bench.tenant.id, step, timeout=1_800)
        await connection.execute(_TAGS, timeout=3_600)
        await connection.execute("VACUUM ANALYZE events, event_tags, emails, messages", timeout=900)
    rows: list[Row] = []
    for name, tags in (
        ("every tag", None),
        ("a tag of all", {"is": "shop"}),
        ("a rare tag", {"is": "rare"}),
        ("one and not the other", {"and": ["shop", {"not": "rare"}]}),
        ("one or the other", {"or": ["shop", "rare"]}),
    ):
        query = LogQuery(None if tags is None else parse_expression(tags))
        seconds: list[float] = []
        for _ in range(TRIES):
            started = time.perf_counter()
            found = await email_log.page_log(bench.runtime, bench.caller, query, per_page=50)
            seconds.append(time.perf_counter() - started)
            assert len(found.items) == 50
        seconds.sort()
        worst = f"worst {seconds[-1] * 1000:.1f} ms"
        rows.append((f"log by {name}", f"{seconds[TRIES // 2] * 1000:.1f} ms", worst))
    return [*rows, ("  events in the log", f"{mails * 4:,}", "50 a page")]


async def run(options: argparse.Namespace, folder: Path, sink_port: int) -> None:
    """Measures everything and prints the table."""
    smtp_url = f"smtp://127.0.0.1:{sink_port}?connections=16"
    rows: list[Row] = []
    async with opened(folder, smtp_url) as (bench, environment):
        await make_sender(bench.runtime.database, bench.tenant.id, "shop@example.com")
        _, key = await create_api_key(bench.runtime, bench.caller, NewApiKey("bench", ("*",)))
        if options.rate:
            program = str(Path(sys.executable).with_name("mailwright"))
            command = [program, "serve", "--port", str(PORT), "--workers", "1"]
            environment |= {"MAILWRIGHT_DATA_DIR": str(folder / "serve")}
            server = _started(command, environment)
            try:
                await _until_ready()
                await load(key, 50, 1.0)  # warm
                rows += await accepting(bench, key, "alone", options.rate, options.seconds)
                if options.campaign:
                    await _add_people(bench, options.campaign)
                    rows += await beside_a_campaign(
                        bench, key, options.campaign, options.rate, options.seconds
                    )
            finally:
                server.terminate()
                server.wait()
        if options.events:
            rows += await log_by_tag(bench, options.events)
    table("Single mails", rows)


def _started(command: Sequence[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)


async def _add_people(bench: Bench, count: int) -> None:
    async with bench.runtime.database.raw() as connection:
        await connection.execute(CONTACTS, bench.tenant.id, count, timeout=600)


async def _until_ready() -> None:
    for _ in range(300):
        try:
            await asyncio.to_thread(urlopen, f"http://127.0.0.1:{PORT}/readyz")
        except (URLError, OSError):
            await asyncio.sleep(0.1)
        else:
            return
    sys.exit("The server does not come up.")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=int, default=300)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--campaign", type=int, default=100_000)
    parser.add_argument("--events", type=int, default=10_000_000)
    options = parser.parse_args()
    sink_command = [sys.executable, str(ROOT / "tests" / "smtp_sink.py")]
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(sink_command, stdout=subprocess.PIPE) as sink,
    ):
        assert sink.stdout is not None
        port = json.loads(sink.stdout.readline())["port"]
        try:
            uvloop.run(run(options, Path(folder), port))
        finally:
            sink.terminate()


if __name__ == "__main__":
    main()
