"""The promise of the engine: kill it as often as you like, nobody is lost, repeats are counted.

Real processes, real SMTP, a real PostgreSQL; `kill -9` at random moments. In the end the ledger and
what arrived at the server are compared, address by address.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from mailwright.services.caller import Caller
from mailwright.services.runtime import Runtime
from tests.acceptance.engine_process import LEASE_SECONDS
from tests.builders import MadeTenant
from tests.conftest import SECRET
from tests.delivery.stage import Stage, set_stage

ROOT = Path(__file__).parents[2]
CONNECTIONS = 6


@dataclass
class Scene:
    """A campaign under way, a server that writes down what it takes, and workers to kill."""

    stage: Stage
    record: Path
    environment: dict[str, str]

    def worker(self) -> subprocess.Popen[bytes]:
        """A new worker process."""
        return subprocess.Popen(
            [sys.executable, "-m", "tests.acceptance.engine_process"],
            cwd=ROOT,
            env=self.environment,
        )

    def arrived(self) -> list[tuple[str, str]]:
        """Recipient and Message-ID of every mail the server took, repeats included."""
        lines = self.record.read_text().splitlines() if self.record.exists() else []
        return [(line.split("\t")[0], line.split("\t")[1]) for line in lines]

    async def moment(self) -> None:
        """Waits until mail flows, and then for a random moment."""
        before = len(self.arrived())
        await self.stage.until(lambda: len(self.arrived()) > before + 20, 20)
        await asyncio.sleep(random.random() * 0.3)


@asynccontextmanager
async def set_scene(
    runtime: Runtime, tenant: MadeTenant, caller: Caller, record: Path, *, people: int
) -> AsyncGenerator[Scene]:
    """The campaign is written down and sending; nobody works on it yet."""
    command = [sys.executable, "tests/smtp_sink.py", "--record", str(record)]
    command += ["--answer", "end_of_data:*:delay 0.01"]  # so that there is always one in flight
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as sink:
        assert sink.stdout is not None
        port = json.loads(sink.stdout.readline())["port"]
        url = f"smtp://127.0.0.1:{port}?connections={CONNECTIONS}"
        async with set_stage(runtime, tenant, caller, people=people) as own:
            settings = own.runtime.settings.model_copy(update={"smtp_url": SecretStr(url)})
            stage = replace(own, runtime=replace(own.runtime, settings=settings))
            await stage.start()
            assert settings.database_url is not None
            environment = {
                **os.environ,
                "MAILWRIGHT_DATABASE_URL": settings.database_url.get_secret_value(),
                "MAILWRIGHT_SECRET_KEY": SECRET,
                "MAILWRIGHT_SMTP_URL": url,
            }
            try:
                yield Scene(stage, record, environment)
            finally:
                sink.terminate()


async def assert_promise_kept(scene: Scene, people: int, *, repeats_most: int) -> None:
    """Ledger and server agree: everybody, and every second copy was announced."""
    arrived = scene.arrived()
    copies = Counter(recipient for recipient, _ in arrived)
    ledger = await scene.stage.ledger()
    repeated = {recipient for recipient, count in copies.items() if count > 1}
    flagged = {address for address, row in ledger.items() if row["possibly_repeated"]}
    assert await scene.stage.tally() == {"sent": people}
    assert set(copies) == set(ledger), "lost"
    assert repeated <= flagged
    assert sum(copies.values()) - people <= repeats_most
    assert len(flagged) <= repeats_most
    assert len({message_id for _, message_id in arrived}) == people, "a repeat has its own id"
    assert await scene.stage.counts_add_up()


async def kill_again_and_again(scene: Scene, kills: int) -> None:
    """Two workers at a time; the one whose turn it is dies and is replaced."""
    workers = [scene.worker(), scene.worker()]
    try:
        for kill in range(kills):
            await scene.moment()
            workers[kill % 2].kill()
            workers[kill % 2].wait()
            workers[kill % 2] = scene.worker()
        await scene.stage.until_state("sent", 60)
    finally:
        for worker in workers:
            worker.terminate()
        for worker in workers:
            assert worker.wait(timeout=10) == 0


@pytest.mark.checklist("U05")
async def test_killing_workers_loses_nobody_and_repeats_only_what_was_in_flight(
    runtime: Runtime, tenant: MadeTenant, caller: Caller, tmp_path: Path
) -> None:
    people, kills = 3_000, 6
    async with set_scene(runtime, tenant, caller, tmp_path / "arrived", people=people) as scene:
        await kill_again_and_again(scene, kills)
        await assert_promise_kept(scene, people, repeats_most=kills * CONNECTIONS)


@pytest.mark.long
async def test_twenty_kills(
    runtime: Runtime, tenant: MadeTenant, caller: Caller, tmp_path: Path
) -> None:
    people, kills = 20_000, 20
    async with set_scene(runtime, tenant, caller, tmp_path / "arrived", people=people) as scene:
        await kill_again_and_again(scene, kills)
        await assert_promise_kept(scene, people, repeats_most=kills * CONNECTIONS)


async def test_a_worker_that_overslept_its_lease_gives_no_final_dot_that_is_not_its_own(
    runtime: Runtime, tenant: MadeTenant, caller: Caller, tmp_path: Path
) -> None:
    people = 1_500
    async with set_scene(runtime, tenant, caller, tmp_path / "arrived", people=people) as scene:
        sleeper = scene.worker()
        await scene.moment()
        sleeper.send_signal(signal.SIGSTOP)
        other = scene.worker()
        try:
            await asyncio.sleep(LEASE_SECONDS + 1)
            await scene.moment()  # the other has the batch now
            sleeper.send_signal(signal.SIGCONT)
            await scene.stage.until_state("sent", 60)
        finally:
            for worker in (sleeper, other):
                worker.send_signal(signal.SIGCONT)
                worker.terminate()
            for worker in (sleeper, other):
                assert worker.wait(timeout=10) == 0
        await assert_promise_kept(scene, people, repeats_most=CONNECTIONS)


async def test_a_worker_told_to_stop_ends_within_ten_seconds_and_repeats_nothing(
    runtime: Runtime, tenant: MadeTenant, caller: Caller, tmp_path: Path
) -> None:
    people = 800
    async with set_scene(runtime, tenant, caller, tmp_path / "arrived", people=people) as scene:
        worker = scene.worker()
        await scene.moment()
        worker.terminate()
        assert worker.wait(timeout=10) == 0
        assert len(scene.arrived()) < people
        worker = scene.worker()
        await scene.stage.until_state("sent", 30)
        worker.terminate()
        assert worker.wait(timeout=10) == 0
        await assert_promise_kept(scene, people, repeats_most=0)
