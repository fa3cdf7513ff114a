"""The life of one ledger row: one mail to one address, ending in exactly one explained outcome.

A row is born `queued`, or `skipped` with its reason when nobody may be mailed. While its batch is
leased it counts as sending; the row itself is written once, at its outcome. Opens, clicks and the
like are timestamps beside the state, and `delivered` is a projection: sent, and no bounce since.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from mailwright.errors import Conflict


class MessageState(StrEnum):
    """Where a message is in its life. The words are stored."""

    QUEUED = "queued"  # waiting for a worker
    SENDING = "sending"  # a single mail in a worker's hands (campaign rows: their batch is leased)
    SENT = "sent"  # the next server accepted it (SMTP 250)
    DEFERRED = "deferred"  # refused for now; tried again at `next_attempt_at`
    BOUNCED = "bounced"  # refused by a server, or returned by a DSN
    FAILED = "failed"  # we gave up, or it was our own fault; `reason` says
    SKIPPED = "skipped"  # never tried; `reason` says why
    CANCELED = "canceled"  # its campaign was canceled before its turn


class MessageEvent(StrEnum):
    """What can happen to a message."""

    CLAIM = "claim"
    ACCEPT = "accept"
    DEFER = "defer"
    BOUNCE = "bounce"
    FAIL = "fail"
    SKIP = "skip"
    CANCEL = "cancel"
    GIVE_BACK = "give_back"


class SkipReason(StrEnum):
    """Why somebody in the audience was not mailed. Stored in `messages.reason`."""

    UNSUBSCRIBED = "unsubscribed"
    UNCONFIRMED = "unconfirmed"
    SUPPRESSED = "suppressed"
    LIST_UNSUBSCRIBED = "list_unsubscribed"
    QUOTA = "quota"
    NO_LOCALE_VARIANT = "no_locale_variant"
    CONTACT_DELETED = "contact_deleted"


_S = MessageState
_E = MessageEvent

TRANSITIONS: Mapping[MessageState, Mapping[MessageEvent, MessageState]] = {
    _S.QUEUED: {
        _E.CLAIM: _S.SENDING,
        _E.ACCEPT: _S.SENT,
        _E.DEFER: _S.DEFERRED,
        _E.BOUNCE: _S.BOUNCED,
        _E.FAIL: _S.FAILED,
        _E.SKIP: _S.SKIPPED,  # unsubscribed between fan-out and its turn
        _E.CANCEL: _S.CANCELED,
    },
    _S.SENDING: {
        _E.ACCEPT: _S.SENT,
        _E.DEFER: _S.DEFERRED,
        _E.BOUNCE: _S.BOUNCED,
        _E.FAIL: _S.FAILED,
        _E.SKIP: _S.SKIPPED,
        _E.GIVE_BACK: _S.QUEUED,
    },
    _S.DEFERRED: {
        _E.CLAIM: _S.SENDING,
        _E.ACCEPT: _S.SENT,
        _E.DEFER: _S.DEFERRED,
        _E.BOUNCE: _S.BOUNCED,
        _E.FAIL: _S.FAILED,
        _E.SKIP: _S.SKIPPED,
        _E.CANCEL: _S.CANCELED,
    },
    _S.SENT: {_E.BOUNCE: _S.BOUNCED},  # a DSN came later
    _S.BOUNCED: {},
    _S.FAILED: {_E.BOUNCE: _S.BOUNCED},  # unknown outcome, then a DSN proves it left
    _S.SKIPPED: {},
    _S.CANCELED: {},
}

#: States that still hold work.
UNFINISHED = frozenset({_S.QUEUED, _S.SENDING, _S.DEFERRED})

#: States a worker may take a message from: the right-hand side of its compare-and-set.
CLAIMABLE = frozenset(state for state, moves in TRANSITIONS.items() if _E.CLAIM in moves)


def advance(state: MessageState, event: MessageEvent) -> MessageState:
    """The state that follows. Raises Conflict when the table has no such move."""
    following = TRANSITIONS[state].get(event)
    if following is None:
        raise Conflict(
            f"A message that is {state} cannot {event.replace('_', ' ')}.",
            code="MESSAGE_TRANSITION_REFUSED",
        )
    return following
