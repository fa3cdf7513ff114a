"""What stands between password and one-time code at sign-in: a challenge.

It is a signed text that lives five minutes, says who passed the first proof and dies with the
password. Whoever answers it with a code is in; guesses are counted per member.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from datetime import timedelta
from typing import Any, cast

from mailwright.domain.keys import Purpose
from mailwright.errors import Unauthenticated
from mailwright.services import one_time_codes
from mailwright.services.runtime import Runtime
from mailwright.store import members as member_store
from mailwright.store.rows import Row

LIFETIME = timedelta(minutes=5)
CHARACTERS_MAX = 1_024


class CodeNeeded(Unauthenticated):
    """The password was right; send a one-time code, too."""

    code = "CODE_NEEDED"

    def __init__(self, challenge: str) -> None:
        super().__init__()
        self.challenge = challenge


async def require_code(runtime: Runtime, member: Row, *, lifetime_seconds: int = 0) -> None:
    """Nothing where no code is needed; else raises CodeNeeded with the challenge."""
    async with runtime.database.reading() as connection:
        if not await one_time_codes.active(connection, member):
            return
    raise CodeNeeded(_challenge(runtime, member, lifetime_seconds))


async def answer(runtime: Runtime, challenge: str, code: str) -> tuple[Row, int]:
    """The member who passed both proofs, and the `lifetime_seconds` asked for with the first.

    Raises Unauthenticated for a wrong or used code and an old challenge, RateLimited.
    """
    content = _read(runtime, challenge)
    key = f"code:{content['tenant_id']}:{content['member_id']}"
    runtime.account_tries.count(key, runtime.now())
    async with runtime.database.transaction() as connection:
        member = await member_store.by_id(connection, content["tenant_id"], content["member_id"])
        if member is None or content["password"] != _password_mark(runtime, member):
            raise _challenge_is_over()
        if not await one_time_codes.takes(runtime, connection, member, code):
            raise Unauthenticated("That code does not fit.")
    runtime.account_tries.forgive(key)
    return member, content["lifetime_seconds"]


def _challenge(runtime: Runtime, member: Row, lifetime_seconds: int) -> str:
    content = {
        "tenant_id": member["tenant_id"],
        "member_id": member["id"],
        "lifetime_seconds": lifetime_seconds,
        "password": _password_mark(runtime, member),
        "until": int((runtime.now() + LIFETIME).timestamp()),
    }
    text = base64.urlsafe_b64encode(json.dumps(content).encode()).decode()
    return f"{text}.{runtime.keys.keyed_hash(Purpose.CHALLENGE, text).hex()}"


def _read(runtime: Runtime, challenge: str) -> dict[str, Any]:
    text, _, signature = challenge.partition(".")
    expected = runtime.keys.keyed_hash(Purpose.CHALLENGE, text[:CHARACTERS_MAX]).hex()
    if not hmac.compare_digest(expected.encode(), signature.encode()):
        raise _challenge_is_over()
    try:
        content = cast("dict[str, Any]", json.loads(base64.urlsafe_b64decode(text)))
    except (binascii.Error, ValueError):
        raise _challenge_is_over() from None
    if content["until"] <= runtime.now().timestamp():
        raise _challenge_is_over()
    return content


def _challenge_is_over() -> Unauthenticated:
    return Unauthenticated("That took too long; sign in with the password again.")


def _password_mark(runtime: Runtime, member: Row) -> str:
    """Stands for the password in a challenge, so that it ends with it."""
    password_hash = member["password_hash"] or ""
    return runtime.keys.keyed_hash(Purpose.CHALLENGE, password_hash).hex()[:16]
