"""Cakemail's words for what happened to a mail, and ours for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mailwright.domain.bounce_kind import BounceKind as B
from mailwright.domain.email_event import EventKind as K
from mailwright.errors import InvalidInput

BOUNCES: Mapping[B, str] = {
    B.HARD: "bounce_hb",
    B.SOFT: "bounce_sb",
    B.FULL_MAILBOX: "bounce_fm",
    B.MAIL_BLOCKED: "bounce_mb",
    B.DNS_FAILURE: "bounce_df",
    B.TRANSIENT: "bounce_tr",
    B.ADDRESS_CHANGED: "bounce_ac",
    B.CHALLENGE_RESPONSE: "bounce_cr",
}

TYPES: Mapping[K, str] = {
    K.SUBMITTED: "received",
    K.QUEUED: "in_queue",
    K.SENT: "sent",
    K.BOUNCED: "bounce",
    K.FAILED: "other",
    K.SKIPPED: "skipped",
    K.CANCELED: "other",
    K.OPENED: "open",
    K.CLICKED: "click",
    K.COMPLAINED: "spam",
    K.UNSUBSCRIBED: "unsubscribe",
    K.RESUBSCRIBED: "subscribe",
    K.AUTO_REPLIED: "auto_responder",
}


@dataclass(frozen=True, slots=True)
class Happening:
    """What a word of a filter asks for; neither: what never happens here."""

    kinds: tuple[K, ...] = ()
    bounces: tuple[B, ...] = ()


#: Words for what Mailwright does not do, such as forwarding to a friend.
_NEVER = (
    "forward",
    "view",
    "share",
    "generating",
    "schedule",
    "update",
    "global_unsubscribe",
    "unsub_reason",
)

#: What each word of a filter asks for.
HAPPENINGS: Mapping[str, Happening] = {
    **{
        word: Happening(tuple(kind for kind in K if TYPES[kind] == word)) for word in TYPES.values()
    },
    **{word: Happening(bounces=(kind,)) for kind, word in BOUNCES.items()},
    "bounce_ar": Happening((K.AUTO_REPLIED,)),
    "clickthru": Happening((K.CLICKED,)),
    **dict.fromkeys(_NEVER, Happening()),
}


def happening(word: str) -> Happening:
    """What a word asks for. Raises InvalidInput."""
    found = HAPPENINGS.get(word)
    if found is None:
        raise InvalidInput.field("filter", f"type is one of {', '.join(HAPPENINGS)}.")
    return found


def type_of(kind: K, bounce: B | None) -> str:
    """Cakemail's word for what happened."""
    return TYPES[kind] if bounce is None else BOUNCES[bounce]
