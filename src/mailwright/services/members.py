"""Members: people who sign in, each with a role in a tenant."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.email_address import EmailAddress, email_key_of
from mailwright.domain.ids import new_id
from mailwright.domain.scopes import Role
from mailwright.errors import Conflict, Forbidden, InvalidInput, NotFound
from mailwright.services.caller import Caller
from mailwright.services.passwords import check_password, hash_password
from mailwright.services.runtime import Runtime
from mailwright.store import members as store
from mailwright.store import sessions as session_store
from mailwright.store.rows import Row

_LOCAL = re.compile(r"[A-Za-z0-9._+-]{1,64}@localhost")  # the first owner of a fresh installation


@dataclass(frozen=True, slots=True)
class NewMember:
    """Whom to add. `api_access`: may sign in to get access tokens."""

    email: str
    password: str
    role: Role
    api_access: bool = True


@dataclass(frozen=True, slots=True)
class MemberView:
    """A member as the tenant sees them."""

    uuid: uuid.UUID
    email: str
    role: str
    api_access: bool
    created_at: datetime
    last_sign_in_at: datetime | None


async def create_member(runtime: Runtime, caller: Caller, new: NewMember) -> MemberView:
    """The new member. Raises InvalidInput, Conflict for one who is there, Forbidden where
    somebody who owns nothing makes an owner."""
    caller.require("account:write")
    if new.role is Role.OWNER:
        await _require_owner(runtime, caller)
    check_password(new.password)
    password_hash = await hash_password(new.password)
    async with runtime.database.transaction() as connection:
        return _view(await add_member(connection, caller.tenant_id, new, password_hash))


async def add_member(
    connection: AsyncConnection, tenant_id: int, new: NewMember, password_hash: str
) -> Row:
    """The same within a transaction, with the hash made before; the row."""
    address = member_address(new.email)
    values = {
        "uuid": new_id(),
        "email": address.text,
        "email_key": address.key,
        "password_hash": password_hash,
        "role": str(new.role),
        "api_access": new.api_access,
    }
    row = await store.add(connection, tenant_id, values)
    if row is None:
        raise Conflict(f"{address.text} is a member already.", code="DUPLICATE_RESOURCE")
    return row


async def list_members(runtime: Runtime, caller: Caller) -> list[MemberView]:
    """The tenant's members by address."""
    caller.require("account:read")
    async with runtime.database.reading() as connection:
        return [_view(row) for row in await store.of_tenant(connection, caller.tenant_id)]


async def change_password(
    runtime: Runtime, caller: Caller, member_uuid: uuid.UUID, password: str
) -> MemberView:
    """Sets a member's password and ends all of their sessions (SEC-13).

    Members change their own; who may write the account changes anybody's. Raises NotFound.
    """
    if caller.actor != f"member:{member_uuid}":
        caller.require("account:write")
    check_password(password)
    password_hash = await hash_password(password)
    async with runtime.database.transaction() as connection:
        row = await store.by_uuid(connection, caller.tenant_id, member_uuid)
        if row is None:
            raise NotFound("There is no such member.")
        await _replace_password(connection, row, password_hash)
        return _view(row)


async def set_password(runtime: Runtime, email: str, password: str) -> list[MemberView]:
    """The operator's way: sets the password of every membership of `email`, ends its sessions.

    Raises NotFound.
    """
    check_password(password)
    password_hash = await hash_password(password)
    async with runtime.database.transaction() as connection:
        rows = await store.by_email(connection, email_key_of(email))
        if not rows:
            raise NotFound(f"There is no member {email}.")
        for row in rows:
            await _replace_password(connection, row, password_hash)
    return [_view(row) for row in rows]


def member_address(email: str) -> EmailAddress:
    """The address, `…@localhost` allowed. Raises InvalidInput."""
    if _LOCAL.fullmatch(email):
        return EmailAddress(email, email.lower())
    return EmailAddress.parse(email)


def parse_role(text: str) -> Role:
    """The role. Raises InvalidInput naming the ones there are."""
    try:
        return Role(text)
    except ValueError:
        raise InvalidInput.field("role", f"One of: {', '.join(Role)}.") from None


async def _replace_password(connection: AsyncConnection, member: Row, password_hash: str) -> None:
    await store.set_password(connection, member["tenant_id"], member["id"], password_hash)
    await session_store.remove_of_member(connection, member["tenant_id"], member["id"])


async def _require_owner(runtime: Runtime, caller: Caller) -> None:
    """Admins may do everything but give away ownership."""
    kind, _, member_uuid = caller.actor.partition(":")
    if kind != "member":
        return  # the operator's shell, or a key that holds `*`
    async with runtime.database.reading() as connection:
        row = await store.by_uuid(connection, caller.tenant_id, uuid.UUID(member_uuid))
    if row is None or row["role"] != Role.OWNER:
        raise Forbidden("Only an owner can make an owner.")


def _view(row: Row) -> MemberView:
    return MemberView(
        uuid=row["uuid"],
        email=row["email"],
        role=row["role"],
        api_access=row["api_access"],
        created_at=row["created_at"],
        last_sign_in_at=row["last_sign_in_at"],
    )
