"""The schema: what the migrations make is what the tables say, and what the house rules ask."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment
from pgqueuer.db import AsyncpgDriver
from pgqueuer.domain.settings import DBSettings
from pgqueuer.queries import Queries
from sqlalchemy import CheckConstraint, Connection, Table, text

from mailwright.domain.campaign_lifecycle import CampaignState
from mailwright.domain.message_lifecycle import MessageState
from mailwright.errors import ConfigurationError
from mailwright.store.database import Database, database_url
from mailwright.store.migrations.comparison import PARTITIONS, compared
from mailwright.store.partitions import ensure_event_partitions
from mailwright.store.schema import MIGRATIONS, is_current, migrate, revisions
from mailwright.store.tables import metadata

#: Each query lists objects of one kind in schema `public` as (name, definition).
OBJECTS = {
    "columns": """
        SELECT c.relname || '.' || a.attname,
               concat_ws(' ', format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity,
                         pg_get_expr(d.adbin, d.adrelid))
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
          AND a.attnum > 0 AND NOT a.attisdropped""",
    "tables": """
        SELECT relname, concat_ws(' ', relkind, reloptions, pg_get_partkeydef(oid))
        FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')""",
    "constraints": """
        SELECT conrelid::regclass || '.' || conname, pg_get_constraintdef(oid)
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace""",
    "indexes": """
        SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid)
        FROM pg_index JOIN pg_class ON pg_class.oid = indrelid
        WHERE relnamespace = 'public'::regnamespace""",
}


async def objects(database: Database, kind: str) -> dict[str, str]:
    async with database.raw() as connection:
        rows = await connection.fetch(OBJECTS[kind])
    return {
        name: definition
        for name, definition in rows
        if not name.startswith(("alembic_version", "pk_alembic", *PARTITIONS))
    }


@pytest.mark.parametrize("kind", OBJECTS)
async def test_a_fresh_schema_is_all_migrations(
    database: Database, empty_database: Database, kind: str
) -> None:
    async with empty_database.transaction() as connection:
        await connection.run_sync(metadata.create_all)
    fresh, migrated = await objects(empty_database, kind), await objects(database, kind)
    assert len(fresh) >= len(metadata.tables)
    assert migrated == fresh, "run `make schema`"


async def test_alembic_finds_no_difference_either(database: Database) -> None:
    def differences(connection: Connection) -> Any:
        options = {"include_name": compared}
        return compare_metadata(MigrationContext.configure(connection, opts=options), metadata)

    async with database.reading() as connection:
        assert await connection.run_sync(differences) == []


async def test_migrating_is_done_once_whoever_comes_first(empty_database: Database) -> None:
    assert not await is_current(empty_database)
    applied = await asyncio.gather(*(migrate(empty_database) for _ in range(4)))
    assert sorted(applied) == [[], [], [], ["0001_initial"]]
    assert await is_current(empty_database)
    assert await migrate(empty_database) == []


def test_migrations_are_in_the_order_of_their_names() -> None:
    scripts = ScriptDirectory(str(MIGRATIONS))
    in_order = [step.revision for step in scripts.walk_revisions()]
    assert tuple(reversed(in_order)) == revisions()


async def test_a_migration_that_fails_leaves_nothing_behind(empty_database: Database) -> None:
    async with empty_database.transaction() as connection:
        await connection.execute(text("CREATE TABLE lists (in_the_way int)"))
    with pytest.raises(Exception, match="already exists"):
        await migrate(empty_database)
    assert list(await objects(empty_database, "tables")) == ["lists"]
    assert not await is_current(empty_database)


async def test_a_database_of_a_newer_release_is_refused(database: Database) -> None:
    async with database.transaction() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999_future'"))
    assert not await is_current(database)
    with pytest.raises(ConfigurationError, match="9999_future"):
        await migrate(database)


async def test_the_job_queue_has_its_own_complete_schema(database: Database) -> None:
    async with database.raw() as connection:
        settings = QueryBuilderEnvironment(DBSettings(db_schema="jobs"))
        queries = Queries(AsyncpgDriver(connection), settings)
        assert await queries.schema_is_installed()
        plan = await queries.plan_upgrade()
        assert not plan.statements
        strays = await connection.fetchval(
            "SELECT count(*) FROM pg_class WHERE relname LIKE 'pgqueuer%'"
            " AND relnamespace <> 'jobs'::regnamespace"
        )
    assert strays == 0


@pytest.mark.checklist("SEC-10")
@pytest.mark.parametrize("table", metadata.sorted_tables, ids=lambda table: table.name)
def test_every_key_begins_with_the_tenant(table: Table) -> None:
    if table.name == "tenants":
        return  # its own id is what the others carry
    assert next(iter(table.primary_key)).name == "tenant_id"
    for constraint in table.foreign_key_constraints:
        assert constraint.column_keys[0] == "tenant_id"


@pytest.mark.parametrize(
    ("table", "states"), [("campaigns", CampaignState), ("messages", MessageState)]
)
async def test_the_check_on_states_is_the_enum(
    database: Database, table: str, states: type[CampaignState | MessageState]
) -> None:
    [check] = [
        constraint
        for constraint in metadata.tables[table].constraints
        if isinstance(constraint, CheckConstraint) and constraint.name == f"ck_{table}_state"
    ]
    stored = (await objects(database, "constraints"))[f"{table}.{check.name}"]
    assert set(re.findall(r"'(\w+)'", stored)) == {str(state) for state in states}


async def test_events_go_to_the_partition_of_their_month(database: Database) -> None:
    december = datetime(2031, 12, 15, tzinfo=UTC)
    months = (december, datetime(2032, 1, 1, tzinfo=UTC), datetime(2040, 1, 1, tzinfo=UTC))
    insert = text(
        "INSERT INTO events (tenant_id, at, kind, message_id) VALUES (1, :at, 'opened', 1)"
    )
    async with database.transaction() as connection:
        await connection.execute(insert, {"at": december})  # before its partition exists
    for _ in range(2):
        async with database.transaction() as connection:
            await ensure_event_partitions(connection, december)
    async with database.transaction() as connection:
        for at in months:
            await connection.execute(insert, {"at": at})
    async with database.raw() as connection:
        rows = await connection.fetch("SELECT tableoid::regclass::text, id FROM events ORDER BY id")
    assert [name for name, _ in rows] == [
        "events_2031_12",
        "events_2031_12",
        "events_2032_01",
        "events_default",
    ]
    assert len({number for _, number in rows}) == 4


async def test_a_fresh_database_has_partitions_for_this_month_and_the_next_two(
    database: Database,
) -> None:
    async with database.raw() as connection:
        names = await connection.fetch(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'events'::regclass"
        )
    assert len(names) == 4
    assert f"events_{datetime.now(UTC):%Y_%m}" in {name for (name,) in names}


def test_a_url_of_another_database_is_refused() -> None:
    for url in ("mysql://localhost/x", "nonsense", "", "postgresql"):
        with pytest.raises(ConfigurationError, match="MAILWRIGHT_DATABASE_URL"):
            database_url(url)
