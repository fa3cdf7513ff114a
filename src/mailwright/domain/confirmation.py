"""Double opt-in: who is asked whether they really want a list's mail, and how often at most.

An address is asked once in 24 hours and three times in all, whoever asks for it and however often:
nobody's inbox is to be flooded by signing them up to everything (SEC-25).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

MAILS_MAX = 3  # to one address, ever
PAUSE = timedelta(hours=24)  # between two of them
#: How long a link in such a mail is good for.
LINK_DAYS = 30


class DoubleOptIn(StrEnum):
    """Whom a call wants to be asked."""

    NEVER = "never"
    NEW = "new"  # those who are not on the list yet
    NOT_ACTIVE = "not_active"  # and those who left it, or never confirmed
    ALWAYS = "always"  # the same: who is subscribed and stays so has nothing to confirm


def is_asked(wish: DoubleOptIn, standing: str | None) -> bool:
    """Whether somebody of that standing on the list (None: not on it) is asked to confirm."""
    if wish is DoubleOptIn.NEVER or standing == "subscribed":
        return False
    return standing is None or wish is not DoubleOptIn.NEW


def may_ask(earlier: Sequence[datetime], now: datetime) -> bool:
    """Whether one more mail may go to an address that had these."""
    if len(earlier) >= MAILS_MAX:
        return False
    return all(now - at >= PAUSE for at in earlier)
