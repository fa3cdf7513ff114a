"""When to try again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mailwright.domain.retry_ladder import BULK, JITTER

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
EVEN = 0.5  # luck that neither shortens nor lengthens


@pytest.mark.parametrize(
    ("attempts", "wait"),
    [
        (1, 5 * MINUTE),
        (2, 15 * MINUTE),
        (3, 30 * MINUTE),
        (4, 1 * HOUR),
        (5, 2 * HOUR),
        (6, 4 * HOUR),
        (7, 8 * HOUR),
        (8, 12 * HOUR),
        (9, 24 * HOUR),
        (10, None),
        (99, None),
    ],
)
def test_the_waits_grow_and_end_at_the_horizon(attempts: int, wait: timedelta | None) -> None:
    assert BULK.wait_after(attempts, EVEN) == wait


def test_no_try_is_made_after_three_days() -> None:
    total, attempts = timedelta(0), 1
    while (wait := BULK.wait_after(attempts, 1.0)) is not None:
        total, attempts = total + wait, attempts + 1
    assert total <= timedelta(seconds=BULK.horizon_seconds * (1 + JITTER))


@pytest.mark.parametrize(("luck", "seconds"), [(0.0, 240), (1.0, 360)])
def test_jitter_is_a_fifth_either_way(luck: float, seconds: int) -> None:
    assert BULK.wait_after(1, luck) == timedelta(seconds=seconds)


def test_an_operator_may_set_the_first_step_only() -> None:
    ladder = BULK.starting_with(10)
    assert ladder.wait_after(1, EVEN) == timedelta(seconds=10)
    assert ladder.wait_after(2, EVEN) == BULK.wait_after(2, EVEN)
    assert BULK.starting_with(None) is BULK
