"""When an address is given up, and what is no reason to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mailwright.domain.message_lifecycle import MessageState
from mailwright.domain.soft_bounces import FAILURES, SPREAD, Attempt, is_unreachable

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def attempt(
    days_ago: float, reason: str | None = "mailbox-full", state: str = "bounced"
) -> Attempt:
    return Attempt(state, reason, NOW - timedelta(days=days_ago))


FULL = [attempt(0), attempt(7), attempt(14)]


def test_three_failures_in_a_row_over_two_weeks_are_enough() -> None:
    assert is_unreachable(FULL)
    assert (FAILURES, SPREAD.days) == (3, 14)


def test_fewer_or_sooner_are_not() -> None:
    assert not is_unreachable([])
    assert not is_unreachable(FULL[:2])
    assert not is_unreachable([attempt(0), attempt(20)])
    assert not is_unreachable([attempt(0), attempt(1), attempt(13.9), attempt(13.95)])


def test_whatever_arrived_in_between_begins_anew() -> None:
    arrived = Attempt(MessageState.SENT, None, NOW)
    read = Attempt("bounced", "mailbox-full", NOW, was_read=True)
    for between in (arrived, read):
        assert not is_unreachable([FULL[0], between, *FULL[1:]])
        assert is_unreachable([*FULL, between])


@pytest.mark.parametrize(
    ("reason", "state"),
    [("policy", "bounced"), ("rate-limited", "bounced"), ("size", "failed"), ("content", "failed")],
)
def test_what_is_our_own_fault_neither_counts_nor_excuses(reason: str, state: str) -> None:
    ours = [attempt(days, reason, state) for days in (0, 7, 14, 21)]
    assert not is_unreachable(ours)
    assert is_unreachable([ours[0], FULL[0], ours[1], *FULL[1:]])


def test_giving_up_after_days_of_trying_counts() -> None:
    assert is_unreachable([attempt(days, "retries-exhausted", "failed") for days in (0, 7, 14)])
    assert not is_unreachable([attempt(days, "not-sendable", "failed") for days in (0, 7, 14)])


def test_the_second_refusal_in_a_row_about_the_address_is_enough() -> None:
    strike = "mailbox-disabled-unclear"
    assert is_unreachable([attempt(0, strike), attempt(0.1, strike)])
    assert not is_unreachable([attempt(0, strike)])
    assert not is_unreachable([attempt(0, strike), attempt(1), attempt(2, strike)])
