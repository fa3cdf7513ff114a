"""When an address is left alone because mail to it fails again and again.

A reply that condemns an address suppresses it at once (`smtp_verdict`); most failures do not, and
must not: mailboxes are full for a week, servers are down for a day. An address is given up when
FAILURES different mails failed in a row, over SPREAD or longer, with nothing in between that
arrived; or when STRIKES in a row said that the address itself does not work. What a server holds
against us, our content or our rate says nothing about the address: it neither counts nor excuses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from mailwright.domain.message_lifecycle import MessageState
from mailwright.domain.smtp_verdict import RULES, About

FAILURES = 3  # mails in a row; MessageGears and an old agreement of the trade say the same
SPREAD = timedelta(days=14)
STRIKES = 2  # refusals about the address, in a row

_ABOUT: Mapping[str, About] = {rule.name: rule.about for rule in RULES}
_COUNTED: frozenset[About] = frozenset({"address", "mailbox", "remote"})
_GAVE_UP = "retries-exhausted"  # a row that was tried for its whole horizon


@dataclass(frozen=True, slots=True)
class Attempt:
    """One mail that was tried, and how it ended. `was_read`: opened or clicked."""

    state: str
    reason: str | None
    at: datetime
    was_read: bool = False

    @property
    def arrived(self) -> bool:
        """Whether somebody got it."""
        return self.state == MessageState.SENT or self.was_read

    @property
    def about(self) -> About | None:
        """What it failed for, where that counts; None: it says nothing about the address."""
        if self.state == MessageState.FAILED:
            return "remote" if self.reason == _GAVE_UP else None
        about = _ABOUT.get(self.reason or "", "remote")
        return about if self.state == MessageState.BOUNCED and about in _COUNTED else None


def is_unreachable(history: Sequence[Attempt]) -> bool:
    """Whether mail to an address should stop; `history`: its mails, the newest first."""
    failures: list[Attempt] = []
    for attempt in history:
        if attempt.arrived:
            break
        if attempt.about is not None:
            failures.append(attempt)
    strikes = [attempt.about == "address" for attempt in failures[:STRIKES]]
    if len(strikes) == STRIKES and all(strikes):
        return True
    if len(failures) < FAILURES:
        return False
    times = [failure.at for failure in failures]  # bounces come back in any order
    return max(times) - min(times) >= SPREAD
