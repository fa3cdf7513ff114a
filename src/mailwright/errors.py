"""Every error Mailwright raises on purpose.

    MailwrightError
    ├── CallerError               the caller can mend it
    │   ├── InvalidInput          a field is wrong; `details` names it
    │   ├── NotReady              something is missing before this can be done
    │   ├── NotFound              no such thing for this tenant
    │   ├── Conflict              right request, wrong moment or state
    │   ├── TooLarge              more than this door takes
    │   ├── Unauthenticated       no valid key, token or session
    │   ├── Forbidden             known caller, missing right
    │   └── RateLimited           too many, come back in `retry_after_seconds`
    │       └── QuotaExceeded     the month's mails are used up
    └── OperatorError             whoever runs the installation must act
        ├── ConfigurationError    a setting is wrong or missing
        ├── DatabaseUnreachable
        └── TransportRefused      the next mail server would not talk to us

An error carries a stable upper-case `code`, one helpful sentence, and `details` by field. It knows
nothing of HTTP: each door has one table that gives errors their form.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Details = Mapping[str, Any]


class MailwrightError(Exception):
    """Something went wrong."""

    code = "INTERNAL_ERROR"

    def __init__(
        self, message: str | None = None, *, code: str | None = None, details: Details | None = None
    ) -> None:
        self.message = message or (type(self).__doc__ or "").strip().splitlines()[0]
        self.code = code or type(self).code
        self.details: dict[str, Any] = dict(details or {})
        super().__init__(self.message)


class CallerError(MailwrightError):
    """The request cannot be carried out as it stands."""


class InvalidInput(CallerError):
    """Some fields are not valid."""

    code = "VALIDATION_ERROR"

    @classmethod
    def field(cls, name: str, *messages: str) -> InvalidInput:
        """An error about one field: `InvalidInput.field("name", "Give it a name.")`."""
        return cls(messages[0], details={name: list(messages)})

    @classmethod
    def fields(cls, messages: Mapping[str, Sequence[str]]) -> InvalidInput:
        """An error about several fields at once, each with its messages."""
        return cls(details={name: list(found) for name, found in messages.items()})


class NotReady(CallerError):
    """Something is missing before this can be done."""

    code = "NOT_READY"


class NotFound(CallerError):
    """There is no such thing here."""

    code = "RESOURCE_NOT_FOUND"


class Conflict(CallerError):
    """That does not fit the present state."""

    code = "CONFLICT"


class TooLarge(CallerError):
    """That is larger than this call takes."""

    code = "PAYLOAD_TOO_LARGE"


class Unauthenticated(CallerError):
    """Sign in, or send a valid API key as a bearer token."""

    code = "UNAUTHENTICATED"


class Forbidden(CallerError):
    """This key or member may not do that."""

    code = "FORBIDDEN"


class RateLimited(CallerError):
    """Too many requests; wait a moment."""

    code = "RATE_LIMITED"

    def __init__(self, message: str | None = None, *, retry_after_seconds: int = 1) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class QuotaExceeded(RateLimited):
    """The month's mails are used up; raise the quota or wait for the next month."""

    code = "QUOTA_EXCEEDED"

    def __init__(self, message: str | None = None, *, details: Details | None = None) -> None:
        super().__init__(message, retry_after_seconds=3_600)
        self.details = dict(details or {})


class OperatorError(MailwrightError):
    """The installation needs its operator."""

    code = "OPERATOR_ERROR"


class ConfigurationError(OperatorError):
    """A setting is wrong or missing."""

    code = "CONFIGURATION_ERROR"


class DatabaseUnreachable(OperatorError):
    """The database does not answer."""

    code = "DATABASE_UNREACHABLE"


class TransportRefused(OperatorError):
    """The mail server would not take our connection."""

    code = "TRANSPORT_REFUSED"
