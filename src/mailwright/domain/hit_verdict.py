"""Who or what fetched a pixel or followed a link, judged from what it says about itself.

Every hit is kept and counted; the verdict stands beside it in the event, so that a report can leave
machines out and an auditor can see why. Known marks are those of trust.md section 5: Apple's Mail
Privacy Protection says a bare `Mozilla/5.0`, Gmail's proxy names itself, its prefetch uses an old
Edge whose text ends in `Mozilla/5.0`.
"""

from __future__ import annotations

from enum import StrEnum


class HitVerdict(StrEnum):
    """A guess, named as one: only the marks below are known."""

    HUMAN = "human"  # a browser or mail program of a person, as far as one can tell
    PROXY = "proxy"  # a provider's image proxy, on behalf of a person who opened the mail
    PREFETCH = "prefetch"  # fetched ahead of the person, who may never look
    SCANNER = "scanner"  # a security gateway or a crawler
    UNKNOWN = "unknown"


#: Nobody looked, as far as one can tell. A proxy is not among them: it fetches for a reader.
NOBODY_LOOKED = frozenset({HitVerdict.PREFETCH, HitVerdict.SCANNER})

#: What no person's own program did.
MACHINES = NOBODY_LOOKED | {HitVerdict.PROXY}

_PREFETCH_PURPOSES = ("prefetch", "preview", "prerender")

#: (mark in the lower-cased agent, verdict); the first that fits decides.
_MARKS: tuple[tuple[str, HitVerdict], ...] = (
    ("googleimageproxy", HitVerdict.PROXY),
    ("yahoomailproxy", HitVerdict.PROXY),
    ("edge/12.246 mozilla/5.0", HitVerdict.PREFETCH),
    ("barracuda", HitVerdict.SCANNER),
    ("mimecast", HitVerdict.SCANNER),
    ("proofpoint", HitVerdict.SCANNER),
    ("symantec", HitVerdict.SCANNER),
    ("bingpreview", HitVerdict.SCANNER),
    ("headlesschrome", HitVerdict.SCANNER),
    ("crawler", HitVerdict.SCANNER),
    ("spider", HitVerdict.SCANNER),
    ("bot", HitVerdict.SCANNER),
    ("curl/", HitVerdict.SCANNER),
    ("wget/", HitVerdict.SCANNER),
    ("python", HitVerdict.SCANNER),
    ("go-http-client", HitVerdict.SCANNER),
    ("mozilla/5.0 (", HitVerdict.HUMAN),
    ("thunderbird", HitVerdict.HUMAN),
    ("outlook", HitVerdict.HUMAN),
)


def judge(agent: str, purpose: str = "") -> HitVerdict:
    """The verdict on a hit by its `User-Agent` and its `Purpose` or `Sec-Purpose` header."""
    if any(word in purpose.lower() for word in _PREFETCH_PURPOSES):
        return HitVerdict.PREFETCH
    text = agent.strip().lower()
    if text == "mozilla/5.0":
        return HitVerdict.PREFETCH
    return next((verdict for mark, verdict in _MARKS if mark in text), HitVerdict.UNKNOWN)
