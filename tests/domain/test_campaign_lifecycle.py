"""The one table of a campaign's life, read whole."""

import itertools

import pytest

from mailwright.domain.campaign_lifecycle import (
    FINAL,
    REFUSALS,
    TRANSITIONS,
    CampaignEvent,
    CampaignState,
    advance,
    can,
)
from mailwright.domain.doors import RULES, Door
from mailwright.errors import Conflict

#: Written out a second time on purpose: a change of the table must be made knowingly.
EXPECTED = {
    ("draft", "schedule"): "scheduled",
    ("draft", "send"): "queued",
    ("draft", "cancel"): "canceled",
    ("scheduled", "schedule"): "scheduled",
    ("scheduled", "unschedule"): "draft",
    ("scheduled", "send"): "queued",
    ("scheduled", "cancel"): "canceled",
    ("scheduled", "due"): "queued",
    ("scheduled", "miss_schedule"): "paused",
    ("scheduled", "fail"): "failed",
    ("queued", "start"): "sending",
    ("queued", "pause"): "paused",
    ("queued", "cancel"): "canceled",
    ("queued", "fail"): "failed",
    ("sending", "finish"): "sent",
    ("sending", "pause"): "paused",
    ("sending", "cancel"): "canceled",
    ("sending", "fail"): "failed",
    ("paused", "resume"): "queued",
    ("paused", "cancel"): "canceled",
    ("failed", "schedule"): "scheduled",
    ("failed", "send"): "queued",
    ("failed", "cancel"): "canceled",
}


@pytest.mark.parametrize(
    ("state", "event"), list(itertools.product(CampaignState, CampaignEvent)), ids=str
)
def test_every_pair_of_state_and_event_moves_as_the_table_says_or_is_refused(
    state: CampaignState, event: CampaignEvent
) -> None:
    expected = EXPECTED.get((state, event))
    if expected is None:
        with pytest.raises(Conflict) as refused:
            advance(state, event)
        assert refused.value.code == REFUSALS.get(event, "CAMPAIGN_TRANSITION_REFUSED")
        assert refused.value.details["status"] == state
    else:
        assert advance(state, event) == expected


@pytest.mark.checklist("Z04")
def test_the_words_are_easymails_and_paused() -> None:
    assert {str(state) for state in CampaignState} == {
        "draft", "scheduled", "queued", "sending", "paused", "sent", "failed", "canceled",
    }  # fmt: skip


def test_every_state_can_be_reached_and_only_sent_and_canceled_are_final() -> None:
    reached = {to for moves in TRANSITIONS.values() for to in moves.values()}
    assert reached | {CampaignState.DRAFT} == set(CampaignState)
    assert {CampaignState.SENT, CampaignState.CANCELED} == FINAL


@pytest.mark.checklist("Z27")
def test_a_failed_campaign_can_be_sent_again() -> None:
    assert can(CampaignState.FAILED, CampaignEvent.SEND)


@pytest.mark.parametrize("door", list(RULES))
def test_a_door_never_cancels_what_the_lifecycle_cannot(door: Door) -> None:
    assert all(can(state, CampaignEvent.CANCEL) for state in RULES[door].cancelable)


@pytest.mark.parametrize("door", list(RULES))
def test_no_door_edits_or_deletes_a_campaign_that_is_leaving(door: Door) -> None:
    leaving = {CampaignState.QUEUED, CampaignState.SENDING, CampaignState.PAUSED}
    assert not leaving & (RULES[door].editable | RULES[door].deletable)
