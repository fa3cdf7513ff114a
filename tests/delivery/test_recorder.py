"""Which outcomes share a commit."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from mailwright.delivery import recorder
from mailwright.delivery.recorder import Recorder
from mailwright.services.runtime import Runtime
from mailwright.store import messages
from mailwright.store.batches import Lease

LEASE = Lease(1, 1, 1, 1, 1, 99, None, (), 99, 1, sandbox=False, lane="1", in_outage=False)


@pytest.fixture
def groups(monkeypatch: pytest.MonkeyPatch) -> list[list[int]]:
    """The messages each commit allowed to go, while nobody's patience ends."""
    committed: list[list[int]] = []

    async def record(*_: Any, in_flight: Sequence[int], **__: Any) -> bool:
        committed.append(sorted(in_flight))
        return True

    monkeypatch.setattr(messages, "record", record)
    monkeypatch.setattr(recorder, "_GATHER_SECONDS", 60)
    return committed


async def test_a_commit_waits_for_half_of_the_couriers(
    runtime: Runtime, groups: list[list[int]]
) -> None:
    written = Recorder(runtime.database, LEASE, 60, claimed_at=float("inf"), couriers=lambda: 8)
    run = asyncio.create_task(written.run())
    asking = [asyncio.create_task(written.allow(number)) for number in range(3)]
    await asyncio.sleep(0.05)
    assert not groups
    asking.append(asyncio.create_task(written.allow(3)))
    await asyncio.wait_for(asyncio.gather(*asking), 10)
    assert groups == [[0, 1, 2, 3]]
    written.close()
    run.cancel()


async def test_a_lone_courier_waits_for_nobody(runtime: Runtime, groups: list[list[int]]) -> None:
    written = Recorder(runtime.database, LEASE, 60, claimed_at=float("inf"), couriers=lambda: 1)
    run = asyncio.create_task(written.run())
    await asyncio.wait_for(written.allow(7), 10)
    assert groups == [[7]]
    written.close()
    await run


async def test_whoever_comes_alone_waits_a_moment_only(
    runtime: Runtime, groups: list[list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder, "_GATHER_SECONDS", 0.001)
    written = Recorder(runtime.database, LEASE, 60, claimed_at=float("inf"), couriers=lambda: 16)
    run = asyncio.create_task(written.run())
    await asyncio.wait_for(written.allow(7), 10)
    assert groups == [[7]]
    written.close()
    await run
