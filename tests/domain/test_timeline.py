"""Two days of hours, then days, without a gap."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from mailwright.domain.timeline import HOURS, bucket_place, bucket_span

START = datetime(2026, 11, 1, 9, 30, tzinfo=UTC)


def test_each_bucket_begins_where_the_one_before_ended() -> None:
    spans = [bucket_span(START, place) for place in range(HOURS + 10)]
    assert spans[0][0] == START
    assert all(left[1] == right[0] for left, right in pairwise(spans))
    assert spans[HOURS][0] == START + timedelta(days=2)
    assert spans[-1][1] == START + timedelta(days=12)


@pytest.mark.parametrize("place", [0, 1, HOURS - 1, HOURS, HOURS + 7])
def test_a_moment_is_in_the_bucket_that_has_it(place: int) -> None:
    since, until = bucket_span(START, place)
    assert bucket_place(START, since) == place
    assert bucket_place(START, until - timedelta(microseconds=1)) == place
    assert bucket_place(START, until) == place + 1


def test_nothing_is_before_the_start() -> None:
    assert bucket_place(START, START - timedelta(seconds=1)) == 0
