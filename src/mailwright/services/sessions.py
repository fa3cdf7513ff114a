"""Sessions: members signed in to the dashboard by a cookie.

The cookie holds 256 random bits; the database holds their keyed hash. Unknown members, wrong
passwords and members without one get the same answer after the same time (SEC-12).
"""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.doors import Door
from mailwright.domain.email_address import email_key_of
from mailwright.domain.keys import Purpose
from mailwright.domain.scopes import ROLE_SCOPES, Role
from mailwright.domain.webhook_event import EventType
from mailwright.errors import Unauthenticated
from mailwright.services import challenges
from mailwright.services.caller import Caller
from mailwright.services.member_events import tell_member
from mailwright.services.passwords import hash_password, outdated, verify_password
from mailwright.services.runtime import Runtime
from mailwright.store import members as member_store
from mailwright.store import sessions as store
from mailwright.store import tenants
from mailwright.store.rows import Row

LIFETIME = timedelta(days=14)
TOKEN_CHARACTERS_MAX = 128  # a longer cookie is none of ours


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The cookie's value, when it ends, and whose it is."""

    token: str
    expires_at: datetime
    member_uuid: uuid.UUID
    tenant_id: int


@dataclass(frozen=True, slots=True)
class Session:
    """Who is signed in, as pages show it, and what they may do."""

    caller: Caller
    member_uuid: uuid.UUID
    email: str
    role: Role
    tenant_uuid: uuid.UUID
    tenant_slug: str
    tenant_name: str
    expires_at: datetime


async def sign_in(
    runtime: Runtime, email: str, password: str, address: str, *, account: str | None = None
) -> SignedIn:
    """A new session of the member, who comes from the network `address`.

    `account`: the slug of the one to sign in to, for whoever has several. Raises Unauthenticated
    whatever of the two is wrong, CodeNeeded where a one-time code is missing, RateLimited after too
    many tries for this account or from this address.
    """
    tenant_id = await _tenant_id(runtime, account) if account else None
    member = await check_credentials(runtime, email, password, address, tenant_id=tenant_id)
    await challenges.require_code(runtime, member)
    return await _new_session(runtime, member)


async def _tenant_id(runtime: Runtime, account: str) -> int:
    """The tenant with that slug; for others one that nobody is a member of."""
    async with runtime.database.reading() as connection:
        tenant = await tenants.by_slug(connection, account)
    return tenant["id"] if tenant is not None else 0


async def answer_challenge(runtime: Runtime, challenge: str, code: str) -> SignedIn:
    """A new session of whoever was asked for a code. Raises Unauthenticated, RateLimited."""
    member, _ = await challenges.answer(runtime, challenge, code)
    return await _new_session(runtime, member)


async def _new_session(runtime: Runtime, member: Row) -> SignedIn:
    now = runtime.now()
    token = secrets.token_urlsafe(32)
    values = {
        "token_hash": _hash(runtime, token),
        "member_id": member["id"],
        "expires_at": now + LIFETIME,
    }
    async with runtime.database.transaction() as connection:
        await store.remove_expired(connection, member["tenant_id"], member["id"], now)
        await store.add(connection, member["tenant_id"], values)
        await member_store.signed_in(connection, member["tenant_id"], member["id"], now)
        await tell_member(connection, runtime, member, EventType.MEMBER_SIGNED_IN)
    return SignedIn(token, now + LIFETIME, member["uuid"], member["tenant_id"])


async def check_credentials(
    runtime: Runtime, email: str, password: str, address: str, *, tenant_id: int | None = None
) -> Row:
    """The member's row; every door that takes a password comes through here, throttle and all.

    Somebody who is a member of several tenants gets the oldest whose password fits, or
    `tenant_id`. Who is suspended is unknown.
    """
    now, key = runtime.now(), email_key_of(email)
    # Counted before the password is looked at: parallel guesses gain nothing.
    runtime.address_tries.count(address, now)
    runtime.account_tries.count(key, now)
    async with runtime.database.reading() as connection:
        found = await member_store.by_email(connection, key)
    memberships = [
        row
        for row in found
        if row["suspended_at"] is None and tenant_id in (None, row["tenant_id"])
    ]
    for member in memberships or [None]:
        stored = member["password_hash"] if member else None
        if await verify_password(password, stored) and member is not None:
            runtime.account_tries.forgive(key)
            runtime.address_tries.take_back(address)
            await _rehash(runtime, member, password)
            return member
    raise Unauthenticated("That address and password do not go together.")


async def authenticate_session(runtime: Runtime, token: str) -> Session:
    """Who the cookie belongs to. Raises Unauthenticated when it is unknown, ended or expired."""
    if not 0 < len(token) <= TOKEN_CHARACTERS_MAX:
        raise Unauthenticated
    async with runtime.database.reading() as connection:
        row = await store.by_token(connection, _hash(runtime, token), runtime.now())
    if row is None:
        raise Unauthenticated
    role = Role(row["role"])
    caller = Caller(
        row["tenant_id"], f"member:{row['member_uuid']}", Door.DASHBOARD, ROLE_SCOPES[role]
    )
    return Session(
        caller=caller,
        member_uuid=row["member_uuid"],
        email=row["email"],
        role=role,
        tenant_uuid=row["tenant_uuid"],
        tenant_slug=row["tenant_slug"],
        tenant_name=row["tenant_name"],
        expires_at=row["expires_at"],
    )


async def sign_out(runtime: Runtime, token: str) -> None:
    """Ends the session; nothing happens where there is none."""
    async with runtime.database.transaction() as connection:
        await store.remove(connection, _hash(runtime, token))


async def end_sessions(
    runtime: Runtime,
    connection: AsyncConnection,
    tenant_id: int,
    member_id: int,
    *,
    keep: str | None = None,
) -> None:
    """Ends every session of a member but the one with the cookie `keep`."""
    kept = _hash(runtime, keep) if keep else None
    await store.remove_of_member(connection, tenant_id, member_id, keep=kept)


def _hash(runtime: Runtime, token: str) -> bytes:
    return runtime.keys.keyed_hash(Purpose.SESSION, token)


async def _rehash(runtime: Runtime, member: Row, password: str) -> None:
    """Brings a hash made with older parameters up to today's."""
    if not outdated(member["password_hash"]):
        return
    password_hash = await hash_password(password)
    async with runtime.database.transaction() as connection:
        await member_store.set_password(
            connection, member["tenant_id"], member["id"], password_hash
        )
