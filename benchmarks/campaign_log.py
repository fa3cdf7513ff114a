"""The activity log in figures: pages of a campaign with millions of events.

    python -m benchmarks.campaign_log [--people 1000000]

Everybody is sent to, opens twice and clicks once; one of a hundred bounces instead of the last.
Each figure is the best of three.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from pydantic import SecretStr

from benchmarks.machine import table
from mailwright.domain.doors import Door
from mailwright.domain.email_event import EventKind
from mailwright.domain.keys import Keys
from mailwright.services.caller import Caller
from mailwright.services.campaign_events import EventQuery, page_events
from mailwright.services.paging import Page
from mailwright.services.runtime import Runtime
from mailwright.settings import load_settings
from mailwright.store.database import Database, database_url
from mailwright.store.embedded_postgres import embedded
from mailwright.store.schema import migrate
from tests.builders import make_campaign, make_tenant

SECRET = "a secret of more than thirty-two characters"
PER_PAGE = 50
RUNS = 3

_MESSAGES = """
INSERT INTO messages (tenant_id, campaign_id, contact_id, email, state)
SELECT $1, $2, n, 'person' || n || '@example.org', 'sent' FROM generate_series(1, $3::int) n
"""
_SENT = """
INSERT INTO events (tenant_id, at, kind, message_id, campaign_id, contact_id)
SELECT tenant_id, now(), 'sent', id, campaign_id, contact_id FROM messages
"""
_REST = """
INSERT INTO events (tenant_id, at, kind, message_id, campaign_id, contact_id, data)
SELECT tenant_id, now(),
       CASE WHEN n = 3 AND m.id % 100 = 0 THEN 'bounced' WHEN n = 2 THEN 'clicked'
            ELSE 'opened' END,
       m.id, campaign_id, contact_id, '{"agent": "Mozilla/5.0", "verdict": "human"}'
FROM messages m, generate_series(1, 3) n
"""


async def fill(database: Database, people: int) -> tuple[int, UUID]:
    """Tenant and campaign of a log with four events for each of so many."""
    tenant = await make_tenant(database)
    campaign = await make_campaign(database, tenant.id)
    async with database.raw() as connection:
        await connection.execute(_MESSAGES, tenant.id, campaign.id, people, timeout=600)
        await connection.execute(_SENT, timeout=600)
        await connection.execute(_REST, timeout=600)
        await connection.execute("VACUUM ANALYZE events, messages", timeout=600)
    return tenant.id, campaign.uuid


async def measure(runtime: Runtime, caller: Caller, campaign: UUID, most: int) -> list[list[str]]:
    """A row of the table for each question."""
    last = most // PER_PAGE
    bounced, opened = EventQuery(kinds=[EventKind.BOUNCED]), EventQuery(kinds=[EventKind.OPENED])
    questions: Sequence[tuple[str, EventQuery, int, str | None]] = (
        ("first page", EventQuery(), 1, None),
        (f"page {last // 8:,}", EventQuery(), last // 8, None),
        (f"page {last:,}, the last", EventQuery(), last, None),
        ("by cursor, in the middle", EventQuery(), 1, f"a{most // 2}"),
        ("bounces", bounced, 1, None),
        (f"opens, page {last // 8:,}", opened, last // 8, None),
        ("of each kind a person's first", EventQuery(firsts=True), 1, None),
        ("one row for each person", EventQuery(by_person=True), 1, None),
    )
    rows: list[list[str]] = []
    for name, query, number, cursor in questions:
        seconds: list[float] = []
        for _ in range(RUNS):
            started = time.perf_counter()
            page = Page(number, PER_PAGE)
            await page_events(runtime, caller, campaign, query, page, cursor=cursor)
            seconds.append(time.perf_counter() - started)
        rows.append([name, f"{min(seconds) * 1000:,.1f} ms"])
    return rows


async def main(people: int) -> None:
    """Measures and prints."""
    with tempfile.TemporaryDirectory(prefix="mailwright-bench-") as folder:
        async with embedded(Path(folder) / "data") as url:
            os.environ["MAILWRIGHT_DATABASE_URL"] = url
            settings = load_settings().model_copy(update={"secret_key": SecretStr(SECRET)})
            database = Database(database_url(url))
            await migrate(database)
            tenant_id, campaign = await fill(database, people)
            caller = Caller(tenant_id, "bench", Door.CLI, frozenset({"*"}))
            runtime = Runtime(settings, database, Keys(SECRET))
            rows = await measure(runtime, caller, campaign, 4 * people)
            await database.close()
    table(f"A log of {4 * people:,} events, {PER_PAGE} rows a page", rows)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=1_000_000)
    asyncio.run(main(parser.parse_args().people))
