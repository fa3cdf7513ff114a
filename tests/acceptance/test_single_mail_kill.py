"""Workers killed while they send single mails: nothing lost, repeats counted, codes never twice."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from mailwright.services import emails
from mailwright.services.caller import Caller
from mailwright.services.emails import NewEmail
from mailwright.services.runtime import Runtime
from tests.acceptance.test_kill import CONNECTIONS, ROOT, Scene, set_scene
from tests.builders import MadeTenant
from tests.delivery.stage import Stage

MAILS, CODES, KILLS = 300, 60, 3


async def _submit(stage: Stage, caller: Caller) -> None:
    """Receipts, and codes that must not come twice, in one go."""
    asked = [
        NewEmail(f"m{number}@example.org", subject="Hello", text="Hello.", at_most_once=False)
        for number in range(MAILS)
    ]
    asked += [
        NewEmail(f"code{number}@example.org", subject="Code", text="1234", at_most_once=True)
        for number in range(CODES)
    ]
    random.shuffle(asked)
    for start in range(0, len(asked), emails.BATCH_MAX):
        await emails.submit_all(stage.runtime, caller, asked[start : start + emails.BATCH_MAX])


async def _is_over(stage: Stage) -> bool:
    async with stage.runtime.database.raw() as connection:
        left = await connection.fetchval(
            "SELECT count(*) FROM messages WHERE lane > 0 AND state IN ('queued', 'deferred')"
        )
    return left == 0


async def _kill_again_and_again(scene: Scene) -> None:
    workers = [_worker(scene), _worker(scene)]
    try:
        for kill in range(KILLS):
            await _more_has_arrived(scene)
            await asyncio.sleep(random.random() * 0.2)
            workers[kill % 2].kill()
            workers[kill % 2].wait()
            workers[kill % 2] = _worker(scene)

        async def over() -> bool:
            return await _is_over(scene.stage)

        await scene.stage.until(over, 60)
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()


async def _more_has_arrived(scene: Scene) -> None:
    """Mail flows, or all of it has."""
    enough = min(len(scene.arrived()) + 10, MAILS + CODES - KILLS * CONNECTIONS)
    await scene.stage.until(lambda: len(scene.arrived()) >= enough, 30)


def _worker(scene: Scene) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.acceptance.engine_process"]
    return subprocess.Popen(command, cwd=ROOT, env=scene.environment)


@pytest.mark.checklist("U05")
async def test_killing_workers_loses_no_single_mail_and_repeats_no_code(
    runtime: Runtime, tenant: MadeTenant, caller: Caller, tmp_path: Path
) -> None:
    async with set_scene(runtime, tenant, caller, tmp_path / "arrived", people=0) as scene:
        await _submit(scene.stage, caller)
        await _kill_again_and_again(scene)
        arrived = scene.arrived()
        copies = Counter(recipient for recipient, _ in arrived)
        async with scene.stage.runtime.database.raw() as connection:
            rows = await connection.fetch("SELECT * FROM messages WHERE lane IS NOT NULL")
    ledger = {row["email"]: row for row in rows}
    assert len(ledger) == MAILS + CODES
    lost = {address for address in ledger if address not in copies}
    unknown = {address for address, row in ledger.items() if row["reason"] == "outcome_unknown"}
    flagged = {address for address, row in ledger.items() if row["possibly_repeated"]}
    repeated = {address for address, count in copies.items() if count > 1}
    assert {row["state"] for address, row in ledger.items() if address not in unknown} == {"sent"}
    assert lost <= unknown, "lost"
    assert all(address.startswith("code") for address in unknown)
    assert not any(address.startswith("code") for address in repeated | flagged)
    assert repeated <= flagged
    assert sum(copies.values()) - len(copies) <= KILLS * CONNECTIONS
    assert len(flagged | unknown) <= KILLS * CONNECTIONS
    assert len({message_id for _, message_id in arrived}) == len(copies), "a repeat has its own id"
