"""What kind of bounce each rule is called."""

from __future__ import annotations

import pytest

from mailwright.domain.bounce_kind import KINDS, BounceKind, bounce_kind
from mailwright.domain.smtp_verdict import RULES, Phase, verdict


def test_every_name_is_that_of_a_rule() -> None:
    assert set(KINDS) <= {rule.name for rule in RULES}


def test_whatever_suppresses_an_address_says_that_it_does_not_work() -> None:
    kinds = {bounce_kind(rule.name) for rule in RULES if rule.suppress}
    assert kinds == {BounceKind.HARD, BounceKind.DNS_FAILURE}


@pytest.mark.parametrize(
    ("code", "enhanced", "text", "kind"),
    [
        (550, "5.1.1", "no such user", BounceKind.HARD),
        (552, "5.2.2", "mailbox full", BounceKind.FULL_MAILBOX),
        (550, "5.7.1", "blocked", BounceKind.MAIL_BLOCKED),
        (556, "5.1.10", "null mx", BounceKind.DNS_FAILURE),
        (554, None, "no", BounceKind.SOFT),
    ],
)
def test_replies_are_called_by_their_kind(
    code: int, enhanced: str | None, text: str, kind: BounceKind
) -> None:
    assert bounce_kind(verdict(code, enhanced, Phase.RCPT, text).rule) is kind


def test_an_unknown_reason_is_soft() -> None:
    assert bounce_kind(None) is bounce_kind("a rule of tomorrow") is BounceKind.SOFT
