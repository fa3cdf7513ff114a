"""The life of a campaign: its states, the events that move it, and one table.

Two rules. Everything about which state follows which is in `TRANSITIONS`, and nothing else decides
a state: services ask `advance()` and the store saves its answer by compare-and-set.

A campaign is drafted, perhaps scheduled, then *queued* (someone said "send"; nobody has been
written down yet), *sending* (the ledger is being filled and emptied) and *sent* (no row is queued
or sending; deferred rows go on in the background). From sending it can be paused by a person or by
a breaker, fail when its transport stays away, or be canceled for good. `failed` is not an end:
sending again mails only those who were not mailed. `archived` is a flag beside the state.

                 schedule            due                start              finish
        ┌──────┐ ───────▶ ┌─────────┐ ───▶ ┌──────┐ ─────────▶ ┌───────┐ ─────────▶ ┌────┐
        │draft │ ◀─────── │scheduled│      │queued│            │sending│            │sent│
        └──────┘ unsched. └─────────┘      └──────┘ ◀──resume──└───────┘            └────┘
            │     send        │ send          ▲  │ cancel/pause   │ pause  │ fail
            └─────────────────┴───────────────┘  ▼                ▼        ▼
                                              canceled         paused    failed ── send ──▶ queued
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from enum import StrEnum

from mailwright.errors import Conflict


class CampaignState(StrEnum):
    """Where a campaign is in its life. The words are stored and are easymail's own."""

    DRAFT = "draft"  # being edited
    SCHEDULED = "scheduled"  # leaves by itself at `scheduled_at`
    QUEUED = "queued"  # told to send; the engine has not begun
    SENDING = "sending"  # fan-out or delivery is under way
    PAUSED = "paused"  # held by a person, a breaker or a missed schedule; `state_reason` says
    SENT = "sent"  # no row is queued or sending any more
    FAILED = "failed"  # could not start, or its transport stayed away; can be sent again
    CANCELED = "canceled"  # stopped for good before it finished


class CampaignEvent(StrEnum):
    """What can happen to a campaign: people ask for the first six, the engine reports the rest."""

    SCHEDULE = "schedule"
    UNSCHEDULE = "unschedule"
    SEND = "send"
    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"

    DUE = "due"  # its scheduled time has come
    MISS_SCHEDULE = "miss_schedule"  # its time passed by more than `max_delay_seconds`
    START = "start"  # ready and compiled: fan-out begins
    FINISH = "finish"  # no row queued or sending
    FAIL = "fail"  # not ready at its start, or the transport stayed away


_S = CampaignState
_E = CampaignEvent

TRANSITIONS: Mapping[CampaignState, Mapping[CampaignEvent, CampaignState]] = {
    _S.DRAFT: {_E.SCHEDULE: _S.SCHEDULED, _E.SEND: _S.QUEUED, _E.CANCEL: _S.CANCELED},
    _S.SCHEDULED: {
        _E.SCHEDULE: _S.SCHEDULED,  # moved to another time
        _E.UNSCHEDULE: _S.DRAFT,
        _E.SEND: _S.QUEUED,
        _E.CANCEL: _S.CANCELED,
        _E.DUE: _S.QUEUED,
        _E.MISS_SCHEDULE: _S.PAUSED,
        _E.FAIL: _S.FAILED,
    },
    _S.QUEUED: {
        _E.START: _S.SENDING,
        _E.PAUSE: _S.PAUSED,
        _E.CANCEL: _S.CANCELED,
        _E.FAIL: _S.FAILED,
    },
    _S.SENDING: {
        _E.FINISH: _S.SENT,
        _E.PAUSE: _S.PAUSED,
        _E.CANCEL: _S.CANCELED,
        _E.FAIL: _S.FAILED,
    },
    _S.PAUSED: {_E.RESUME: _S.QUEUED, _E.CANCEL: _S.CANCELED},
    _S.SENT: {},
    _S.FAILED: {_E.SCHEDULE: _S.SCHEDULED, _E.SEND: _S.QUEUED, _E.CANCEL: _S.CANCELED},
    _S.CANCELED: {},
}

#: States in which rows of the ledger may leave.
DELIVERING = frozenset({_S.SENDING})

#: States with an end date: nothing but archiving, duplicating or deleting happens afterwards.
FINAL = frozenset(state for state, moves in TRANSITIONS.items() if not moves)

#: States in which a campaign may be put away: nothing of it is under way or about to be.
ARCHIVABLE = frozenset({_S.DRAFT, _S.SENT, _S.FAILED, _S.CANCELED})

#: The stable code of each refused request; easymail's words (seed 003), ours where it has none.
REFUSALS: Mapping[CampaignEvent, str] = {
    _E.SEND: "CAMPAIGN_NOT_SENDABLE",
    _E.SCHEDULE: "CAMPAIGN_NOT_SENDABLE",
    _E.UNSCHEDULE: "CAMPAIGN_NOT_UNSCHEDULABLE",
    _E.CANCEL: "CAMPAIGN_NOT_CANCELABLE",
    _E.PAUSE: "CAMPAIGN_NOT_PAUSABLE",
    _E.RESUME: "CAMPAIGN_NOT_RESUMABLE",
}


def can(state: CampaignState, event: CampaignEvent) -> bool:
    """Whether `event` may happen to a campaign in `state`."""
    return event in TRANSITIONS[state]


def advance(state: CampaignState, event: CampaignEvent) -> CampaignState:
    """The state that follows. Raises Conflict with the event's code; nothing has moved then."""
    following = TRANSITIONS[state].get(event)
    if following is None:
        raise refusal(state, event, {s for s in CampaignState if can(s, event)})
    return following


def refusal(state: CampaignState, event: CampaignEvent, allowed: Set[CampaignState]) -> Conflict:
    """The Conflict that says why `event` is refused in `state` and where it would be allowed."""
    words = sorted(allowed)
    return Conflict(
        f"A campaign that is {state} cannot {event.replace('_', ' ')}; "
        f"it must be one of: {', '.join(words)}.",
        code=REFUSALS.get(event, "CAMPAIGN_TRANSITION_REFUSED"),
        details={"status": str(state), "allowed": words},
    )
