"""Authenticators: programs on a member's phone that show one-time codes.

A member who has one activated is asked for a code after the password, at every door that takes one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import pyotp
from pyotp.totp import TOTP
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.email_address import email_key_of
from mailwright.domain.ids import new_id
from mailwright.errors import InvalidInput, NotFound
from mailwright.services import audit, members, one_time_codes, sign_ins
from mailwright.services.caller import Caller
from mailwright.services.qr_codes import qr_svg_uri
from mailwright.services.runtime import Runtime
from mailwright.store import authenticators as store
from mailwright.store import members as member_store
from mailwright.store.rows import Row

ISSUER = "Mailwright"


@dataclass(frozen=True, slots=True)
class AuthenticatorView:
    """A program that shows codes, as its member sees it."""

    uuid: UUID
    id: int
    description: str | None
    created_at: datetime
    activated_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewAuthenticator:
    """One to be activated: its key, shown this once, as text, as a link and as a picture."""

    view: AuthenticatorView
    key: str = field(repr=False)
    uri: str = field(repr=False)
    qr_code: str = field(repr=False)


async def list_authenticators(runtime: Runtime, caller: Caller) -> list[AuthenticatorView]:
    """The caller's own, activated ones only."""
    async with runtime.database.reading() as connection:
        member = await members.own_row(connection, caller)
        return [_view(row) for row in await one_time_codes.active(connection, member)]


async def find_authenticator(
    runtime: Runtime, caller: Caller, number: int
) -> AuthenticatorView | None:
    """The caller's own of that number, activated or not, or None."""
    async with runtime.database.reading() as connection:
        member = await members.own_row(connection, caller)
        rows = await store.of_member(connection, caller.tenant_id, member["id"])
    return next((_view(row) for row in rows if row["id"] == number), None)


async def create_authenticator(
    runtime: Runtime, caller: Caller, description: str | None = None
) -> NewAuthenticator:
    """A new one; it counts once it is activated. An unfinished one before it is forgotten."""
    key = pyotp.random_base32()
    async with runtime.database.transaction() as connection:
        member = await members.own_row(connection, caller)
        await store.remove_unfinished(connection, caller.tenant_id, member["id"])
        values = {
            "uuid": new_id(),
            "member_id": member["id"],
            "description": description,
            "secret_sealed": runtime.keys.seal(key),
        }
        row = await store.add(connection, caller.tenant_id, values)
    uri = TOTP(key).provisioning_uri(name=member["email"], issuer_name=ISSUER)
    return NewAuthenticator(_view(row), key, uri, qr_svg_uri(uri))


async def activate_authenticator(
    runtime: Runtime, caller: Caller, authenticator_uuid: UUID, code: str, *, keep: str | None
) -> list[str]:
    """Recovery codes, shown this once: from now on codes are asked for at sign-in.

    Every other sign-in of the member ends (SEC-13); `keep`: the token or cookie in use. Raises
    NotFound, InvalidInput for a code that does not fit.
    """
    async with runtime.database.transaction() as connection:
        member = await members.own_row(connection, caller)
        row = await _existing(connection, member, authenticator_uuid)
        if not await one_time_codes.fits(runtime, connection, row, code):
            raise InvalidInput.field("code", "That code does not fit; is the phone's clock right?")
        await store.activate(connection, caller.tenant_id, row["id"], runtime.now())
        codes = await one_time_codes.new_recovery_codes(runtime, connection, member)
        await sign_ins.end_sign_ins(runtime, connection, member, keep=keep)
        await audit.record(connection, caller, "member.mfa-activate", _subject(member))
    return codes


async def remove_authenticator(
    runtime: Runtime, caller: Caller, authenticator_uuid: UUID, *, keep: str | None
) -> AuthenticatorView:
    """It asks for no codes any more; every other sign-in of the member ends. Raises NotFound."""
    async with runtime.database.transaction() as connection:
        member = await members.own_row(connection, caller)
        row = await _existing(connection, member, authenticator_uuid)
        await store.remove(connection, caller.tenant_id, row["id"])
        if not await one_time_codes.active(connection, member):
            await store.remove_all(connection, caller.tenant_id, member["id"])
        await sign_ins.end_sign_ins(runtime, connection, member, keep=keep)
        await audit.record(connection, caller, "member.mfa-remove", _subject(member))
    return _view(row)


async def check_code(runtime: Runtime, caller: Caller, code: str) -> None:
    """Nothing, when `code` is the caller's, and used up by that. Raises InvalidInput, RateLimited.

    For a page that wants to see one before it switches codes off.
    """
    async with runtime.database.transaction() as connection:
        member = await members.own_row(connection, caller)
        key = f"code:{member['tenant_id']}:{member['id']}"
        runtime.account_tries.count(key, runtime.now())
        if not await one_time_codes.takes(runtime, connection, member, code):
            raise InvalidInput.field("code", "That code does not fit.")
    runtime.account_tries.forgive(key)


async def renew_recovery_codes(runtime: Runtime, caller: Caller) -> list[str]:
    """New recovery codes in the place of the old ones; none where no codes are asked for."""
    async with runtime.database.transaction() as connection:
        member = await members.own_row(connection, caller)
        if not await one_time_codes.active(connection, member):
            return []
        await audit.record(connection, caller, "member.mfa-recovery-codes", _subject(member))
        return await one_time_codes.new_recovery_codes(runtime, connection, member)


async def reset_authenticators(runtime: Runtime, email: str) -> int:
    """The operator's way for whoever lost phone and recovery codes: how many memberships changed.

    No code is asked for any more, and every sign-in ends. Raises NotFound.
    """
    async with runtime.database.transaction() as connection:
        rows = await member_store.by_email(connection, email_key_of(email))
        if not rows:
            raise NotFound(f"There is no member {email}.")
        for member in rows:
            await store.remove_all(connection, member["tenant_id"], member["id"])
            await sign_ins.end_sign_ins(runtime, connection, member)
    return len(rows)


async def _existing(connection: AsyncConnection, member: Row, authenticator_uuid: UUID) -> Row:
    row = await store.one_of_member(
        connection, member["tenant_id"], member["id"], authenticator_uuid
    )
    if row is None:
        raise NotFound("There is no such authenticator.")
    return row


def _subject(member: Row) -> str:
    return f"member:{member['uuid']}"


def _view(row: Row) -> AuthenticatorView:
    return AuthenticatorView(
        uuid=row["uuid"],
        id=row["id"],
        description=row["description"],
        created_at=row["created_at"],
        activated_at=row["activated_at"],
    )
