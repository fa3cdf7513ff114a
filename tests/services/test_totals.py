"""Totals: exact for short lists, kept a moment for long ones."""

from __future__ import annotations

import asyncio

from mailwright.services.totals import EXACT_UP_TO, KEPT_FOR, KEYS_MAX, Totals
from tests.clock import Clock


class _Counter:
    def __init__(self, total: int) -> None:
        self.total = total
        self.counted = 0

    async def __call__(self) -> int:
        self.counted += 1
        await asyncio.sleep(0)
        return self.total


async def test_short_lists_are_counted_every_time() -> None:
    totals, clock, counter = Totals(), Clock(), _Counter(EXACT_UP_TO)
    assert await totals.get("a", clock(), counter) == EXACT_UP_TO
    counter.total = 3
    assert await totals.get("a", clock(), counter) == 3


async def test_long_lists_are_counted_once_in_a_while_by_one_of_many() -> None:
    totals, clock, counter = Totals(), Clock(), _Counter(EXACT_UP_TO + 1)
    await totals.get("a", clock(), counter)
    counter.total += 1
    assert await totals.get("a", clock(), counter) == EXACT_UP_TO + 1
    clock.advance(seconds=KEPT_FOR.total_seconds())
    found = await asyncio.gather(*(totals.get("a", clock(), counter) for _ in range(20)))
    assert set(found) == {EXACT_UP_TO + 2}
    assert counter.counted == 2
    assert await totals.get("b", clock(), counter) == EXACT_UP_TO + 2
    assert counter.counted == 3


async def test_a_list_that_became_short_is_counted_again() -> None:
    totals, clock, counter = Totals(), Clock(), _Counter(EXACT_UP_TO + 1)
    await totals.get("a", clock(), counter)
    clock.advance(seconds=KEPT_FOR.total_seconds())
    counter.total = 1
    assert [await totals.get("a", clock(), counter) for _ in range(2)] == [1, 1]
    assert counter.counted == 3


async def test_memory_is_bounded() -> None:
    totals, clock, counter = Totals(), Clock(), _Counter(EXACT_UP_TO + 1)
    for key in range(KEYS_MAX + 1):
        await totals.get(key, clock(), counter)
    await totals.get(KEYS_MAX, clock(), counter)
    assert counter.counted == KEYS_MAX + 1
    await totals.get(0, clock(), counter)
    assert counter.counted == KEYS_MAX + 2
