"""Keys for each purpose, derived from the installation's one secret (SEC-08).

A token of one purpose can never pass for another, because each is signed with its own key
(HKDF-SHA256, RFC 5869, the purpose as info).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from enum import StrEnum

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from mailwright.errors import ConfigurationError

SECRET_LENGTH_MIN = 32


class Purpose(StrEnum):
    """What a key is for. A new use gets a new word."""

    OPEN = "open"
    CLICK = "click"
    UNSUBSCRIBE = "unsubscribe"
    VIEW = "view"
    CONFIRM = "confirm-subscription"
    DOWNLOAD = "download"
    RETURN_PATH = "return-path"
    MESSAGE_ID = "message-id"
    CONFIRM_SENDER = "confirm-sender"
    API_KEY = "api-key"
    SESSION = "session"
    ACCESS = "access-token"
    CHALLENGE = "challenge"
    PASSWORD_LINK = "password-link"  # noqa: S105  # a purpose
    RECOVERY_CODE = "recovery-code"
    CSRF = "csrf"
    SEAL = "seal"
    FORGOTTEN = "forgotten"
    FINGERPRINT = "fingerprint"


class Keys:
    """The installation's derived keys."""

    def __init__(self, secret: str) -> None:
        if len(secret) < SECRET_LENGTH_MIN:
            raise ConfigurationError(
                f"MAILWRIGHT_SECRET_KEY must have at least {SECRET_LENGTH_MIN} characters."
            )
        self._keys = {purpose: _derive(secret, purpose) for purpose in Purpose}
        self._seal = Fernet(base64.urlsafe_b64encode(self._keys[Purpose.SEAL]))

    def key(self, purpose: Purpose) -> bytes:
        """The 32 bytes that sign for this purpose."""
        return self._keys[purpose]

    def keyed_hash(self, purpose: Purpose, value: str) -> bytes:
        """32 bytes that stand for `value` in the database; useless without the secret (SEC-11)."""
        return hmac.digest(self._keys[purpose], value.encode(), hashlib.sha256)

    @property
    def fingerprint(self) -> str:
        """Tells whether a database was made with this secret, without telling the secret."""
        return self._keys[Purpose.FINGERPRINT].hex()[:32]

    def seal(self, text: str) -> bytes:
        """`text` encrypted for rest (SEC-27)."""
        return self._seal.encrypt(text.encode())

    def unseal(self, sealed: bytes) -> str:
        """What was sealed. Raises ConfigurationError when the secret is another one."""
        try:
            return self._seal.decrypt(sealed).decode()
        except InvalidToken:
            raise ConfigurationError(
                "A stored secret does not open with this MAILWRIGHT_SECRET_KEY."
            ) from None


def _derive(secret: str, purpose: Purpose) -> bytes:
    return HKDF(SHA256(), 32, salt=b"mailwright", info=purpose.encode()).derive(secret.encode())
