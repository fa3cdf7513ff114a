"""A worker killed in mid-delivery of a webhook: the event comes again, under the same id."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from mailwright.services import webhook_log
from mailwright.services.caller import Caller
from mailwright.services.runtime import Runtime, utc_now
from tests.conftest import SECRET
from tests.services.webhook_stage import WebhookStage, webhook_stage

ROOT = Path(__file__).parents[2]


@contextmanager
def worker(stage: WebhookStage) -> Generator[subprocess.Popen[bytes]]:
    """A worker process, killed at the end of the block."""
    url = stage.runtime.settings.database_url
    assert url is not None
    environment = {
        **os.environ,
        "MAILWRIGHT_DATABASE_URL": url.get_secret_value(),
        "MAILWRIGHT_SECRET_KEY": SECRET,
        "MAILWRIGHT_ALLOW_PRIVATE_TARGETS": "on",
    }
    command = [sys.executable, "-m", "tests.acceptance.engine_process"]
    with subprocess.Popen(command, cwd=ROOT, env=environment) as process:
        try:
            yield process
        finally:
            process.kill()


async def test_killed_in_mid_delivery_the_event_comes_again_under_the_same_id(
    runtime: Runtime, caller: Caller
) -> None:
    async with webhook_stage(replace(runtime, now=utc_now), caller) as stage:
        await webhook_log.send_test(stage.runtime, caller, stage.webhook.uuid)
        go_on = stage.receiver.hang()
        with worker(stage):
            await stage.receiver.until(1, seconds=20)
        go_on.set()
        [row] = await stage.deliveries()
        assert (row["state"], row["attempt"]) == ("pending", 1)
        stage.receiver.answer(200)
        async with stage.runtime.database.raw() as connection:  # the lease is over
            await connection.execute("UPDATE webhook_deliveries SET next_attempt_at = now()")
        with worker(stage):
            await stage.receiver.until(2, seconds=30)
            await stage.until_delivered()
        first, second = stage.receiver.requests
        assert first.headers["webhook-id"] == second.headers["webhook-id"]
        assert stage.told()[0] == stage.told()[1]
        [row] = await stage.deliveries()
        assert (row["state"], row["attempt"]) == ("delivered", 2)
