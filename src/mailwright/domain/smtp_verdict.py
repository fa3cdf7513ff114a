"""What an SMTP reply means for a message, its address and the route it took.

The order of reading: the phase, then the basic code, then the enhanced code (RFC 3463 and the
registry of RFC 5248), then the words, then a fall-back. Where the two codes disagree the basic code
decides whether to try again and the enhanced code decides why.

Two things follow and are easy to get wrong. A 5xx ends *this message*; it does not by itself
condemn the *address*: only a reply about the address suppresses, and 5.7.x never does, for it
speaks of our reputation. And a refusal before anybody's name was said (connect … AUTH, MAIL) is not
about the recipient at all: it stops the route, and the message goes back where it was.

`RULES` is read from the top; the first row that fits decides. Its names are stored beside outcomes,
so that old replies can be read again by newer rules: `RULES_VERSION` goes up with every change.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

RULES_VERSION = 1

MessageOutcome = Literal["sent", "deferred", "bounced", "failed"]
About = Literal["address", "us", "content", "mailbox", "rate", "remote"]


class Phase(StrEnum):
    """Where in the conversation a reply came."""

    CONNECT = "connect"
    GREETING = "greeting"
    EHLO = "ehlo"
    TLS = "tls"
    AUTH = "auth"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    END_OF_DATA = "end_of_data"
    QUIT = "quit"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do after a reply.

    `suppress`: never mail this address again. An `about="address"` without it is a strike: the
    second one suppresses. `stops_route`: the transport is in trouble, the message was not tried and
    goes back to the queue.
    """

    message_state: MessageOutcome
    suppress: bool
    about: About
    rule: str
    stops_route: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """One row: it fits when everything it names fits, and then says what a refusal is about."""

    name: str
    about: About
    phases: frozenset[Phase] | None = None
    codes: range | frozenset[int] | None = None
    details: re.Pattern[str] | None = None  # the enhanced code without its class: "1.1"; "" if none
    text: re.Pattern[str] | None = None
    suppress: bool = False
    permanent: MessageOutcome = "bounced"  # what a 5xx makes of the message
    stops_route: bool = False

    def fits(self, code: int, detail: str, phase: Phase, text: str) -> bool:
        """True when this row speaks of the reply."""
        return (
            (self.phases is None or phase in self.phases)
            and (self.codes is None or code in self.codes)
            and (self.details is None or self.details.fullmatch(detail) is not None)
            and (self.text is None or self.text.search(text) is not None)
        )


_TEMPORARY, _PERMANENT = range(400, 500), range(500, 600)
_BEFORE_MAIL = frozenset({Phase.CONNECT, Phase.GREETING, Phase.EHLO, Phase.TLS, Phase.AUTH})
_MAIL, _RCPT = frozenset({Phase.MAIL}), frozenset({Phase.RCPT})
_words: Callable[[str], re.Pattern[str]] = lambda pattern: re.compile(pattern, re.IGNORECASE)  # noqa: E731  (a short name for a long table)

_SIZE_TEXT = _words(
    r"\b(?:message|mail|size)\b.{0,40}\b(?:too (?:large|big)|exceed|larger than)|\btoo large\b"
)
_FULL_TEXT = _words(r"(?:mailbox|inbox|quota|storage).{0,40}(?:full|exceed)|over ?quota")
_GREYLIST_TEXT = _words(r"gr[ae]y-?list")
_RATE_TEXT = _words(
    r"\b(?:TSS?\d\d|IPTS\d\d|TS0\d)\b|rate.?limit|too many|too (?:fast|quickly)|throttl"
    r"|temporarily deferred|unusual rate"
)
_DISABLED_TEXT = _words(
    r"\b(?:account|mailbox|user|recipient|address)\b.{0,40}"
    r"\b(?:disabled|inactive|suspended|deactivated|closed|discontinued|no longer (?:active|in use))"
)
# Words about us win over words about the user: "blocked … user unknown" must not cost a subscriber.
_POLICY_TEXT = _words(
    r"spam|block(?:ed|list)|black-?list|dnsbl|\brbl\b|reputation|\bSPF\b|DKIM|DMARC|\bPTR\b"
    r"|reverse dns|policy|not permitted|relay(?:ing)? (?:access )?denied|authentication required"
    r"|client host|\bsender\b|helo\b"
)
_UNKNOWN_USER_TEXT = _words(
    r"(?:user|recipient|mailbox|address|account|local part)\b.{0,60}"
    r"\b(?:unknown|not (?:found|known|exist)|do(?:es)?(?: not|n['’]t) exist)"
    r"|(?:unknown|no such|invalid) (?:\w+ )?(?:user|recipient|mailbox|address|account|local part)"
    r"|not a (?:valid|known) (?:user|recipient|mailbox|address)|no mailbox (?:here )?by that name"
)
_NO_OR_VAGUE_DETAIL = re.compile(r"|[01]\.0")

RULES: tuple[Rule, ...] = (
    # --- before anybody's name was said: the route is in trouble
    Rule("route-refused", "us", phases=_BEFORE_MAIL, stops_route=True),
    Rule("size", "content", phases=_MAIL, details=re.compile(r"3\.4"), permanent="failed"),
    Rule(
        "size-no-detail", "content", phases=_MAIL, codes=frozenset({552}),
        details=_NO_OR_VAGUE_DETAIL, permanent="failed",
    ),
    Rule("sender-refused", "us", phases=_MAIL, codes=_PERMANENT, stops_route=True),
    Rule(
        "sender-not-authenticated", "us", phases=_MAIL, codes=_TEMPORARY,
        details=re.compile(r"7\.(?:8|9|11|12)"), stops_route=True,
    ),
    # --- the address
    Rule(
        "address-invalid", "address", codes=frozenset({550, 551, 553}),
        details=re.compile(r"1\.(?:1|2|3|6|10)"), suppress=True,
    ),
    # RFC 7505 section 4.2 and RFC 7504: a null MX is refused with 556 5.1.10
    Rule(
        "domain-takes-no-mail", "address", codes=frozenset({556}),
        details=re.compile(r"1\.10"), suppress=True,
    ),
    Rule("address-invalid-odd-code", "address", codes=_PERMANENT,
         details=re.compile(r"1\.(?:1|2|3|6|10)")),
    Rule("address-unclear", "address", codes=_TEMPORARY, details=re.compile(r"1\.(?:1|2|3|6|10)")),
    Rule(
        "mailbox-disabled", "address", codes=_PERMANENT, details=re.compile(r"2\.1"),
        text=_DISABLED_TEXT, suppress=True,
    ),
    Rule("mailbox-disabled-unclear", "address", codes=_PERMANENT, details=re.compile(r"2\.1")),
    # --- the mailbox is there, but full
    Rule("mailbox-full", "mailbox", details=re.compile(r"2\.2")),
    # --- rate and greylisting, before policy: 4.7.x is used for all three
    Rule("greylisted", "remote", codes=_TEMPORARY, text=_GREYLIST_TEXT),
    Rule(
        "rate-limited", "rate", codes=frozenset({421, 450, 451}),
        details=re.compile(r"|7\.\d+|[013]\.0|3\.2|4\.[025]"), text=_RATE_TEXT,
    ),
    Rule("rate-limited-by-code", "rate", codes=frozenset({421, 450, 451}),
         details=re.compile(r"7\.28")),
    # --- us: our sender address, our reputation, our authentication
    Rule("our-sender-address", "us", details=re.compile(r"1\.(?:7|8)")),
    Rule("policy", "us", codes=_PERMANENT, details=re.compile(r"7\.\d+")),
    Rule("policy-for-now", "us", codes=_TEMPORARY, details=re.compile(r"7\.\d+")),
    # --- the content
    Rule("size", "content", details=re.compile(r"3\.4"), permanent="failed"),
    Rule(
        "size-by-text", "content", codes=frozenset({552, 554}), details=_NO_OR_VAGUE_DETAIL,
        text=_SIZE_TEXT, permanent="failed",
    ),
    Rule("content", "content", details=re.compile(r"6\.\d+"), permanent="failed"),
    # RFC 5321 section 4.2.3: 552 without more is "exceeded storage allocation"
    Rule("mailbox-full-no-detail", "mailbox", codes=frozenset({552}), details=_NO_OR_VAGUE_DETAIL),
    Rule("mailbox-full-by-text", "mailbox", details=_NO_OR_VAGUE_DETAIL, text=_FULL_TEXT),
    # --- words, when no code says it
    Rule("policy-by-text", "us", codes=_PERMANENT, details=_NO_OR_VAGUE_DETAIL, text=_POLICY_TEXT),
    Rule(
        "mailbox-disabled-by-text", "address", phases=_RCPT, codes=frozenset({550}),
        details=_NO_OR_VAGUE_DETAIL, text=_DISABLED_TEXT,
    ),
    Rule(
        "unknown-user-by-text", "address", phases=_RCPT, codes=frozenset({550}),
        details=_NO_OR_VAGUE_DETAIL, text=_UNKNOWN_USER_TEXT, suppress=True,
    ),
    # --- we spoke wrongly
    Rule("protocol", "us", codes=frozenset({500, 501, 502, 503, 504, 555}), permanent="failed"),
    Rule("protocol", "us", codes=_PERMANENT, details=re.compile(r"5\.[1-6]"), permanent="failed"),
    # --- fall-back: it is over or it is not, and nobody is to blame
    Rule("remote", "remote"),
)  # fmt: skip


def verdict(code: int, enhanced: str | None, phase: Phase, text: str) -> Verdict:
    """What a reply means; pure, the same answer for ever under one `RULES_VERSION`.

    `enhanced` is the code as sent (`5.1.1`) or None; `text` is the whole reply's words.
    """
    if 200 <= code < 300:
        return Verdict("sent", suppress=False, about="remote", rule="accepted")
    detail = enhanced.partition(".")[2] if enhanced else ""
    rule = next(rule for rule in RULES if rule.fits(code, detail, phase, text))
    permanent = 500 <= code < 600 and not rule.stops_route
    return Verdict(
        rule.permanent if permanent else "deferred",
        suppress=rule.suppress,
        about=rule.about,
        rule=rule.name,
        stops_route=rule.stops_route,
    )


def unknown_outcome() -> Verdict:
    """The verdict when the connection broke after the final dot: perhaps delivered, perhaps not."""
    return Verdict("deferred", suppress=False, about="remote", rule="unknown-after-final-dot")
