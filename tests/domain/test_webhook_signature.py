"""Signatures of webhooks, against the vectors of the scheme's own libraries."""

from __future__ import annotations

import base64
import hashlib
import hmac

import pytest

from mailwright.domain.webhook_signature import (
    cakemail_signature,
    mailingcore_signature,
    new_secret,
    parse_secret,
    standard_signature,
)
from mailwright.errors import InvalidInput

# The vector that the libraries of Standard Webhooks and of Svix share (test_webhooks.py there).
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MESSAGE_ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"
TIMESTAMP = 1614265330
BODY = b'{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.checklist("SEC-17")
def test_the_signature_is_that_of_the_standards_libraries() -> None:
    assert standard_signature([SECRET], MESSAGE_ID, TIMESTAMP, BODY) == SIGNATURE


@pytest.mark.checklist("SEC-17")
def test_each_of_two_secrets_signs_by_itself() -> None:
    new = new_secret()
    both = standard_signature([new, SECRET], MESSAGE_ID, TIMESTAMP, BODY).split(" ")
    assert both == [standard_signature([new], MESSAGE_ID, TIMESTAMP, BODY), SIGNATURE]
    stamped, first, second = mailingcore_signature([new, SECRET], TIMESTAMP, BODY).split(",")
    assert stamped == f"t={TIMESTAMP}"
    assert first != second
    assert f"{stamped},{second}" == mailingcore_signature([SECRET], TIMESTAMP, BODY)


def test_a_secret_without_the_prefix_signs_with_its_own_bytes() -> None:
    secret = "a phrase of my own of forty-odd characters"
    signed = f"{MESSAGE_ID}.{TIMESTAMP}.".encode() + BODY
    digest = hmac.new(secret.encode(), signed, hashlib.sha256).digest()
    expected = f"v1,{base64.b64encode(digest).decode()}"
    assert standard_signature([secret], MESSAGE_ID, TIMESTAMP, BODY) == expected


@pytest.mark.checklist("X11")
def test_mailingcores_signature_is_hexadecimal_over_time_and_body() -> None:
    signed = f"{TIMESTAMP}.".encode() + BODY
    expected = hmac.new(SECRET.encode(), signed, "sha256").hexdigest()
    assert mailingcore_signature([SECRET], TIMESTAMP, BODY) == f"t={TIMESTAMP},v1={expected}"


@pytest.mark.checklist("X10")
def test_cakemails_signature_is_base64_over_the_raw_body_by_the_key_as_shown() -> None:
    expected = base64.b64encode(hmac.new(SECRET.encode(), BODY, "sha256").digest()).decode()
    assert cakemail_signature(SECRET, BODY) == expected


@pytest.mark.parametrize("change", [b'{"test":2432232314}', b""])
def test_another_body_has_another_signature(change: bytes) -> None:
    assert standard_signature([SECRET], MESSAGE_ID, TIMESTAMP, change) != SIGNATURE
    assert standard_signature([SECRET], MESSAGE_ID, TIMESTAMP + 1, BODY) != SIGNATURE
    assert standard_signature([SECRET], MESSAGE_ID + "x", TIMESTAMP, BODY) != SIGNATURE


def test_a_fresh_secret_has_256_bits_and_is_never_the_same() -> None:
    made = {new_secret() for _ in range(100)}
    assert len(made) == 100
    assert all(len(base64.b64decode(secret.removeprefix("whsec_"))) == 32 for secret in made)
    assert all(parse_secret(secret) == secret for secret in made)


@pytest.mark.parametrize(
    "secret",
    ["", "x" * 31, "x" * 256, "x" * 31 + "\n", "whsec_" + "!" * 40, "whsec_" + "QUJD" * 7],
)
def test_a_weak_or_misshapen_secret_is_refused(secret: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_secret(secret)
    assert list(caught.value.details) == ["secret"]


def test_thirty_two_characters_are_enough() -> None:
    assert parse_secret("x" * 32) == "x" * 32
