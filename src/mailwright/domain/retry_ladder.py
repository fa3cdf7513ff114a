"""When a message that was refused for now is tried again.

A ladder of waits, a horizon after which the news is stale, and ± 20 % of jitter, so that thousands
refused together do not come back together. RFC 5321 section 4.5.4.1 speaks of 30 minutes between
tries and of giving up after four or five days; a newsletter is old by then, so ours are shorter
and begin sooner.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

JITTER = 0.2

_MINUTE = 60
_HOUR = 60 * _MINUTE


@dataclass(frozen=True, slots=True)
class RetryLadder:
    """Seconds to wait after the first, second, … refusal; the last step repeats."""

    steps_seconds: tuple[int, ...]
    horizon_seconds: int  # no try is made later than this after the first

    def starting_with(self, first_seconds: int | None) -> RetryLadder:
        """The same ladder with another first step, where an operator set one."""
        if first_seconds is None:
            return self
        return replace(self, steps_seconds=(first_seconds, *self.steps_seconds[1:]))

    def wait_after(self, attempts: int, luck: float) -> timedelta | None:
        """How long to wait after that many refusals, or None: give up.

        `luck`, from 0 to 1, spreads the wait evenly over ± 20 %.
        """
        nominal = [self._step(number) for number in range(attempts)]
        if sum(nominal) > self.horizon_seconds:
            return None
        return timedelta(seconds=nominal[-1] * (1 + JITTER * (2 * luck - 1)))

    def _step(self, number: int) -> int:
        return self.steps_seconds[min(number, len(self.steps_seconds) - 1)]


BULK = RetryLadder(
    (
        5 * _MINUTE,
        15 * _MINUTE,
        30 * _MINUTE,
        1 * _HOUR,
        2 * _HOUR,
        4 * _HOUR,
        8 * _HOUR,
        12 * _HOUR,
        24 * _HOUR,
    ),
    horizon_seconds=72 * _HOUR,
)

#: Single mails: somebody waits for them, and they are old news sooner.
SINGLE = RetryLadder(
    (
        1 * _MINUTE,
        2 * _MINUTE,
        5 * _MINUTE,
        10 * _MINUTE,
        20 * _MINUTE,
        30 * _MINUTE,
        1 * _HOUR,
        2 * _HOUR,
        4 * _HOUR,
    ),
    horizon_seconds=24 * _HOUR,
)
