"""Rewrites the first migration from `store/tables/`; `make schema` runs it.

For the time before the first release only; afterwards a change of a table is a new migration.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from alembic.autogenerate import produce_migrations, render_python_code
from alembic.operations.ops import UpgradeOps
from alembic.runtime.migration import MigrationContext
from pgqueuer.adapters.persistence import schema_ddl
from pgqueuer.domain.schema.declaration import target
from pgqueuer.domain.settings import DBSettings
from sqlalchemy import Connection

from mailwright.store.append_only import APPEND_ONLY
from mailwright.store.database import Database, database_url
from mailwright.store.embedded_postgres import embedded
from mailwright.store.migrations.comparison import compared
from mailwright.store.tables import metadata

TARGET = Path(__file__).parent / "versions" / "0001_initial.py"
TEMPLATE = '''"""Every table as it was at the first release, and PgQueuer's own schema.

Generated from store/tables/ by `make schema`.
"""
# ruff: noqa: E501  # PgQueuer's statements, as they are

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from mailwright.store.partitions import create_event_partitions

revision = "0001_initial"
down_revision = None
branch_labels = None
depends_on = None

#: What keeps the audit log from being changed.
APPEND_ONLY = (
{append_only}
)

#: What PgQueuer installs, in the schema `jobs`.
JOBS = (
{jobs}
)


def upgrade() -> None:
    """Creates everything."""
    {tables}
    create_event_partitions(op.get_bind(), datetime.now(UTC))
    for statement in (*APPEND_ONLY, *JOBS):
        op.execute(statement)
'''


def job_statements() -> list[str]:
    """The statements that make PgQueuer's schema, in order."""
    settings = DBSettings(db_schema="jobs")
    schema = target(settings)
    return [
        "CREATE SCHEMA jobs;",
        *(schema_ddl.render_enum(entry, settings) for entry in schema.enums),
        *(schema_ddl.render_table(entry, settings) for entry in schema.tables),
        *(schema_ddl.render_index(entry, settings) for entry in schema.indexes),
        *(schema_ddl.render_function(entry, settings) for entry in schema.functions),
        *(schema_ddl.render_trigger(entry, settings) for entry in schema.triggers),
    ]


def _tables(connection: Connection) -> str:
    """Alembic's calls that make our tables from nothing."""
    context = MigrationContext.configure(
        connection, opts={"include_name": compared, "target_metadata": metadata}
    )
    script = produce_migrations(context, metadata)
    return render_python_code(cast("UpgradeOps", script.upgrade_ops), migration_context=context)


def _literals(statements: Sequence[str]) -> str:
    return "\n".join(f'    """{statement}""",' for statement in statements)


async def main() -> None:
    """Writes the file, formatted; the same tables give the same bytes."""
    with tempfile.TemporaryDirectory(prefix="mailwright-") as folder:
        async with embedded(Path(folder), options={"fsync": "off"}) as url:
            database = Database(database_url(url))
            async with database.reading() as connection:
                tables = await connection.run_sync(_tables)
            await database.close()
    jobs, append_only = _literals(job_statements()), _literals(APPEND_ONLY)
    TARGET.write_text(TEMPLATE.format(jobs=jobs, append_only=append_only, tables=tables))
    for step in (("format",), ("check", "--fix")):
        ruff = [sys.executable, "-m", "ruff", *step, "--quiet", str(TARGET)]
        subprocess.run(ruff, check=True)  # noqa: S603, ASYNC221  # a tool of ours


if __name__ == "__main__":
    asyncio.run(main())
