"""Jobs by name: enqueued in the transaction of the change that causes them.

A job is a wake-up, the row it names is the truth: running one twice, late or for nothing is
harmless. So an equal job that still waits or runs is not enqueued again, and `jobs/sweeps.py` calls
again for whatever lost its job.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from enum import StrEnum

import asyncpg
import orjson
import structlog
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.adapters.persistence import qb
from pgqueuer.domain.settings import DBSettings
from pgqueuer.queries import Queries
from sqlalchemy import func, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.store.database import DATABASE_TROUBLE, Connection, Database

log = structlog.get_logger()

#: PgQueuer lives in a schema of its own: Alembic must not take its tables for strays of ours.
SETTINGS = DBSettings(db_schema="jobs")

CLOSE_SECONDS = 1.0

_BATCHES_CHANNEL = "mailwright_batches"
_ENQUEUE = qb.QueryQueueBuilder(SETTINGS).build_enqueue_query("skip")


class Job(StrEnum):
    """Every job there is; `jobs/runner.py` registers one entrypoint for each."""

    START_CAMPAIGN = "start_campaign"  # {tenant_id, campaign_id}
    FIRE_SCHEDULE = "fire_schedule"  # {tenant_id, campaign_id, scheduled_at}, ISO 8601
    CLOSE_CANCELED = "close_canceled"  # {tenant_id, campaign_id}
    RUN_IMPORT = "run_import"  # {tenant_id, import_id}
    RUN_EXPORT = "run_export"  # {tenant_id, export_id}
    CHECK_DOMAIN = "check_domain"  # {tenant_id, domain_id}
    MAIL_LINKS = "mail_links"  # {email_key, tenant_id, …}
    DELIVER_WEBHOOKS = "deliver_webhooks"  # {tenant_id, endpoint_id}


async def enqueue(
    connection: AsyncConnection,
    job: Job,
    payload: Mapping[str, object],
    *,
    execute_after: datetime | None = None,
) -> None:
    """Asks for `job`, at once or at `execute_after`; it exists when the transaction commits.

    Goes through the SQLAlchemy connection: what is sent on the raw one survives a rollback.
    """
    delay = timedelta(0)
    if execute_after is not None:  # PgQueuer adds the delay to the database's clock
        delay = await connection.scalar(select(literal(execute_after) - func.now())) or delay
    body = orjson.dumps(payload, option=orjson.OPT_SORT_KEYS)
    key = f"{job} {body.decode()}"
    await connection.exec_driver_sql(_ENQUEUE, ([0], [job], [body], [delay], [key], ["null"]))


async def connect(database: Database) -> Connection:
    """A connection outside of the pool, for listening. The caller closes it."""
    dsn = database.url.set(drivername="postgresql").render_as_string(hide_password=False)
    return await asyncpg.connect(
        dsn, server_settings={"timezone": "UTC", "application_name": "mailwright"}
    )


def queries(connection: Connection) -> Queries:
    """PgQueuer's statements over `connection`, in our schema."""
    return Queries(
        AsyncpgDriver(connection),
        qb.QueryBuilderEnvironment(SETTINGS),
        qb.QueryQueueBuilder(SETTINGS),
        qb.QuerySchedulerBuilder(SETTINGS),
    )


async def wake_workers(connection: AsyncConnection) -> None:
    """Tells every worker, when the transaction commits, that there is a batch to claim."""
    await connection.execute(select(func.pg_notify(_BATCHES_CHANNEL, "")))


class Waker:
    """Wakes the workers after the fact, for many changes at once.

    A NOTIFY inside a transaction makes commits wait for each other all over the server, so callers
    with many small transactions tell it afterwards. A worker that was not told looks in a second.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._is_wanted = False
        self._is_telling = False

    def wake(self) -> None:
        """Soon, and once for all who ask meanwhile."""
        self._is_wanted = True
        if not self._is_telling:
            self._is_telling = True
            self._database.run_errand(self._tell())

    async def _tell(self) -> None:
        try:
            while self._is_wanted:
                self._is_wanted = False
                async with self._database.raw() as connection:
                    await connection.execute("SELECT pg_notify($1, '')", _BATCHES_CHANNEL)
        except DATABASE_TROUBLE as error:
            log.warning("workers_not_woken", error=str(error))
        finally:
            self._is_telling = False


@asynccontextmanager
async def listening(database: Database, wake: Callable[[], None]) -> AsyncGenerator[asyncio.Event]:
    """Calls `wake` whenever somebody wakes the workers; gives an event set at the end of it."""

    def woken(*_: object) -> None:
        wake()

    connection = await connect(database)
    is_lost = asyncio.Event()
    connection.add_termination_listener(lambda _: is_lost.set())
    try:
        await connection.add_listener(_BATCHES_CHANNEL, woken)
        yield is_lost
    finally:
        await connection.close(timeout=CLOSE_SECONDS)
