"""Audiences in figures: counts by locale, counts of filters, and a fan-out with everything in it.

    python -m benchmarks.audience [--contacts 1000000] [--plans]

People read ten locales, a tenth of them are on the plan `pro`, one in a hundred is suppressed. The
campaign is a template in three languages, to everybody, within a quota that ends near the end of
the list. `--plans` prints the plans of the queries.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from sqlalchemy import event, func, select

from benchmarks.machine import table
from mailwright.delivery import fan_out
from mailwright.domain.campaign_lifecycle import CampaignEvent
from mailwright.domain.doors import Door
from mailwright.domain.keys import Keys
from mailwright.services import campaign_transitions
from mailwright.services.caller import Caller
from mailwright.services.locale_coverage import get_locale_coverage
from mailwright.services.runtime import Runtime
from mailwright.settings import load_settings
from mailwright.store.audiences import Audience, named
from mailwright.store.database import Database, database_url
from mailwright.store.embedded_postgres import embedded
from mailwright.store.schema import migrate
from mailwright.store.tables import contacts
from tests.builders import (
    Made,
    MadeTenant,
    make_campaign,
    make_sender,
    make_template,
    make_tenant,
    make_version,
)

SECRET = "a secret of more than thirty-two characters"
RUNS = 5  # of each query; the best counts, the machine may be busy

_CONTACTS = """
INSERT INTO contacts (tenant_id, uuid, email, email_key, locale, attributes)
SELECT $1, gen_random_uuid(), 'person' || n || '@example.org', 'person' || n || '@example.org',
       (ARRAY['en','es','de','fr','it','pt-BR','en-GB','es-MX',NULL,'en'])[1 + n % 10],
       jsonb_build_object('plan', CASE WHEN n % 10 = 3 THEN 'pro' ELSE 'free' END,
                          'city', 'Town ' || n % 999)
FROM generate_series(1, $2::int) n
"""
_SUPPRESSIONS = """
INSERT INTO suppressions (tenant_id, uuid, email_key, reason)
SELECT $1, gen_random_uuid(), 'person' || n || '@example.org', 'bounce'
FROM generate_series(1, $2::int, 100) n
"""


class Bench:
    """One tenant with its contacts and a template in English, Spanish and German."""

    def __init__(self, runtime: Runtime, tenant: MadeTenant) -> None:
        self.runtime = runtime
        self.tenant = tenant
        self.caller = Caller(tenant.id, "bench", Door.CLI, frozenset({"*"}))

    async def fill(self, people: int) -> None:
        async with self.runtime.database.raw() as connection:
            await connection.execute(_CONTACTS, self.tenant.id, people)
            await connection.execute(_SUPPRESSIONS, self.tenant.id, people)
            await connection.execute("VACUUM ANALYZE contacts, suppressions")

    async def campaign(self, audience_filter: Mapping[str, Any]) -> Made:
        """A draft from the template."""
        database, tenant_id = self.runtime.database, self.tenant.id
        template = await make_template(database, tenant_id, locale="en")
        for locale in ("es", "de"):
            await make_version(
                database, tenant_id, template.id, locale=locale, locale_group=template.version.uuid
            )
        return await make_campaign(
            database,
            tenant_id,
            body=False,
            sender_id=(await make_sender(database, tenant_id)).id,
            from_name="News",
            template_version_id=template.version.id,
            audience_filter=audience_filter,
        )

    async def coverage(self, audience_filter: Mapping[str, Any]) -> float:
        """Milliseconds of the locale coverage of a campaign with that filter."""
        campaign = await self.campaign(audience_filter)
        return await _best(lambda: get_locale_coverage(self.runtime, self.caller, campaign.uuid))

    async def count(self, audience_filter: Mapping[str, Any]) -> float:
        """Milliseconds of counting whom a filter names."""
        fits = named(self.tenant.id, Audience(None, None, audience_filter))
        found = select(func.count()).select_from(contacts).where(fits)

        async def counted() -> None:
            async with self.runtime.database.reading() as connection:
                await connection.execute(found)

        return await _best(counted)

    async def fan_out(self, quota: int) -> tuple[float, float]:
        """Seconds until the first chunk is written, and of the whole fan-out."""
        campaign, key = await self.campaign({}), self.tenant.id
        database = self.runtime.database
        async with database.raw() as connection:
            await connection.execute("UPDATE tenants SET monthly_quota = $1", quota)
        async with database.transaction() as connection:
            await campaign_transitions.apply(
                connection, self.runtime, self.caller, campaign.id, CampaignEvent.SEND
            )
        started = time.perf_counter()
        assert await fan_out.start(self.runtime, key, campaign.id)
        more = await fan_out.write_chunk(self.runtime, key, campaign.id)
        first = time.perf_counter() - started
        while more:
            more = await fan_out.write_chunk(self.runtime, key, campaign.id)
        return first, time.perf_counter() - started


async def _best(act: Any) -> float:
    seconds: list[float] = []
    for _ in range(RUNS):
        started = time.perf_counter()
        await act()
        seconds.append(time.perf_counter() - started)
    return min(seconds) * 1000


def _print_plans(database: Database) -> None:
    """From now on every query over contacts is explained, once."""
    explained: set[str] = set()

    def before(_connection: Any, cursor: Any, statement: str, values: Any, *_: Any) -> None:
        is_query = statement.startswith("SELECT") and "FROM contacts" in statement
        if is_query and statement not in explained:
            explained.add(statement)
            cursor.execute(f"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) {statement}", values)
            print("\n".join(row[0] for row in cursor.fetchall()), end="\n\n")

    event.listen(database.engine.sync_engine, "before_cursor_execute", before)


@asynccontextmanager
async def _bench(people: int) -> AsyncGenerator[Bench]:
    with tempfile.TemporaryDirectory(prefix="mailwright-bench-") as folder:
        async with embedded(Path(folder) / "data") as url:
            os.environ["MAILWRIGHT_DATABASE_URL"] = url
            settings = load_settings().model_copy(update={"secret_key": SecretStr(SECRET)})
            database = Database(database_url(url))
            await migrate(database)
            tenant = await make_tenant(database, "bench")
            bench = Bench(Runtime(settings, database, Keys(SECRET)), tenant)
            await bench.fill(people)
            yield bench
            await database.close()


async def main(people: int, *, plans: bool) -> None:
    """Measures and prints."""
    async with _bench(people) as bench:
        if plans:
            _print_plans(bench.runtime.database)
        pro = {"opt_in": True, "attributes": {"plan": "pro"}}
        rows = [
            ("locale coverage of everybody", f"{await bench.coverage({}):,.0f} ms"),
            ("locale coverage of plan pro", f"{await bench.coverage(pro):,.0f} ms"),
            ("count of everybody opted in", f"{await bench.count({'opt_in': True}):,.0f} ms"),
            ("count of plan pro", f"{await bench.count(pro):,.0f} ms"),
        ]
        first, whole = await bench.fan_out(people * 95 // 100)
        rows += [
            ("fan-out, first chunk", f"{first:,.2f} s"),
            ("fan-out, all of it", f"{whole:,.1f} s"),
        ]
    table(f"Audiences over {people:,} contacts", rows)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--contacts", type=int, default=1_000_000)
    parser.add_argument("--plans", action="store_true")
    arguments = parser.parse_args()
    asyncio.run(main(arguments.contacts, plans=arguments.plans))
