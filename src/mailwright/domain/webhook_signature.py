"""How a webhook is signed, and which secrets sign it.

Natively to the Standard Webhooks scheme (standard-webhooks 1.0.0, "Signature scheme"): base64 of
HMAC-SHA256 over `id.timestamp.body`. MailingCore's form is hexadecimal over `timestamp.body`
(vendors.md 2.1); Cakemail's base64 over the body alone, with room for one signature (1.1.1). While
a secret is being rotated both sign, the new one first, so a receiver may change over whenever it
likes within the day; in Cakemail's form only the new one can.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Sequence

from mailwright.errors import InvalidInput

PREFIX = "whsec_"
SECRET_LENGTH_MIN = 32
SECRET_LENGTH_MAX = 255
_KEY_BYTES = 32
_KEY_BYTES_MIN = 24  # standard-webhooks 1.0.0: 24 to 64 bytes


def new_secret() -> str:
    """A fresh secret of 256 bits, in the form that the libraries of Standard Webhooks take."""
    return PREFIX + base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode()


def parse_secret(text: str) -> str:
    """A secret that somebody brings along. Raises InvalidInput when it is too weak or misshapen."""
    if not SECRET_LENGTH_MIN <= len(text) <= SECRET_LENGTH_MAX or not text.isprintable():
        raise InvalidInput.field(
            "secret", f"{SECRET_LENGTH_MIN} to {SECRET_LENGTH_MAX} printable characters."
        )
    if text.startswith(PREFIX):
        try:
            is_long = len(_key(text)) >= _KEY_BYTES_MIN
        except binascii.Error:
            is_long = False
        if not is_long:
            raise InvalidInput.field(
                "secret", f"After {PREFIX} comes base64 of at least {_KEY_BYTES_MIN} bytes."
            )
    return text


def _key(secret: str) -> bytes:
    """`whsec_` introduces base64; any other secret is its own bytes."""
    if secret.startswith(PREFIX):
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    return secret.encode()


def standard_signature(
    secrets_of: Sequence[str], webhook_id: str, timestamp: int, body: bytes
) -> str:
    """The value of `webhook-signature`: one `v1,…` for each secret, with blanks between."""
    signed = f"{webhook_id}.{timestamp}.".encode() + body
    digests = (hmac.digest(_key(secret), signed, hashlib.sha256) for secret in secrets_of)
    return " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests)


def cakemail_signature(secret: str, body: bytes) -> str:
    """The value of `x-signature`: base64 over the body alone, by the key as it is shown."""
    return base64.b64encode(hmac.digest(secret.encode(), body, hashlib.sha256)).decode()


def mailingcore_signature(secrets_of: Sequence[str], timestamp: int, body: bytes) -> str:
    """The value of `X-MailingCore-Signature`: the time, and one `v1=…` for each secret."""
    signed = f"{timestamp}.".encode() + body
    digests = (hmac.digest(secret.encode(), signed, hashlib.sha256) for secret in secrets_of)
    return ",".join([f"t={timestamp}", *(f"v1={digest.hex()}" for digest in digests)])
