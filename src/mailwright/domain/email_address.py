"""Email addresses: what we accept, and what makes two of them one.

Nearly every address is plain ASCII and passes one regular expression, strict enough that what it
takes the library takes too (a test compares them). Everything else goes through email-validator:
internationalised domains, non-ASCII names, quoted oddities, length rules (RFC 5321 4.5.3.1).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import email_validator
from email_validator import EmailNotValidError

from mailwright.errors import InvalidInput

LENGTH_MAX = 254  # characters of a whole address; RFC 5321 4.5.3.1.3 less the angle brackets

PLAIN = re.compile(
    r"(?=.{6,254}\Z)(?=[^@]{1,64}@)"
    r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9]|-(?=[A-Za-z0-9])){0,62}\.){1,4}[A-Za-z]{2,24}\Z"
)


@dataclass(frozen=True, slots=True)
class EmailAddress:
    """A valid address. `text`: as given, trimmed; `key`: equal for equal mailboxes."""

    text: str
    key: str

    @classmethod
    def parse(cls, text: str) -> EmailAddress:
        """The address in `text`. Raises InvalidInput for the field `email`, saying why.

        Dots and plus tags in the local part are kept: only its provider knows what they mean.
        """
        given = text.strip(" \t")
        if PLAIN.match(given) and "--" not in given:
            return cls(given, given.lower())
        return _odd(given)


def email_key_of(text: str) -> str:
    """The key to look an address up by; for text that is none, something that matches nobody."""
    try:
        return EmailAddress.parse(text).key
    except InvalidInput:
        # PostgreSQL takes neither NUL nor half a surrogate pair.
        return text.strip().lower().replace("\0", "?").encode(errors="replace").decode()


def is_address(text: str) -> bool:
    """Whether `text` is a valid address."""
    try:
        EmailAddress.parse(text)
    except InvalidInput:
        return False
    return True


def _odd(given: str) -> EmailAddress:
    if any(ord(char) < 32 or ord(char) == 127 or "\ud800" <= char <= "\udfff" for char in given):
        raise InvalidInput.field("email", "An address has no line ends or control characters.")
    try:
        found = email_validator.validate_email(
            given[: LENGTH_MAX * 4],
            check_deliverability=False,
            strict=True,
            globally_deliverable=False,  # .test and .example (RFC 2606) are what demos mail to
        )
    except (EmailNotValidError, UnicodeError) as error:
        raise InvalidInput.field("email", f"This is not a valid address. {error}") from None
    domain = found.ascii_domain or found.domain
    if "." not in domain or domain.startswith("["):
        raise InvalidInput.field("email", "The domain of an address has a dot.")
    return EmailAddress(found.normalized, f"{found.local_part.lower()}@{domain.lower()}")
