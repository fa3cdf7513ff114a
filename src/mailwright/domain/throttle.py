"""How many mails may leave in a while: a limit that holds for every window, not on average.

A token bucket that refills smoothly lets nearly twice its size through around the moment it was
full. Relays count differently: at most so many in any second. So a `Throttle` remembers when the
last `permits` left, and the next may leave when the oldest of them is `window_seconds` ago.

Time is passed in; any clock that does not run backwards will do.
"""

from __future__ import annotations

from collections import deque
from typing import Self

# Short windows make an even stream; each must hold a whole number of permits to be exact.
_SLICES_OF_A_SECOND = (10, 5, 4, 2, 1)


class Throttle:
    """At most `permits` in any half-open window of `window_seconds`."""

    def __init__(self, permits: int, window_seconds: float) -> None:
        if permits < 1 or not window_seconds > 0:
            raise ValueError("A throttle lets at least one through in a window above 0 seconds.")
        self.permits = permits
        self.window_seconds = window_seconds
        self._left_at: deque[float] = deque(maxlen=permits)  # the last `permits`, oldest first

    @classmethod
    def per_second(cls, rate: float) -> Self:
        """A throttle for so many a second, in the shortest slices that hold the rate exactly.

        Rates below 2 and fractions become an even pace: one, and then a pause.
        """
        for slices in _SLICES_OF_A_SECOND:
            permits = rate / slices
            if permits >= 1 and permits.is_integer():
                return cls(int(permits), 1 / slices)
        return cls(1, 1 / rate)

    def take(self, now: float) -> float:
        """Take a permit: 0.0 when one was free, else the seconds until it is worth asking again."""
        if len(self._left_at) == self.permits:
            wait = self._left_at[0] + self.window_seconds - now
            if wait > 0:
                return wait
        self._left_at.append(now)
        return 0.0
