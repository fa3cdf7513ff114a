"""Headers that somebody gives a mail beside ours: which may be given, and their lines."""

from __future__ import annotations

from collections.abc import Sequence

from mailwright.errors import InvalidInput
from mailwright.mail import headers

HEADERS_MAX = 20
VALUE_LENGTH_MAX = 998

#: What we write ourselves, what servers write, and what names further recipients.
_RESERVED = frozenset(
    {
        "bcc",
        "bounces-to",
        "cc",
        "date",
        "delivered-to",
        "errors-to",
        "feedback-id",
        "from",
        "message-id",
        "mime-version",
        "received",
        "received-spf",
        "reply-to",
        "return-path",
        "sender",
        "subject",
        "to",
    }
)
_RESERVED_BEGINNINGS = ("arc-", "authentication-", "content-", "dkim-", "list-", "resent-")


def check_headers(given: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """The headers as given. Raises InvalidInput for `headers`: a reserved one, or one broken."""
    if len(given) > HEADERS_MAX:
        raise InvalidInput.field("headers", f"At most {HEADERS_MAX} headers.")
    for name, value in given:
        lower = name.lower()
        if lower in _RESERVED or lower.startswith(_RESERVED_BEGINNINGS):
            raise InvalidInput.field("headers", f"{name[:60]} is written by Mailwright itself.")
        if len(value) > VALUE_LENGTH_MAX:
            raise InvalidInput.field("headers", f"At most {VALUE_LENGTH_MAX} characters a value.")
    names = [name.lower() for name, _ in given]
    if len(set(names)) < len(names):
        raise InvalidInput.field("headers", "Each header once.")
    try:
        folded(given)
    except InvalidInput as error:
        raise InvalidInput.field("headers", error.message) from None
    return tuple((name, value) for name, value in given)


def folded(given: Sequence[tuple[str, str]]) -> bytes:
    """Their lines, each with its CRLF. Raises InvalidInput where one holds a line end."""
    return b"".join(headers.fold(name, value) for name, value in given)
