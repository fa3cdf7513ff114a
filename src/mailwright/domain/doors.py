"""The doors people come through, and what each vendor's words let them do in which state.

The lifecycle says what is possible at all; a door may allow less (design section 6, "Edit, delete,
cancel rules"). A door's rules are a row here, never an `if` in a service.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from mailwright.domain.campaign_lifecycle import CampaignState as S


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
    ),
    Door.MAILINGCORE: DoorRules(
        editable=frozenset({S.DRAFT}),
        deletable=frozenset(),
        cancelable=frozenset({S.DRAFT, S.SCHEDULED, S.QUEUED, S.SENDING, S.PAUSED}),
        transition_wait_seconds=2.0,
    ),
}
