"""A throttle for guesses: so many tries in a while, then wait.

It lives in the memory of one process. Sign-in happens in the one web process of an installation;
who runs several gives each guesser that many times the tries.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from datetime import datetime, timedelta

from mailwright.errors import RateLimited

KEYS_MAX = 20_000  # remembered at once; the one unused for longest is forgotten first


class Throttle:
    """At most `tries` per key in `window_seconds`."""

    def __init__(self, *, tries: int, window_seconds: int) -> None:
        self._tries = tries
        self._window = timedelta(seconds=window_seconds)
        self._made: OrderedDict[str, deque[datetime]] = OrderedDict()

    def count(self, key: str, now: datetime) -> None:
        """Counts one try before it is made. Raises RateLimited with the seconds to wait."""
        made = self._made.setdefault(key, deque())
        self._made.move_to_end(key)
        while made and now - made[0] >= self._window:
            made.popleft()
        if len(made) >= self._tries:
            wait = self._window - (now - made[0])
            raise RateLimited(
                "Too many tries; wait a moment.",
                retry_after_seconds=max(1, int(wait.total_seconds())),
            )
        made.append(now)
        if len(self._made) > KEYS_MAX:
            self._made.popitem(last=False)

    def take_back(self, key: str) -> None:
        """Uncounts one try."""
        if made := self._made.get(key):
            made.pop()

    def forgive(self, key: str) -> None:
        """Forgets the tries of somebody who proved who they are."""
        self._made.pop(key, None)
