"""How many calls each key made in the present minute. The count lives in this process."""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime

from mailwright.errors import RateLimited

WINDOW_SECONDS = 60
KEYS_MAX = 20_000  # remembered at once; the one unused for longest is forgotten first


class CallCounter:
    """Counts calls per key in whole minutes."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._counts: OrderedDict[bytes, tuple[int, int]] = OrderedDict()

    def count(self, key: bytes, now: datetime) -> int:
        """How many calls remain in this minute after this one. Raises RateLimited."""
        minute, second = divmod(int(now.timestamp()), WINDOW_SECONDS)
        known, used = self._counts.pop(key, (minute, 0))
        used = used + 1 if known == minute else 1
        self._counts[key] = (minute, used)
        if len(self._counts) > KEYS_MAX:
            self._counts.popitem(last=False)
        if used > self._limit:
            raise RateLimited(
                f"At most {self._limit} calls a minute; wait a moment.",
                retry_after_seconds=WINDOW_SECONDS - second,
            )
        return self._limit - used
