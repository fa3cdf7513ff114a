"""Passwords: Argon2id, computed in a thread (SEC-12)."""

from __future__ import annotations

import asyncio

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from mailwright.errors import InvalidInput

LENGTH_MIN = 8
LENGTH_MAX = 1024  # longer ones only cost time

# OWASP's first choice for Argon2id: 19 MiB, two passes, one lane; 15 to 20 ms.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)

# Of a password nobody knows, so that an unknown member costs the same time as a known one.
_NOBODYS_HASH = (
    "$argon2id$v=19$m=19456,t=2,p=1$fy2qytPh9RXfYMqCtCt/cw"
    "$xSW7XveAbLdcQ1F2dNWbQJOJDBAlwCcg9fMEvaAjPm0"
)


def check_password(password: str) -> None:
    """Raises InvalidInput for the field `password` when it is too short or too long."""
    if not LENGTH_MIN <= len(password) <= LENGTH_MAX:
        raise InvalidInput.field(
            "password", f"A password has {LENGTH_MIN} to {LENGTH_MAX} characters."
        )


async def hash_password(password: str) -> str:
    """The hash to store, with its parameters and salt in it."""
    return await asyncio.to_thread(_hasher.hash, password)


async def verify_password(password: str, stored: str | None) -> bool:
    """Whether the password fits. Without a stored hash: no, after the same time."""
    fits = await asyncio.to_thread(_verify, password, stored or _NOBODYS_HASH)
    return fits and stored is not None


def outdated(stored: str) -> bool:
    """Whether the hash was made with other parameters than today's."""
    return _hasher.check_needs_rehash(stored)


def _verify(password: str, stored: str) -> bool:
    try:
        return _hasher.verify(stored, password[: LENGTH_MAX + 1])
    except (VerificationError, InvalidHashError):
        return False
