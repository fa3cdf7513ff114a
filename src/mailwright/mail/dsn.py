"""Delivery status notifications, read by their structure (RFC 3464 in the report of RFC 6522).

Only the machine-readable part counts; what the notification says to people is never guessed at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mailwright.mail.mime_parts import Fields, Part, first, read_groups, read_head

RECIPIENTS_MAX = 100  # our mails have one; a mailing list's report may have many
STATUS_BYTES_MAX = 256 * 1024  # of the machine-readable part
TEXT_CHARACTERS_MAX = 1_000

#: RFC 3464 and, with addresses beyond ASCII, RFC 6533.
_STATUS_TYPES = frozenset({"message/delivery-status", "message/global-delivery-status"})
_RETURNED_TYPES = frozenset({"message/rfc822", "message/global"})
_RETURNED_HEADER_TYPES = frozenset({"text/rfc822-headers", "message/global-headers"})
#: RFC 3464 section 2.3.3.
ACTIONS = frozenset({"failed", "delayed", "delivered", "relayed", "expanded"})


@dataclass(frozen=True, slots=True)
class DsnRecipient:
    """What became of one recipient. `status`: as given, such as `5.1.1`; `diagnostic`: the words.

    `action` is one of ACTIONS. `final`: the mailbox that was tried; `original`: the one we mailed.
    """

    action: str
    final: str | None
    original: str | None
    status: str | None
    diagnostic: str | None
    remote_mta: str | None


@dataclass(frozen=True, slots=True)
class Dsn:
    """A delivery status notification. `returned`: the headers of the mail it is about."""

    reporting_mta: str | None
    sender: str | None  # the envelope sender of that mail, where the reporter names it
    recipients: tuple[DsnRecipient, ...]
    returned: Fields


def read_dsn(mail: Part) -> Dsn | None:
    """The notification in a mail, or None where there is none with a recipient."""
    for report in mail.walk():
        status = next((part for part in report.parts if part.content_type in _STATUS_TYPES), None)
        if status is not None:
            return _dsn(status, report.parts)
    return None


def returned_headers(parts: Sequence[Part]) -> Fields:
    """The headers of the mail a report is about: third part, whole or headers alone (RFC 6522)."""
    for part in parts:
        if part.content_type in _RETURNED_TYPES or part.content_type in _RETURNED_HEADER_TYPES:
            return read_head(part.decoded())
    return ()


def address_of(value: str | None) -> str | None:
    """The address in a typed field, `rfc822; ada@example.com` (RFC 3464 section 2.1.2)."""
    if value is None:
        return None
    _, semicolon, rest = value.partition(";")
    return (rest if semicolon else value).strip().strip("<>").strip() or None


def _dsn(status: Part, parts: Sequence[Part]) -> Dsn | None:
    about_mail: Fields = ()
    recipients: list[DsnRecipient] = []
    for group in read_groups(status.decoded()[:STATUS_BYTES_MAX], groups_max=RECIPIENTS_MAX + 1):
        recipient = _recipient(group)
        if recipient is not None:
            recipients.append(recipient)
        else:
            about_mail += group
    if not recipients:
        return None
    return Dsn(
        reporting_mta=address_of(first(about_mail, "reporting-mta")),
        sender=address_of(first(about_mail, "x-postfix-sender")),
        recipients=tuple(recipients),
        returned=returned_headers(parts),
    )


def _recipient(group: Fields) -> DsnRecipient | None:
    """One group of per-recipient fields: it has an action (RFC 3464 section 2.3.3: required)."""
    words = (first(group, "action") or "").lower().split()  # "failed (bounced)" occurs
    if not words or words[0] not in ACTIONS:
        return None
    diagnostic = first(group, "diagnostic-code")
    return DsnRecipient(
        action=words[0],
        final=address_of(first(group, "final-recipient")),
        original=address_of(first(group, "original-recipient")),
        status=(first(group, "status") or "").split(" ")[0] or None,
        diagnostic=(address_of(diagnostic) or "")[:TEXT_CHARACTERS_MAX] or None,
        remote_mta=address_of(first(group, "remote-mta")),
    )
