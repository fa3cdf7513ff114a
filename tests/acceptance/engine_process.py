"""A worker in a process of its own, for tests that kill it.

    MAILWRIGHT_DATABASE_URL=… MAILWRIGHT_SMTP_URL=… python -m tests.acceptance.engine_process

It is `mailwright worker` with a short lease, so that a killed one's batches are soon free again.
"""

from __future__ import annotations

import asyncio
import signal

import uvloop

from mailwright.delivery import worker
from mailwright.delivery.pace import Pace
from mailwright.domain.keys import Keys
from mailwright.jobs import runner
from mailwright.services.runtime import Runtime
from mailwright.settings import Settings
from mailwright.store.database import Database, database_url

LEASE_SECONDS = 1.5


async def _work() -> None:
    settings = Settings()  # pyright: ignore[reportCallIssue]  # from the environment
    assert settings.database_url is not None
    assert settings.secret_key is not None
    database = Database(database_url(settings.database_url.get_secret_value()))
    runtime = Runtime(settings, database, Keys(settings.secret_key.get_secret_value()))
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    try:
        async with asyncio.TaskGroup() as tasks:
            pace = Pace(lease_seconds=LEASE_SECONDS, look_seconds=0.2, poll_seconds=0.2)
            tasks.create_task(worker.run(runtime, stop=stop, pace=pace))
            tasks.create_task(runner.run(runtime, stop=stop))
    finally:
        await database.close()


if __name__ == "__main__":
    uvloop.run(_work())
