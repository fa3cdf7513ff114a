"""Belt and braces: a row that waits for a job which got lost gets another one.

The rows are the truth. Whatever happens to PgQueuer's tables, a campaign that is due, queued or
half written down goes on after a few seconds.
"""

from __future__ import annotations

import asyncio

import structlog
from sqlalchemy.exc import DBAPIError

from mailwright.delivery import finish
from mailwright.errors import DatabaseUnreachable
from mailwright.services import confirmations, domains, held_imports
from mailwright.services.runtime import Runtime
from mailwright.store import confirmations as confirmation_store
from mailwright.store import export_tasks, waiting_work, webhooks
from mailwright.store.job_queue import Job, enqueue
from mailwright.store.rows import Row

log = structlog.get_logger()

SECONDS = 2.0  # between two sweeps


async def run(runtime: Runtime, *, stop: asyncio.Event) -> None:
    """Sweeps until `stop` is set."""
    while not stop.is_set():
        try:
            await sweep(runtime)
        except (OSError, DBAPIError, DatabaseUnreachable) as error:
            log.warning("sweep_failed", error=str(error))
        try:
            async with asyncio.timeout(SECONDS):
                await stop.wait()
        except TimeoutError:
            pass


async def sweep(runtime: Runtime) -> None:
    """Enqueues what is missing; a job that waits or runs already is not enqueued twice."""
    async with runtime.database.transaction() as connection:
        for row in await waiting_work.due_schedules(connection, runtime.now()):
            payload = {**_payload(row), "scheduled_at": row["scheduled_at"].isoformat()}
            await enqueue(connection, Job.FIRE_SCHEDULE, payload)
        for row in await waiting_work.unfinished_starts(connection):
            await enqueue(connection, Job.START_CAMPAIGN, _payload(row))
        for row in await waiting_work.unclosed(connection):
            await enqueue(connection, Job.CLOSE_CANCELED, _payload(row))
        for row in await webhooks.with_due(connection, runtime.now()):
            payload = {"tenant_id": row["tenant_id"], "endpoint_id": row["id"]}
            await enqueue(connection, Job.DELIVER_WEBHOOKS, payload)
        for row in await export_tasks.unfinished(connection):
            payload = {"tenant_id": row["tenant_id"], "export_id": row["id"]}
            await enqueue(connection, Job.RUN_EXPORT, payload)
        await export_tasks.expire(connection, runtime.now())
        for row in await domains.due_checks(connection, runtime.now()):
            payload = {"tenant_id": row["tenant_id"], "domain_id": row["id"]}
            await enqueue(connection, Job.CHECK_DOMAIN, payload)
        unasked = await confirmation_store.with_waiting(connection, runtime.now())
        undrained = await waiting_work.undrained(connection)
    await held_imports.forget_held_imports(runtime)
    for tenant_id in unasked:  # whoever put them on a list died before handing the mails over
        await confirmations.send_waiting(runtime, tenant_id)
    for row in undrained:  # its last worker was killed between closing the batch and saying so
        await finish.finish_if_drained(runtime, row["tenant_id"], row["id"])


def _payload(row: Row) -> dict[str, object]:
    return {"tenant_id": row["tenant_id"], "campaign_id": row["id"]}
