"""The request that tells an event, in each dialect, and how long it is tried."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from mailwright.domain.retry_ladder import RetryLadder
from mailwright.domain.webhook_event import WebhookDialect
from mailwright.domain.webhook_signature import (
    cakemail_signature,
    mailingcore_signature,
    standard_signature,
)
from mailwright.domain.webhook_words import CAKEMAIL_WORDS

RETRY_AFTER_MAX = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Telling:
    """One event for one endpoint.

    `tenant_uuid` and `delivery_uuid` only MailingCore shows, `tenant_id` only Cakemail.
    """

    event_uuid: UUID
    delivery_uuid: UUID
    tenant_uuid: UUID
    type: str
    at: datetime
    data: Mapping[str, Any]
    tenant_id: int = 0

    @property
    def event_id(self) -> str:
        """What the receiver knows the event by: the same at every attempt and every endpoint."""
        return f"evt_{self.event_uuid.hex}"


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """What is posted."""

    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Form:
    """A dialect: how to write the request, when to try again, how long to wait for the answer."""

    write: Callable[[Telling, Sequence[str], int], WebhookRequest]
    ladder: RetryLadder
    timeout_seconds: float

    def request(self, telling: Telling, secrets: Sequence[str], now: datetime) -> WebhookRequest:
        """The signed request as it leaves at `now`."""
        return self.write(telling, secrets, int(now.timestamp()))

    def wait_after(
        self, attempts: int, luck: float, asked: timedelta | None = None
    ) -> timedelta | None:
        """How long to wait after that many failures, or None: give up.

        `asked` is the receiver's Retry-After, honoured up to 24 hours; `luck` spreads the waits.
        """
        wait = self.ladder.wait_after(attempts, luck)
        if wait is None or asked is None:
            return wait
        return max(wait, min(asked, RETRY_AFTER_MAX))


def _native(telling: Telling, secrets: Sequence[str], timestamp: int) -> WebhookRequest:
    body = _json({"type": telling.type, "timestamp": _iso(telling.at), "data": telling.data})
    headers = {
        "content-type": "application/json",
        "webhook-id": telling.event_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": standard_signature(secrets, telling.event_id, timestamp, body),
    }
    return WebhookRequest(headers, body)


def _mailingcore(telling: Telling, secrets: Sequence[str], timestamp: int) -> WebhookRequest:
    body = _json(
        {
            "id": telling.event_id,
            "type": telling.type,
            "createdAt": _iso(telling.at),
            "tenantId": str(telling.tenant_uuid),
            "data": telling.data,
        }
    )
    headers = {
        "content-type": "application/json",
        "X-MailingCore-Event": telling.type,
        "X-MailingCore-Delivery-Id": str(telling.delivery_uuid),
        "X-MailingCore-Signature": mailingcore_signature(secrets, timestamp, body),
    }
    return WebhookRequest(headers, body)


def _cakemail(telling: Telling, secrets: Sequence[str], _: int) -> WebhookRequest:
    body = _json(
        {
            "id": telling.event_id,
            "event": CAKEMAIL_WORDS.get(telling.type, telling.type),
            "account_id": str(telling.tenant_id),
            "ip": "",
            "user": {"id": "", "email": "", "account_id": str(telling.tenant_id)},
            "created_on": int(telling.at.timestamp()),
            "data": telling.data,
        }
    )
    signature = cakemail_signature(secrets[0], body)
    return WebhookRequest({"content-type": "application/json", "x-signature": signature}, body)


def _json(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


_MINUTE = 60
_HOUR = 60 * _MINUTE


def _exactly(*steps_seconds: int) -> RetryLadder:
    """A ladder that ends with its last step."""
    return RetryLadder(steps_seconds, horizon_seconds=sum(steps_seconds))


# The plan that Standard Webhooks suggests: ten attempts within three days and a bit.
_THREE_DAYS = _exactly(
    5,
    5 * _MINUTE,
    30 * _MINUTE,
    2 * _HOUR,
    5 * _HOUR,
    10 * _HOUR,
    14 * _HOUR,
    20 * _HOUR,
    24 * _HOUR,
)

FORMS: Mapping[WebhookDialect, Form] = {
    WebhookDialect.NATIVE: Form(_native, _THREE_DAYS, timeout_seconds=15),
    # Its guide names no plan of retries, so it gets ours.
    WebhookDialect.CAKEMAIL: Form(_cakemail, _THREE_DAYS, timeout_seconds=15),
    # Five attempts, doubling from ten seconds, ten seconds to answer (vendors.md 2.1).
    WebhookDialect.MAILINGCORE: Form(_mailingcore, _exactly(10, 20, 40, 80), timeout_seconds=10),
}
