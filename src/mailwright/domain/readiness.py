"""What a campaign still lacks before it can be sent, or tested (seed 003, "Readiness").

Pure: whoever knows the facts asks. The words are easymail's and stable.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Facts:
    """What readiness depends on. `has_sender`: its sender is enabled and confirmed."""

    from_name: str | None
    has_sender: bool
    subject: str | None
    has_body: bool
    has_audience: bool


_Check = Callable[[Facts], bool]

#: Each requirement of a send with how it is met, in the order in which it is told.
REQUIREMENTS: Mapping[str, _Check] = {
    "from_name": lambda facts: _is_filled(facts.from_name),
    "sender_email": lambda facts: facts.has_sender,
    "subject": lambda facts: _is_filled(facts.subject),
    "content": lambda facts: facts.has_body,
    "audience": lambda facts: facts.has_audience,
}

#: A test mail needs less (seed 003, "Sending a test"); the words are those of vendors.md 3.1.
TEST_REQUIREMENTS: Mapping[str, _Check] = {
    "subject": REQUIREMENTS["subject"],
    "content": REQUIREMENTS["content"],
    "sender_identity": REQUIREMENTS["sender_email"],
}


def missing(facts: Facts) -> tuple[str, ...]:
    """The requirements of a send that are not met; empty: ready."""
    return tuple(word for word, is_met in REQUIREMENTS.items() if not is_met(facts))


def missing_for_test(facts: Facts) -> tuple[str, ...]:
    """The requirements of a test mail that are not met; empty: it can be sent."""
    return tuple(word for word, is_met in TEST_REQUIREMENTS.items() if not is_met(facts))


def _is_filled(text: str | None) -> bool:
    return bool(text and text.strip())
