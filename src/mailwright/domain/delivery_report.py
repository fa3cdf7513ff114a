"""What a report about a mail that had been accepted means: a bounce that came late, a complaint.

A delivery status names an enhanced code of its own and quotes the words of the server that refused
the mail; where the two tell different stories the server's own words are nearer to what happened,
since a reporter without a better idea writes 5.0.0 or 5.1.1. All of it is then read like a reply
heard in person (`smtp_verdict`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from mailwright.domain.smtp_verdict import Phase, Verdict, verdict

#: RFC 5965 section 7.3 and its registry: what says that somebody wants no more of this.
COMPLAINTS = frozenset(
    {"abuse", "fraud", "virus", "other", "opt-out", "opt-out-list", "unsolicited"}
)

_STATUS = re.compile(r"#?([245])\.(\d{1,3})\.(\d{1,3})(?![.\d])")
_STATUS_WITHIN = re.compile(r"(?<![.\d])#?([245])\.(\d{1,3})\.(\d{1,3})(?![.\d])")
_CODE_FIRST = re.compile(r"\W{0,5}([245]\d\d)(?=[\s-])")
_CODE_WITHIN = re.compile(r"(?<![.\d])([45]\d\d)[ -]#?(?=[45]\.\d)")
_VAGUE = frozenset({"0.0", "1.0", "3.0"})
_ASSUMED = {"5": 550, "4": 450, "2": 250}


@dataclass(frozen=True, slots=True)
class FailureReport:
    """A failure as it was understood. `status`: the enhanced code that decided, or None."""

    status: str | None
    is_hard: bool  # the address does not work; else it was the mail, the moment, or us
    verdict: Verdict


def read_failure(status: str | None, diagnostic: str | None) -> FailureReport:
    """What a failed recipient's `Status` and `Diagnostic-Code` mean together.

    The mail is over, also where the codes speak of trouble that passes: the reporter gave up.
    """
    words = diagnostic or ""
    reported = _STATUS.match(status or "")
    quoted = _quoted(words)
    chosen = quoted if quoted and not _is_vague(quoted) else reported or quoted
    code = _CODE_FIRST.match(words) or _CODE_WITHIN.search(words)
    number = int(code[1]) if code else _ASSUMED[chosen[1] if chosen else "5"]
    found = _verdict(number, chosen, words)
    if chosen is not None and quoted is None and words:
        # The code is the reporter's guess. Words that blame us must not cost a subscriber.
        by_words = _verdict(number, None, words)
        found = by_words if by_words.about == "us" else found
    is_hard = found.about == "address" and number >= 500
    return FailureReport(_text(chosen) if chosen else None, is_hard, found)


def _quoted(words: str) -> re.Match[str] | None:
    """The enhanced code in a server's words; of several the last that says something.

    Relays put what they think in front of what they heard.
    """
    found = list(_STATUS_WITHIN.finditer(words))
    return next((match for match in reversed(found) if not _is_vague(match)), None) or (
        found[0] if found else None
    )


def _verdict(number: int, status: re.Match[str] | None, words: str) -> Verdict:
    enhanced = _text(status) if status else None
    found = verdict(number, enhanced, Phase.RCPT, words)
    outcome = "failed" if found.message_state == "failed" else "bounced"
    return Verdict(outcome, suppress=found.suppress, about=found.about, rule=found.rule)


def _text(status: re.Match[str]) -> str:
    return ".".join(status.groups())


def _is_vague(status: re.Match[str]) -> bool:
    return f"{status[2]}.{status[3]}" in _VAGUE
