"""Runs jobs: one entrypoint for each name of `store.job_queue.Job`.

A job that raises is tried again, later and later, and then held for an operator to see, never
dropped. One whose process died is taken over when its heartbeat has been silent for 5 seconds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any, Protocol

import orjson
import structlog
from pgqueuer.executors import DatabaseRetryEntrypointExecutor, EntrypointExecutorParameters
from pgqueuer.models import Job as QueuedJob
from pgqueuer.qm import QueueManager

from mailwright.jobs import campaigns, domains, exports, imports, members, sweeps, webhooks
from mailwright.services.runtime import Runtime
from mailwright.store import job_queue
from mailwright.store.database import DATABASE_TROUBLE
from mailwright.store.job_queue import Job

log = structlog.get_logger()

HEARTBEAT_TIMEOUT = timedelta(seconds=5)
DEQUEUE_TIMEOUT = timedelta(seconds=1)
RECONNECT_SECONDS = 1.0
ATTEMPTS_MAX = 20
DRAIN_SECONDS = 6.0


class Handler(Protocol):
    """What a job does. It returns soon after `stop`, asking for another run when it is not done."""

    async def __call__(
        self, runtime: Runtime, payload: Mapping[str, Any], *, stop: asyncio.Event
    ) -> None: ...


HANDLERS: Mapping[Job, Handler] = {
    Job.START_CAMPAIGN: campaigns.start_campaign,
    Job.FIRE_SCHEDULE: campaigns.fire_schedule,
    Job.CLOSE_CANCELED: campaigns.close_canceled,
    Job.RUN_IMPORT: imports.run_import,
    Job.RUN_EXPORT: exports.run_export,
    Job.CHECK_DOMAIN: domains.check_domain,
    Job.MAIL_LINKS: members.mail_links,
    Job.DELIVER_WEBHOOKS: webhooks.deliver_webhooks,
}


async def run(runtime: Runtime, *, stop: asyncio.Event) -> None:
    """Runs jobs until `stop` is set, and then until those that run have come to a halt."""
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(sweeps.run(runtime, stop=stop))
        tasks.create_task(_keep_running(runtime, stop))


async def _keep_running(runtime: Runtime, stop: asyncio.Event) -> None:
    """Connects again whenever the connection is lost."""
    while not stop.is_set():
        try:
            await _run_once(runtime, stop)
        except DATABASE_TROUBLE as error:
            log.warning("jobs_interrupted", error=str(error))
            with suppress(TimeoutError):
                async with asyncio.timeout(RECONNECT_SECONDS):
                    await stop.wait()


async def _run_once(runtime: Runtime, stop: asyncio.Event) -> None:
    connection = await job_queue.connect(runtime.database)
    try:
        manager = QueueManager(job_queue.queries(connection))
        register(manager, runtime, stop)
        stopping = asyncio.create_task(_pass_on(stop, manager.shutdown))
        connection.add_termination_listener(lambda _: manager.shutdown.set())
        try:
            await manager.run(dequeue_timeout=DEQUEUE_TIMEOUT, heartbeat_timeout=HEARTBEAT_TIMEOUT)
        finally:
            stopping.cancel()
    finally:
        await connection.close(timeout=job_queue.CLOSE_SECONDS)


def register(manager: QueueManager, runtime: Runtime, stop: asyncio.Event) -> None:
    """Gives `manager` the entrypoint of every job."""
    for job, handler in HANDLERS.items():
        manager.entrypoint(str(job), on_failure="hold", executor_factory=_persistent)(
            _entrypoint(handler, runtime, stop)
        )


def _entrypoint(
    handler: Handler, runtime: Runtime, stop: asyncio.Event
) -> Callable[[QueuedJob], Awaitable[None]]:
    async def run_job(job: QueuedJob) -> None:
        await handler(runtime, orjson.loads(job.payload or b"{}"), stop=stop)

    return run_job


def _persistent(parameters: EntrypointExecutorParameters) -> DatabaseRetryEntrypointExecutor:
    """Tries again after 1, 2, 4 … 60 seconds; after `ATTEMPTS_MAX` the job is held."""
    return DatabaseRetryEntrypointExecutor(
        parameters, max_attempts=ATTEMPTS_MAX, max_delay=timedelta(seconds=60)
    )


async def _pass_on(stop: asyncio.Event, shutdown: asyncio.Event) -> None:
    await stop.wait()
    shutdown.set()
