"""The life of a ledger row, read whole."""

import itertools

import pytest

from mailwright.domain.message_lifecycle import (
    CLAIMABLE,
    TRANSITIONS,
    UNFINISHED,
    MessageEvent,
    MessageState,
    advance,
)
from mailwright.errors import Conflict


@pytest.mark.parametrize(
    ("state", "event"), list(itertools.product(MessageState, MessageEvent)), ids=str
)
def test_every_pair_moves_as_the_table_says_or_is_refused(
    state: MessageState, event: MessageEvent
) -> None:
    following = TRANSITIONS[state].get(event)
    if following is None:
        with pytest.raises(Conflict, match="cannot"):
            advance(state, event)
    else:
        assert advance(state, event) == following


def test_every_row_can_end_and_no_end_goes_back_to_work() -> None:
    ends = set(MessageState) - UNFINISHED
    for state in ends:
        assert not set(TRANSITIONS[state].values()) & UNFINISHED
    for state in UNFINISHED:
        assert set(TRANSITIONS[state].values()) & ends


def test_only_queued_and_deferred_rows_are_claimed() -> None:
    assert {MessageState.QUEUED, MessageState.DEFERRED} == CLAIMABLE


def test_a_late_bounce_moves_a_sent_message_once() -> None:
    assert advance(MessageState.SENT, MessageEvent.BOUNCE) == MessageState.BOUNCED
    with pytest.raises(Conflict):
        advance(MessageState.BOUNCED, MessageEvent.BOUNCE)
