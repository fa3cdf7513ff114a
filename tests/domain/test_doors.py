"""What each door may do in which state: the whole table."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from mailwright.domain.campaign_lifecycle import CampaignState as S
from mailwright.domain.doors import (
    RULES,
    Door,
    require_cancelable,
    require_deletable,
    require_editable,
)
from mailwright.errors import Conflict

Rule = Callable[[Door, S], None]

EASYMAIL: Mapping[
    Rule, tuple[set[S], str]
] = {  # seed 003, "Editing and deleting by status" and "Sending lifecycle"
    require_editable: ({S.DRAFT, S.SCHEDULED, S.FAILED}, "CAMPAIGN_NOT_EDITABLE"),
    require_deletable: ({S.DRAFT, S.SENT, S.FAILED, S.CANCELED}, "CAMPAIGN_NOT_DELETABLE"),
    require_cancelable: ({S.QUEUED, S.SENDING, S.PAUSED}, "CAMPAIGN_NOT_CANCELABLE"),
}


@pytest.mark.parametrize("state", S)
@pytest.mark.parametrize("rule", EASYMAIL)
def test_easymails_door_allows_what_its_documentation_says(rule: Rule, state: S) -> None:
    allowed, code = EASYMAIL[rule]
    if state in allowed:
        rule(Door.API, state)
    else:
        with pytest.raises(Conflict) as refused:
            rule(Door.API, state)
        assert refused.value.code == code
        assert refused.value.details["allowed"] == sorted(allowed)


@pytest.mark.checklist("U04")
def test_a_scheduled_campaign_is_canceled_at_mailingcores_door_only() -> None:
    require_cancelable(Door.MAILINGCORE, S.SCHEDULED)
    with pytest.raises(Conflict):
        require_cancelable(Door.API, S.SCHEDULED)


@pytest.mark.checklist("U03")
def test_a_scheduled_campaign_is_edited_at_easymails_door_only() -> None:
    require_editable(Door.API, S.SCHEDULED)
    for door in (Door.CAKEMAIL, Door.MAILINGCORE):
        with pytest.raises(Conflict):
            require_editable(door, S.SCHEDULED)


def test_only_easymails_door_does_not_wait_for_a_transition_under_way() -> None:
    assert [door for door, rules in RULES.items() if not rules.transition_wait_seconds] == [
        Door.API
    ]
