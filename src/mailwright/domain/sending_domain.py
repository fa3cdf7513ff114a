"""Sending domains: which records one needs, and what the answers of DNS make of it.

A domain is *authenticated* when SPF and DKIM hold: then its addresses need no confirmation, and its
mail is signed. It is *ready* when its tracking host holds as well (vendors.md, seed 001: "Your
tracking domain must be branded on your domain"): then an installation that insists on
authenticated domains lets it send.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from mailwright.domain.email_address import EmailAddress
from mailwright.errors import InvalidInput

NAME_LENGTH_MAX = 200  # characters, so that every host made from it fits into the 253 of DNS
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_SELECTOR = re.compile(_LABEL)
_NAME = re.compile(rf"(?:{_LABEL}\.)+(?!\d+\Z){_LABEL}")  # a last label of digits is an address

TRACKING_LABEL = "links"
RETURN_PATH_LABEL = "bounces"


class RecordKind(StrEnum):
    """The records of a domain, in the order in which they are shown."""

    SPF = "spf"
    DKIM = "dkim"
    DKIM_NEXT = "dkim_next"  # of the key that takes over once this record is seen
    DMARC = "dmarc"
    TRACKING = "tracking"
    RETURN_PATH_MX = "return_path_mx"
    RETURN_PATH_SPF = "return_path_spf"


class RecordState(StrEnum):
    """`pending`: nothing there yet, or no answer yet; `failed`: wrong, or gone."""

    VALID = "valid"
    PENDING = "pending"
    FAILED = "failed"


class KeyState(StrEnum):
    """A key signs while it is active; a retired one is kept as its public half only."""

    PENDING = "pending"
    ACTIVE = "active"
    RETIRED = "retired"


AUTHENTICATING = (RecordKind.SPF, RecordKind.DKIM)
REQUIRED = (*AUTHENTICATING, RecordKind.TRACKING)
RETURN_PATH = (RecordKind.RETURN_PATH_MX, RecordKind.RETURN_PATH_SPF)

#: What was found about each record at the last check: `state`, `found`, `mend`, `valid_at`.
Checks = Mapping[str, Mapping[str, Any]]


def is_valid(checks: Checks, *kinds: RecordKind) -> bool:
    """Whether all of these records held at the last check."""
    return all(checks.get(kind, {}).get("state") == RecordState.VALID for kind in kinds)


def is_authenticated(checks: Checks) -> bool:
    """Whether SPF and DKIM held at the last check."""
    return is_valid(checks, *AUTHENTICATING)


def missing(checks: Checks) -> tuple[RecordKind, ...]:
    """The records that a domain must have before it is ready, and has not."""
    return tuple(kind for kind in REQUIRED if not is_valid(checks, kind))


def parse_domain(text: str, field: str = "name") -> str:
    """The domain in A-label form, lower case (RFC 5890). Raises InvalidInput for `field`."""
    return _parsed(text, field)


def parse_host(text: str, field: str, domain: str) -> str:
    """A host below `domain`, in the same form. Raises InvalidInput for `field`."""
    host = _parsed(text, field)
    if not host.endswith(f".{domain}"):
        raise InvalidInput.field(field, f"Give a host below {domain}, such as links.{domain}.")
    return host


def parse_selector(text: str) -> str:
    """The selector of a key: one label of DNS. Raises InvalidInput for `selector`."""
    selector = text.strip().lower()
    if not _SELECTOR.fullmatch(selector):
        raise InvalidInput.field("selector", "Letters, digits and hyphens, 63 at most.")
    return selector


def domain_of(email_key: str) -> str:
    """The domain of an address as `EmailAddress.key` has it."""
    return email_key.rpartition("@")[2]


def _parsed(text: str, field: str) -> str:
    name = text.strip().rstrip(".")
    try:
        name = domain_of(EmailAddress.parse(f"a@{name}").key)
    except InvalidInput:
        name = ""
    if len(name) > NAME_LENGTH_MAX or not _NAME.fullmatch(name):
        raise InvalidInput.field(field, "Give a domain such as example.com, without scheme or @.")
    return name
