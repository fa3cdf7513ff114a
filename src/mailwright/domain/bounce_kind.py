"""What kind of bounce it was, in the eight words that reports use.

A ledger row keeps the rule that read the server's reply (domain/smtp_verdict.py); this is what
people call it. A rule that is not named here is a `soft` bounce: the mail came back, and nothing
says that the address is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class BounceKind(StrEnum):
    """Why a mail came back."""

    HARD = "hard"  # there is no such address
    SOFT = "soft"  # refused, for a reason that may pass
    FULL_MAILBOX = "full_mailbox"
    MAIL_BLOCKED = "mail_blocked"  # they do not take mail like this, or from us
    DNS_FAILURE = "dns_failure"  # the domain takes no mail
    TRANSIENT = "transient"  # they tried for a while and gave up
    ADDRESS_CHANGED = "address_changed"
    CHALLENGE_RESPONSE = "challenge_response"  # a machine wants proof of a person first


_K = BounceKind

KINDS: Mapping[str, BounceKind] = {
    "address-invalid": _K.HARD,
    "address-invalid-odd-code": _K.HARD,
    "address-unclear": _K.HARD,
    "unknown-user-by-text": _K.HARD,
    "mailbox-disabled": _K.HARD,
    "mailbox-disabled-unclear": _K.HARD,
    "mailbox-disabled-by-text": _K.HARD,
    "domain-takes-no-mail": _K.DNS_FAILURE,
    "mailbox-full": _K.FULL_MAILBOX,
    "mailbox-full-no-detail": _K.FULL_MAILBOX,
    "mailbox-full-by-text": _K.FULL_MAILBOX,
    "policy": _K.MAIL_BLOCKED,
    "policy-for-now": _K.MAIL_BLOCKED,
    "policy-by-text": _K.MAIL_BLOCKED,
    "our-sender-address": _K.MAIL_BLOCKED,
    "greylisted": _K.TRANSIENT,
    "rate-limited": _K.TRANSIENT,
    "rate-limited-by-code": _K.TRANSIENT,
}


def bounce_kind(reason: str | None) -> BounceKind:
    """The kind of a bounce by the rule that read the reply."""
    return KINDS.get(reason or "", BounceKind.SOFT)
