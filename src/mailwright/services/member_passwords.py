"""Members' passwords: set by themselves, by whoever runs the account, or by the operator.

A new password ends every session and access token of the member (SEC-13), and every mailed link.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.email_address import email_key_of
from mailwright.errors import InvalidInput, NotFound
from mailwright.services import audit, sign_ins
from mailwright.services.caller import Caller
from mailwright.services.members import (
    MemberView,
    existing_row,
    held_row,
    member_view,
    own_row,
    subject,
)
from mailwright.services.passwords import check_password, hash_password, verify_password
from mailwright.services.runtime import Runtime
from mailwright.store import members as store
from mailwright.store import password_links
from mailwright.store.rows import Row


async def change_password(
    runtime: Runtime, caller: Caller, member_uuid: UUID, password: str
) -> MemberView:
    """Sets a member's password and ends all of their sessions and access tokens (SEC-13).

    Members change their own; who may write members and has their rights changes theirs. Raises
    NotFound, Forbidden.
    """
    is_own = caller.actor == f"member:{member_uuid}"
    if not is_own:
        caller.require("members:write")
    check_password(password)
    password_hash = await hash_password(password)
    async with runtime.database.transaction() as connection:
        if is_own:
            row = await existing_row(connection, caller, member_uuid)
        else:
            row = await held_row(connection, caller, member_uuid)
        await replace_password(runtime, connection, row, password_hash)
        await audit.record(connection, caller, "member.password", subject(row))
        return member_view(row)


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
            await replace_password(runtime, connection, row, password_hash)
    return [member_view(row) for row in rows]


async def check_own_password(runtime: Runtime, caller: Caller, password: str) -> None:
    """Nothing, when it is the password of the member who asks. Raises InvalidInput, RateLimited."""
    async with runtime.database.reading() as connection:
        row = await own_row(connection, caller)
    runtime.account_tries.count(row["email_key"], runtime.now())
    if not await verify_password(password, row["password_hash"]):
        raise InvalidInput.field("password.current", "That is not your present password.")
    runtime.account_tries.forgive(row["email_key"])


async def replace_password(
    runtime: Runtime, connection: AsyncConnection, member: Row, password_hash: str
) -> None:
    """Within a transaction: the new password; sign-ins and mailed links from before it end."""
    await store.set_password(connection, member["tenant_id"], member["id"], password_hash)
    await password_links.remove_of_member(connection, member["tenant_id"], member["id"])
    await sign_ins.end_sign_ins(runtime, connection, member)
