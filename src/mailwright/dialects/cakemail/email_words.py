"""Cakemail's words for where a single mail stands, and for what happened to it."""

from __future__ import annotations

from collections.abc import Mapping

from mailwright.domain.email_event import EventKind as K
from mailwright.domain.email_status import EmailStatus as S

#: Seed 001's table; what it has no word for in the document's. A mail that waits for its time is
#: `submitted`.
STATUS: Mapping[S, str] = {
    S.SCHEDULED: "submitted",
    S.QUEUED: "queued",
    S.DEFERRED: "queued",
    S.DELIVERED: "delivered",
    S.OPENED: "opened",
    S.CLICKED: "clicked",
    S.BOUNCED: "bounced",
    S.COMPLAINED: "complained",
    S.SKIPPED: "rejected",
    S.FAILED: "error",
    S.CANCELED: "other",
}

#: The same in the words of the document, which lists have.
IN_LISTS: Mapping[S, str] = {
    **STATUS,
    S.OPENED: "open",
    S.CLICKED: "click",
    S.BOUNCED: "bounce",
    S.COMPLAINED: "spam",
}

LOGGED: Mapping[K, str] = {
    K.SUBMITTED: "submitted",
    K.QUEUED: "queued",
    K.SENT: "delivered",
    K.BOUNCED: "bounce",
    K.FAILED: "error",
    K.SKIPPED: "rejected",
    K.CANCELED: "other",
    K.OPENED: "open",
    K.CLICKED: "click",
    K.COMPLAINED: "spam",
    K.UNSUBSCRIBED: "unsubscribe",
    K.RESUBSCRIBED: "other",
    K.AUTO_REPLIED: "other",
}

#: What `log_type` asks for; also in the words of seed 001's table. An unsubscribe here is from all.
LOG_TYPES: Mapping[str, tuple[K, ...]] = {
    "all": tuple(K),
    **{word: tuple(k for k in K if LOGGED[k] == word) for word in LOGGED.values()},
    "global_unsubscribe": (),
    "opened": (K.OPENED,),
    "clicked": (K.CLICKED,),
    "bounced": (K.BOUNCED,),
    "complained": (K.COMPLAINED,),
}

#: What `status` of the summary asks for, and `engagement`.
SUMMARY: Mapping[str, tuple[S, ...]] = {
    "submitted": (S.SCHEDULED,),
    "queued": (S.QUEUED, S.DEFERRED),
    "delivered": (S.DELIVERED, S.OPENED, S.CLICKED),
    "rejected": (S.SKIPPED,),
    "error": (S.FAILED,),
    "bounced": (S.BOUNCED,),
    "spam": (S.COMPLAINED,),
    "other": (S.CANCELED,),
}
ENGAGEMENT: Mapping[str, tuple[S, ...]] = {
    "click": (S.CLICKED,),
    "open": (S.OPENED, S.CLICKED),
    "open_not_click": (S.OPENED,),
    "none": (S.DELIVERED,),
}
