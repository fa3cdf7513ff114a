"""Calls with an `Idempotency-Key` happen once: asking again gets the answer of the first time.

A key is remembered for 24 hours and belongs to one request: the same key with another is refused.
Of two calls at once one is carried out and the other waits for its answer. Only successes are
remembered: a refusal changed nothing, so the call may be mended and made again under its key.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from mailwright.errors import Conflict, InvalidInput
from mailwright.services.caller import Caller
from mailwright.services.runtime import Runtime
from mailwright.store import idempotency_keys as store

KEPT = timedelta(hours=24)
#: A call without an answer for this long died with its process.
ABANDONED = timedelta(seconds=60)
WAIT_SECONDS = 10.0
_POLL_SECONDS = 0.05
KEY_LENGTH_MAX = 255


@dataclass(frozen=True, slots=True)
class Answer:
    """What the caller was told, in the form of its door."""

    status: int
    body: bytes


async def once(
    runtime: Runtime,
    caller: Caller,
    key: str,
    request: bytes,
    act: Callable[[], Awaitable[Answer]],
) -> Answer:
    """The answer of `act()`, or of the call that already used this key.

    `request` is what must be equal: method, path and body. Raises Conflict IDEMPOTENCY_KEY_REUSED
    for another request, IDEMPOTENCY_KEY_IN_USE when the first call takes longer than 10 s, and
    what `act` raises.
    """
    if not 1 <= len(key) <= KEY_LENGTH_MAX or not key.isprintable():
        raise InvalidInput.field("Idempotency-Key", f"1 to {KEY_LENGTH_MAX} printable characters.")
    request_hash = hashlib.sha256(request).digest()
    for _ in range(round(WAIT_SECONDS / _POLL_SECONDS)):
        if await _claim(runtime, caller, key, request_hash):
            return await _carry_out(runtime, caller, key, act)
        answer = await _earlier_answer(runtime, caller, key, request_hash)
        if answer is not None:
            return answer
        await asyncio.sleep(_POLL_SECONDS)
    raise Conflict(
        "The first call with this Idempotency-Key is still under way; ask again in a moment.",
        code="IDEMPOTENCY_KEY_IN_USE",
    )


async def _claim(runtime: Runtime, caller: Caller, key: str, request_hash: bytes) -> bool:
    now = runtime.now()
    async with runtime.database.transaction() as connection:
        return await store.claim(
            connection,
            caller.tenant_id,
            key,
            request_hash,
            now=now,
            forgotten_before=now - KEPT,
            abandoned_before=now - ABANDONED,
        )


async def _carry_out(
    runtime: Runtime, caller: Caller, key: str, act: Callable[[], Awaitable[Answer]]
) -> Answer:
    try:
        answer = await act()
    except BaseException:
        async with runtime.database.transaction() as connection:
            await store.release(connection, caller.tenant_id, key)
        raise
    async with runtime.database.transaction() as connection:
        await store.answer(connection, caller.tenant_id, key, answer.status, answer.body)
        await store.forget(connection, caller.tenant_id, runtime.now() - KEPT)
    return answer


async def _earlier_answer(
    runtime: Runtime, caller: Caller, key: str, request_hash: bytes
) -> Answer | None:
    """The remembered answer; None: there is none yet, or the key has just become free."""
    async with runtime.database.reading() as connection:
        row = await store.get(connection, caller.tenant_id, key)
    if row is None:
        return None
    if row["request_hash"] != request_hash:
        raise Conflict(
            "This Idempotency-Key was used for another request; use a new one.",
            code="IDEMPOTENCY_KEY_REUSED",
        )
    if row["response_status"] is None:
        return None
    return Answer(row["response_status"], row["response_body"])
