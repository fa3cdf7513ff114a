"""Access tokens: what a member's program gets for their password, for an hour or so (OAuth 2).

A refresh token gets the next pair, once: whoever presents one a second time may have stolen it, so
all that came of that sign-in ends. Tokens are stored as keyed hashes (SEC-11). They end with the
member's password, role in the tenant or access to the API (SEC-13); what they may do is their
member's role, as it is now.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.doors import Door
from mailwright.domain.ids import new_id
from mailwright.domain.keys import Purpose
from mailwright.domain.scopes import ROLE_SCOPES, Role
from mailwright.domain.webhook_event import EventType
from mailwright.errors import Forbidden, Unauthenticated
from mailwright.services import challenges, sessions
from mailwright.services.caller import Caller
from mailwright.services.key_cache import KnownKey
from mailwright.services.member_events import tell_member
from mailwright.services.runtime import Runtime
from mailwright.store import access_tokens as store
from mailwright.store import members as member_store
from mailwright.store.rows import Row

ACCESS = "mw_access_"
REFRESH = "mw_refresh_"
CHARACTERS_MAX = 128  # a longer token is none of ours

LIFETIME_SECONDS = 3_600
LIFETIME_SECONDS_MIN = 600  # vendors.md 1.1
LIFETIME_SECONDS_MAX = 432_000  # five days, what Cakemail's are said to live
REFRESH_LIFETIME = timedelta(days=30)
#: So long a used refresh token still works: its answer may have been lost on the way.
SECOND_CHANCE = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Grant:
    """Who asks for tokens. `tenant_id`: for which account; None: the oldest that fits."""

    email: str
    password: str = field(repr=False)
    tenant_id: int | None = None
    lifetime_seconds: int = LIFETIME_SECONDS


@dataclass(frozen=True, slots=True)
class TokenPair:
    """The tokens, which nobody can show again, and what they open."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in_seconds: int
    tenant_id: int


async def sign_in(runtime: Runtime, grant: Grant, address: str) -> TokenPair:
    """Tokens for the member, who comes from the network `address`.

    Raises Unauthenticated whatever of address and password is wrong, CodeNeeded where a one-time
    code is missing, Forbidden for members without access to the API, RateLimited.
    """
    member = await sessions.check_credentials(
        runtime, grant.email, grant.password, address, tenant_id=grant.tenant_id
    )
    _require_access(member)
    await challenges.require_code(runtime, member, lifetime_seconds=grant.lifetime_seconds)
    return await _new_grant(runtime, member, grant.lifetime_seconds)


async def answer_challenge(runtime: Runtime, challenge: str, code: str) -> TokenPair:
    """Tokens for whoever was asked for a code. Raises Unauthenticated, Forbidden, RateLimited."""
    member, lifetime_seconds = await challenges.answer(runtime, challenge, code)
    _require_access(member)
    return await _new_grant(runtime, member, lifetime_seconds or LIFETIME_SECONDS)


async def refresh(runtime: Runtime, token: str) -> TokenPair:
    """The next pair for a refresh token, which is used up by that. Raises Unauthenticated."""
    if not token.startswith(REFRESH) or len(token) > CHARACTERS_MAX:
        raise _not_a_refresh_token()
    now, token_hash = runtime.now(), _hash(runtime, token)
    async with runtime.database.transaction() as connection:
        row = await store.refreshing(connection, token_hash, now)
        if row is None:
            raise _not_a_refresh_token()
        if _is_stale(row, now):
            ended = await store.remove_grant(connection, row["tenant_id"], row["grant_uuid"])
        else:
            _require_access(row)
            await store.used(connection, row["tenant_id"], token_hash, now)
            return await _add_pair(runtime, connection, row, row["grant_uuid"], now)
    _forget(runtime, ended)
    raise _not_a_refresh_token()


async def authenticate(runtime: Runtime, token: str, door: Door) -> Caller:
    """Who this access token is. Raises Unauthenticated when it is unknown, ended or expired."""
    if not token.startswith(ACCESS) or len(token) > CHARACTERS_MAX:
        raise Unauthenticated
    now, token_hash = runtime.now(), _hash(runtime, token)
    remembered, known = runtime.token_cache.get(token_hash, now)
    if not remembered:
        known = await _look_up(runtime, token_hash, now)
        runtime.token_cache.put(token_hash, known, now)
    if known is None or (known.expires_at is not None and known.expires_at <= now):
        raise Unauthenticated
    return Caller(known.tenant_id, f"member:{known.uuid}", door, known.granted)


async def end_tokens(
    runtime: Runtime,
    connection: AsyncConnection,
    tenant_id: int,
    member_id: int,
    *,
    keep: str | None = None,
) -> None:
    """Ends a member's tokens: here at once, in other processes within 5 s.

    `keep`: the token in use, whose sign-in goes on.
    """
    kept = _hash(runtime, keep) if keep else None
    _forget(runtime, await store.remove_of_member(connection, tenant_id, member_id, keep=kept))


async def look_again(
    runtime: Runtime, connection: AsyncConnection, tenant_id: int, member_id: int
) -> None:
    """Has a member's tokens looked up anew, so that a new role holds at once."""
    _forget(runtime, await store.hashes_of_member(connection, tenant_id, member_id))


async def _new_grant(runtime: Runtime, member: Row, lifetime_seconds: int) -> TokenPair:
    now = runtime.now()
    seconds = max(LIFETIME_SECONDS_MIN, min(lifetime_seconds, LIFETIME_SECONDS_MAX))
    values = {
        "tenant_id": member["tenant_id"],
        "member_id": member["id"],
        "lifetime_seconds": seconds,
    }
    async with runtime.database.transaction() as connection:
        await store.remove_expired(connection, member["tenant_id"], member["id"], now)
        await member_store.signed_in(connection, member["tenant_id"], member["id"], now)
        await tell_member(connection, runtime, member, EventType.MEMBER_SIGNED_IN)
        return await _add_pair(runtime, connection, values, new_id(), now)


async def _add_pair(
    runtime: Runtime, connection: AsyncConnection, whose: Row, grant_uuid: UUID, now: datetime
) -> TokenPair:
    seconds = whose["lifetime_seconds"]
    pair = TokenPair(
        access_token=ACCESS + secrets.token_urlsafe(32),
        refresh_token=REFRESH + secrets.token_urlsafe(32),
        expires_in_seconds=seconds,
        tenant_id=whose["tenant_id"],
    )
    common = {
        "grant_uuid": grant_uuid,
        "member_id": whose["member_id"],
        "lifetime_seconds": seconds,
        "created_at": now,
    }
    rows = [
        {
            **common,
            "kind": kind,
            "token_hash": _hash(runtime, token),
            "expires_at": now + lifetime,
        }
        for kind, token, lifetime in (
            ("access", pair.access_token, timedelta(seconds=seconds)),
            ("refresh", pair.refresh_token, REFRESH_LIFETIME),
        )
    ]
    await store.add(connection, whose["tenant_id"], rows)
    return pair


async def _look_up(runtime: Runtime, token_hash: bytes, now: datetime) -> KnownKey | None:
    async with runtime.database.reading() as connection:
        row = await store.by_hash(connection, token_hash, now)
    if row is None:
        return None
    return KnownKey(
        row["tenant_id"],
        row["member_uuid"],
        ROLE_SCOPES[Role(row["role"])],
        sandbox=False,
        expires_at=row["expires_at"],
    )


def _is_stale(row: Row, now: datetime) -> bool:
    return row["used_at"] is not None and now - row["used_at"] > SECOND_CHANCE


def _require_access(member: Row) -> None:
    if not member["api_access"]:
        raise Forbidden(
            "This member may not use the API; an administrator can switch that on.",
            code="API_ACCESS_OFF",
        )
    if member["suspended_at"] is not None:
        raise _not_a_refresh_token()


def _not_a_refresh_token() -> Unauthenticated:
    return Unauthenticated("This refresh token is unknown, used or expired; sign in again.")


def _forget(runtime: Runtime, hashes: Iterable[bytes]) -> None:
    for token_hash in hashes:
        runtime.token_cache.forget(token_hash)


def _hash(runtime: Runtime, token: str) -> bytes:
    return runtime.keys.keyed_hash(Purpose.ACCESS, token)
