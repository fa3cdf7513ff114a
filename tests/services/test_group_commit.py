"""Concurrent callers share a commit, and each hears of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from mailwright.services.group_commit import GROUP_MAX, GroupCommit


async def test_those_who_come_during_a_write_are_written_together() -> None:
    groups: list[list[int]] = []

    async def write(items: Sequence[int]) -> None:
        groups.append(list(items))
        await asyncio.sleep(0.01)

    group = GroupCommit(write)
    await asyncio.gather(*(group.add(number) for number in range(GROUP_MAX + 50)))
    assert sorted(number for items in groups for number in items) == list(range(GROUP_MAX + 50))
    assert len(groups) == 2


async def test_a_failed_group_is_told_and_the_next_one_goes_on() -> None:
    async def write(items: Sequence[str]) -> None:
        if "bad" in items:
            raise ValueError("no")

    group = GroupCommit(write)
    with pytest.raises(ValueError, match="no"):
        await group.add("bad")
    await group.add("good")


async def test_a_caller_who_left_does_not_disturb_the_others() -> None:
    gate = asyncio.Event()

    async def write(items: Sequence[int]) -> None:
        await gate.wait()

    group = GroupCommit(write)
    impatient = asyncio.create_task(group.add(1))
    patient = asyncio.create_task(group.add(2))
    await asyncio.sleep(0)
    impatient.cancel()
    gate.set()
    await asyncio.wait_for(patient, 1)
