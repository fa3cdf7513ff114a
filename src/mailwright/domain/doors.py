"""The doors people come through, and what each vendor's words let them do in which state.

The lifecycle says what is possible at all; a door may allow less (design section 6, "Edit, delete,
cancel rules"). A door's rules are a row here, never an `if` in a service.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from mailwright.domain.campaign_lifecycle import CampaignState as S
from mailwright.errors import Conflict


class Door(StrEnum):
    """Through which surface a request came; kept in histories."""

    API = "api"
    CAKEMAIL = "cakemail"
    MAILINGCORE = "mailingcore"
    DASHBOARD = "dashboard"
    MCP = "mcp"
    CLI = "cli"
    PUBLIC = "public"
    ENGINE = "engine"


@dataclass(frozen=True, slots=True)
class DoorRules:
    """The states in which a door edits, deletes and cancels campaigns, and how it meets a race."""

    editable: frozenset[S]
    deletable: frozenset[S]
    cancelable: frozenset[S]
    #: How long to wait for a transition under way; 0: CAMPAIGN_TRANSITION_IN_PROGRESS at once.
    transition_wait_seconds: float
    #: Whether a bare unknown merge tag is a mistake; else it looks up an attribute.
    strict_merge_tags: bool = True


_EASYMAIL = DoorRules(  # seed 003, "Editing and deleting by status" and "Sending lifecycle"
    editable=frozenset({S.DRAFT, S.SCHEDULED, S.FAILED}),
    deletable=frozenset({S.DRAFT, S.SENT, S.FAILED, S.CANCELED}),
    cancelable=frozenset({S.QUEUED, S.SENDING, S.PAUSED}),
    transition_wait_seconds=0.0,
)
_OURS = DoorRules(
    editable=_EASYMAIL.editable,
    deletable=_EASYMAIL.deletable,
    cancelable=frozenset({S.QUEUED, S.SENDING, S.PAUSED}),
    transition_wait_seconds=2.0,
)

RULES: dict[Door, DoorRules] = {
    Door.API: _EASYMAIL,
    Door.DASHBOARD: _OURS,
    Door.CLI: _OURS,
    Door.MCP: _OURS,
    Door.ENGINE: _OURS,
    Door.CAKEMAIL: DoorRules(
        editable=frozenset({S.DRAFT}),
        deletable=frozenset({S.DRAFT}),
        cancelable=frozenset({S.SCHEDULED, S.QUEUED, S.SENDING, S.PAUSED}),
        transition_wait_seconds=2.0,
        strict_merge_tags=False,
    ),
    Door.MAILINGCORE: DoorRules(
        editable=frozenset({S.DRAFT}),
        deletable=frozenset(),
        cancelable=frozenset({S.DRAFT, S.SCHEDULED, S.QUEUED, S.SENDING, S.PAUSED}),
        transition_wait_seconds=2.0,
        strict_merge_tags=False,
    ),
}


def require_editable(door: Door, state: S, *, archived: bool = False) -> None:
    """Raises Conflict CAMPAIGN_NOT_EDITABLE when `door` may not change a campaign in `state`.

    An archived one is changed by nobody: it comes back first.
    """
    if archived:
        raise archived_refusal("be changed", "CAMPAIGN_NOT_EDITABLE")
    _require(state, RULES[door].editable, "be changed", "CAMPAIGN_NOT_EDITABLE")


def require_deletable(door: Door, state: S) -> None:
    """Raises Conflict CAMPAIGN_NOT_DELETABLE when `door` may not delete a campaign in `state`."""
    _require(state, RULES[door].deletable, "be deleted", "CAMPAIGN_NOT_DELETABLE")


def require_cancelable(door: Door, state: S) -> None:
    """Raises Conflict CAMPAIGN_NOT_CANCELABLE when `door` may not cancel a campaign in `state`."""
    _require(state, RULES[door].cancelable, "be canceled", "CAMPAIGN_NOT_CANCELABLE")


def archived_refusal(deed: str, code: str) -> Conflict:
    """The Conflict that says an archived campaign cannot `deed`."""
    return Conflict(
        f"A campaign that is archived cannot {deed}; unarchive it first.",
        code=code,
        details={"status": "archived"},
    )


def _require(state: S, allowed: frozenset[S], deed: str, code: str) -> None:
    if state not in allowed:
        words = sorted(allowed)
        raise Conflict(
            f"A campaign that is {state} cannot {deed} here; "
            f"it must be one of: {', '.join(words) or 'none'}.",
            code=code,
            details={"status": str(state), "allowed": words},
        )
