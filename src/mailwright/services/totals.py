"""Totals of long lists, so that a page does not cost a count of everything.

Counting is exact and done anew up to EXACT_UP_TO rows. Above, a total is kept for a moment, and
who asks while it is being counted waits for that count rather than starting another.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from datetime import datetime, timedelta

EXACT_UP_TO = 10_000  # rows; counting them takes about a millisecond
KEPT_FOR = timedelta(seconds=2)
KEYS_MAX = 1_000


class Totals:
    """What this process counted lately."""

    def __init__(self) -> None:
        self._kept: dict[Hashable, tuple[int, datetime]] = {}
        self._counting: dict[Hashable, asyncio.Lock] = {}

    async def get(self, key: Hashable, now: datetime, count: Callable[[], Awaitable[int]]) -> int:
        """The total under `key`: as counted at most KEPT_FOR ago, or by `count` now."""
        if (kept := self._fresh(key, now)) is not None:
            return kept
        if key not in self._kept:  # short as far as anybody knows: no reason to take turns
            return self._keep(key, now, await count())
        async with self._counting.setdefault(key, asyncio.Lock()):
            if (kept := self._fresh(key, now)) is not None:
                return kept
            return self._keep(key, now, await count())

    def _fresh(self, key: Hashable, now: datetime) -> int | None:
        total, at = self._kept.get(key, (0, now - KEPT_FOR))
        return total if now - at < KEPT_FOR else None

    def _keep(self, key: Hashable, now: datetime, total: int) -> int:
        self._kept.pop(key, None)
        if total > EXACT_UP_TO:
            self._kept[key] = (total, now)
            if len(self._kept) > KEYS_MAX:
                oldest = next(iter(self._kept))
                del self._kept[oldest]
                self._counting.pop(oldest, None)
        return total
