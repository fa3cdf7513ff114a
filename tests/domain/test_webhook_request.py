"""The request of each dialect, and its plan of retries."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from mailwright.domain.webhook_event import OF_MESSAGE, EventType, WebhookDialect
from mailwright.domain.webhook_request import FORMS, Telling
from mailwright.domain.webhook_signature import (
    cakemail_signature,
    mailingcore_signature,
    standard_signature,
)

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
TELLING = Telling(
    event_uuid=UUID("019abcde-0000-7000-8000-000000000001"),
    delivery_uuid=UUID("019abcde-0000-7000-8000-000000000002"),
    tenant_uuid=UUID("019abcde-0000-7000-8000-000000000003"),
    type="contact.unsubscribed",
    at=datetime(2026, 11, 21, 9, 0, 0, 123456, tzinfo=UTC),
    data={"email": "zoë@example.org"},
    tenant_id=7,
)
_MINUTE, _HOUR = 60, 3600


@pytest.mark.checklist("SEC-17")
def test_the_native_request_is_a_standard_webhook() -> None:
    request = FORMS[WebhookDialect.NATIVE].request(TELLING, [SECRET], NOW)
    assert json.loads(request.body) == {
        "type": "contact.unsubscribed",
        "timestamp": "2026-11-21T09:00:00.123Z",
        "data": {"email": "zoë@example.org"},
    }
    stamp = int(NOW.timestamp())
    event_id = "evt_019abcde000070008000000000000001"
    assert request.headers == {
        "content-type": "application/json",
        "webhook-id": event_id,
        "webhook-timestamp": str(stamp),
        "webhook-signature": standard_signature([SECRET], event_id, stamp, request.body),
    }


@pytest.mark.checklist("X11")
def test_mailingcores_request_has_its_own_headers_and_body() -> None:
    request = FORMS[WebhookDialect.MAILINGCORE].request(TELLING, [SECRET], NOW)
    assert json.loads(request.body) == {
        "id": "evt_019abcde000070008000000000000001",
        "type": "contact.unsubscribed",
        "createdAt": "2026-11-21T09:00:00.123Z",
        "tenantId": "019abcde-0000-7000-8000-000000000003",
        "data": {"email": "zoë@example.org"},
    }
    assert request.headers == {
        "content-type": "application/json",
        "X-MailingCore-Event": "contact.unsubscribed",
        "X-MailingCore-Delivery-Id": "019abcde-0000-7000-8000-000000000002",
        "X-MailingCore-Signature": mailingcore_signature(
            [SECRET], int(NOW.timestamp()), request.body
        ),
    }


@pytest.mark.checklist("X10")
def test_cakemails_request_is_signed_over_its_body_alone() -> None:
    request = FORMS[WebhookDialect.CAKEMAIL].request(TELLING, [SECRET, "the one before"], NOW)
    assert json.loads(request.body) == {
        "id": "evt_019abcde000070008000000000000001",
        "event": "Email.Unsubscribed",
        "account_id": "7",
        "ip": "",
        "user": {"id": "", "email": "", "account_id": "7"},
        "created_on": int(TELLING.at.timestamp()),
        "data": {"email": "zoë@example.org"},
    }
    assert request.headers == {
        "content-type": "application/json",
        "x-signature": cakemail_signature(SECRET, request.body),
    }


_THREE_DAYS = [
    *(5, 5 * _MINUTE, 30 * _MINUTE),
    *(hours * _HOUR for hours in (2, 5, 10, 14, 20, 24)),
]
PLANS = {
    WebhookDialect.NATIVE: _THREE_DAYS,
    WebhookDialect.CAKEMAIL: _THREE_DAYS,
    WebhookDialect.MAILINGCORE: [10, 20, 40, 80],
}


@pytest.mark.parametrize("dialect", WebhookDialect)
def test_the_plan_ends_after_its_last_step(dialect: WebhookDialect) -> None:
    form = FORMS[dialect]
    steps = len(PLANS[dialect])
    waits = [form.wait_after(attempts, 0.5) for attempts in range(1, steps + 1)]
    assert waits == [timedelta(seconds=step) for step in PLANS[dialect]]
    assert form.wait_after(steps + 1, 0.5) is None


def test_luck_spreads_the_waits_by_a_fifth() -> None:
    form = FORMS[WebhookDialect.NATIVE]
    assert form.wait_after(2, 0.0) == timedelta(minutes=4)
    assert form.wait_after(2, 1.0) == timedelta(minutes=6)


@pytest.mark.parametrize(
    ("attempts", "asked", "waited"),
    [
        (1, timedelta(minutes=2), timedelta(minutes=2)),
        (1, timedelta(seconds=1), timedelta(seconds=5)),
        (1, timedelta(days=30), timedelta(hours=24)),
        (10, timedelta(seconds=1), None),
    ],
)
def test_the_receiver_may_ask_for_more_time_and_not_for_more_attempts(
    attempts: int, asked: timedelta, waited: timedelta | None
) -> None:
    assert FORMS[WebhookDialect.NATIVE].wait_after(attempts, 0.5, asked) == waited


def test_every_dialect_has_a_form_and_every_told_state_an_event() -> None:
    assert set(FORMS) == set(WebhookDialect)
    assert {word for told in OF_MESSAGE.values() for word in told} <= set(EventType)
