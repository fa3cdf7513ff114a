from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailwright.domain.throttle import Throttle

pauses = st.lists(st.floats(0, 3, allow_subnormal=False), min_size=1, max_size=200)


def leaving_times(throttle: Throttle, gaps: list[float]) -> list[float]:
    """When permits were given to someone who asks after each of these pauses."""
    now, left = 1_000.0, list[float]()
    for gap in gaps:
        now += gap
        if throttle.take(now) == 0.0:
            left.append(now)
    return left


@given(st.integers(1, 7), st.floats(0.01, 5), pauses)
def test_no_window_lets_more_than_its_permits_through(
    permits: int, window_seconds: float, gaps: list[float]
) -> None:
    left = leaving_times(Throttle(permits, window_seconds), gaps)
    for first, after in zip(left, left[permits:], strict=False):
        assert after - first >= window_seconds - 1e-9


@given(st.integers(1, 7), st.floats(0.01, 5), pauses)
def test_whoever_waits_as_told_gets_through(
    permits: int, window_seconds: float, gaps: list[float]
) -> None:
    throttle, now = Throttle(permits, window_seconds), 1_000.0
    for gap in gaps:
        now += gap
        wait = throttle.take(now)
        assert 0 <= wait <= window_seconds + 1e-9
        if wait:
            now += wait + 1e-9
            assert throttle.take(now) == 0.0


@pytest.mark.parametrize(
    ("rate", "permits", "window_seconds"),
    [(200, 20, 0.1), (1_000, 100, 0.1), (205, 41, 0.2), (7, 7, 1.0), (2, 1, 0.5), (1, 1, 1.0),
     (0.5, 1, 2.0), (2.5, 1, 0.4), (12.5, 1, 0.08)],
)  # fmt: skip
def test_a_rate_is_cut_into_slices_that_hold_it_exactly(
    rate: float, permits: int, window_seconds: float
) -> None:
    throttle = Throttle.per_second(rate)
    assert (throttle.permits, throttle.window_seconds) == (permits, window_seconds)
    assert throttle.permits / throttle.window_seconds == pytest.approx(rate)


@given(st.integers(1, 300), st.floats(0.0005, 0.05))
def test_no_second_sees_more_than_the_rate(rate: int, step: float) -> None:
    left = leaving_times(Throttle.per_second(rate), [step] * 4_000)
    for first, after in zip(left, left[rate:], strict=False):
        assert after - first >= 1 - 1e-6


def test_the_rate_is_used_up_by_whoever_asks_often() -> None:
    assert len(leaving_times(Throttle.per_second(200), [0.001] * 10_000)) == pytest.approx(
        2_000, abs=25
    )


@pytest.mark.parametrize(("permits", "window"), [(0, 1.0), (1, 0.0), (1, -1.0), (1, float("nan"))])
def test_a_throttle_that_lets_nothing_through_is_refused(permits: int, window: float) -> None:
    with pytest.raises(ValueError, match="at least one"):
        Throttle(permits, window)
