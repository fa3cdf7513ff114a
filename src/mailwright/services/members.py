"""Members: people who sign in, each with a role in a tenant."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypedDict
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.email_address import EmailAddress, email_key_of
from mailwright.domain.ids import new_id
from mailwright.domain.scopes import ALL, ROLE_SCOPES, Role
from mailwright.domain.webhook_event import EventType
from mailwright.errors import Conflict, Forbidden, InvalidInput, NotFound
from mailwright.services import access_tokens, audit, sign_ins
from mailwright.services.caller import Caller
from mailwright.services.member_events import tell_member
from mailwright.services.member_profiles import changed_profile
from mailwright.services.paging import Page, Paged
from mailwright.services.passwords import check_password, hash_password
from mailwright.services.runtime import Runtime
from mailwright.store import members as store
from mailwright.store.rows import Row

_LOCAL = re.compile(r"[A-Za-z0-9._+-]{1,64}@localhost")  # the first owner of a fresh installation


@dataclass(frozen=True, slots=True)
class NewMember:
    """Whom to add. `api_access`: may sign in to get access tokens; `profile`: names and phones.

    Who is invited (`invitations`) has no password yet.
    """

    email: str
    password: str | None = field(repr=False)
    role: Role
    api_access: bool = True
    profile: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class MemberView:
    """A member as the tenant sees them. Who is suspended cannot sign in.

    `invited`: they have not set a password yet; their invitation was last mailed at
    `invitation_sent_at`, if any has left.
    """

    uuid: UUID
    email: str
    role: str
    api_access: bool
    suspended: bool
    invited: bool
    invitation_sent_at: datetime | None
    profile: Mapping[str, str]
    created_at: datetime
    last_sign_in_at: datetime | None


class MemberChanges(TypedDict, total=False):
    """The fields a call sets; absent ones stay as they are."""

    role: Role
    api_access: bool
    suspended: bool
    profile: Mapping[str, str | None]  # texts to set, None to forget one


async def create_member(runtime: Runtime, caller: Caller, new: NewMember) -> MemberView:
    """The new member. Raises InvalidInput, Conflict for one who is there, Forbidden for a role
    with more rights than the caller's own."""
    caller.require("members:write")
    if new.password is None:
        raise InvalidInput.field("password", "Give them a password, or invite them.")
    check_password(new.password)
    password_hash = await hash_password(new.password)
    async with runtime.database.transaction() as connection:
        await require_over(connection, caller, new.role)
        row = await add_member(connection, caller.tenant_id, new, password_hash)
        about = {"role": row["role"], "api_access": row["api_access"]}
        await audit.record(connection, caller, "member.create", subject(row), about)
        await tell_member(connection, runtime, row, EventType.MEMBER_CREATED)
        return member_view(row)


async def get_member(runtime: Runtime, caller: Caller, member_uuid: UUID) -> MemberView:
    """One member. Raises NotFound."""
    caller.require("members:read")
    async with runtime.database.reading() as connection:
        return member_view(await existing_row(connection, caller, member_uuid))


async def change_member(
    runtime: Runtime, caller: Caller, member_uuid: UUID, changes: MemberChanges
) -> MemberView:
    """The member with `changes` made; a new role holds from their next click on.

    Suspended, they are signed out everywhere; without access to the API their tokens end.

    Raises NotFound, InvalidInput, Forbidden where the role before or after has more rights than
    the caller, Conflict LAST_OWNER when nobody would own the tenant any more.
    """
    caller.require("members:write")
    async with runtime.database.transaction() as connection:
        row = await held_row(connection, caller, member_uuid)
        role = changes.get("role", Role(row["role"]))
        await require_over(connection, caller, role)
        if role is not Role.OWNER or changes.get("suspended"):
            await _require_other_owner(connection, row)
        values = _values(runtime, row, changes)
        changed = await store.change(connection, caller.tenant_id, row["id"], values)
        await _end_what_is_over(runtime, connection, changed)
        about = {"role_before": row["role"], "role": str(role), "api_access": changed["api_access"]}
        if "suspended" in changes:
            about["suspended"] = changes["suspended"]
        await audit.record(connection, caller, "member.change", subject(row), about)
        told = {"changed": sorted(changes)}
        await tell_member(connection, runtime, changed, EventType.MEMBER_UPDATED, **told)
        return member_view(changed)


async def change_self(
    runtime: Runtime, caller: Caller, profile: Mapping[str, str | None]
) -> MemberView:
    """The member who asks, with new names and phones: no right is needed for that.

    Raises InvalidInput.
    """
    async with runtime.database.transaction() as connection:
        row = await own_row(connection, caller)
        values = {"profile": changed_profile(row["profile"], profile)}
        changed = await store.change(connection, caller.tenant_id, row["id"], values)
        about = {"changed": sorted(profile)}
        await audit.record(connection, caller, "member.change", subject(row), about)
        await tell_member(connection, runtime, changed, EventType.MEMBER_UPDATED, **about)
        return member_view(changed)


async def delete_member(runtime: Runtime, caller: Caller, member_uuid: UUID) -> None:
    """The member is gone and signed out, or their invitation withdrawn; keys they made stay.

    Raises NotFound, Forbidden, Conflict LAST_OWNER.
    """
    caller.require("members:write")
    async with runtime.database.transaction() as connection:
        row = await held_row(connection, caller, member_uuid)
        await _require_other_owner(connection, row)
        await sign_ins.end_sign_ins(runtime, connection, row)
        await store.remove(connection, caller.tenant_id, row["id"])
        about = {"role": row["role"], "invited": row["invited_at"] is not None}
        await audit.record(connection, caller, "member.delete", subject(row), about)
        await tell_member(connection, runtime, row, EventType.MEMBER_DELETED)


async def add_member(
    connection: AsyncConnection,
    tenant_id: int,
    new: NewMember,
    password_hash: str | None,
    *,
    invited_at: datetime | None = None,
) -> Row:
    """The same within a transaction, with the hash made before; the row."""
    address = member_address(new.email)
    values = {
        "uuid": new_id(),
        "email": address.text,
        "email_key": address.key,
        "password_hash": password_hash,
        "invited_at": invited_at,
        "role": str(new.role),
        "api_access": new.api_access,
        "profile": changed_profile({}, new.profile),
    }
    row = await store.add(connection, tenant_id, values)
    if row is None:
        raise Conflict(f"{address.text} is a member already.", code="DUPLICATE_RESOURCE")
    return row


async def page_members(
    runtime: Runtime,
    caller: Caller,
    page: Page,
    *,
    email: str | None = None,
    suspended: bool | None = None,
    invited: bool | None = None,
) -> Paged[MemberView]:
    """The tenant's members by address; `email`: only who has exactly it."""
    caller.require("members:read")
    async with runtime.database.reading() as connection:
        rows, total = await store.page(
            connection,
            caller.tenant_id,
            email_key=email_key_of(email) if email is not None else None,
            suspended=suspended,
            invited=invited,
            limit=page.per_page,
            offset=page.offset,
        )
    return Paged([member_view(row) for row in rows], total, page)


async def get_self(runtime: Runtime, caller: Caller) -> MemberView:
    """The member who asks. Raises Forbidden for keys, which are nobody's."""
    async with runtime.database.reading() as connection:
        return member_view(await own_row(connection, caller))


async def own_row(connection: AsyncConnection, caller: Caller) -> Row:
    """The row of the member who asks. Raises Forbidden for keys, which are nobody's."""
    kind, _, member_uuid = caller.actor.partition(":")
    row = None
    if kind == "member":
        row = await store.by_uuid(connection, caller.tenant_id, UUID(member_uuid))
    if row is None:
        raise Forbidden("Only a member who signed in can do that, not a key.")
    return row


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


def _values(runtime: Runtime, row: Row, changes: MemberChanges) -> dict[str, object]:
    """The columns that `changes` sets."""
    values: dict[str, object] = {"role": str(changes.get("role", row["role"]))}
    if "api_access" in changes:
        values["api_access"] = changes["api_access"]
    if "suspended" in changes:
        values["suspended_at"] = (
            (row["suspended_at"] or runtime.now()) if changes["suspended"] else None
        )
    return {**values, "profile": changed_profile(row["profile"], changes.get("profile", {}))}


async def _end_what_is_over(runtime: Runtime, connection: AsyncConnection, member: Row) -> None:
    """After a change: ends what the member may not use any more, the rest is looked up anew."""
    tenant_id, member_id = member["tenant_id"], member["id"]
    if member["suspended_at"] is not None:
        await sign_ins.end_sign_ins(runtime, connection, member)
    elif not member["api_access"]:
        await access_tokens.end_tokens(runtime, connection, tenant_id, member_id)
    else:
        await access_tokens.look_again(runtime, connection, tenant_id, member_id)


async def existing_row(connection: AsyncConnection, caller: Caller, member_uuid: UUID) -> Row:
    """One member's row. Raises NotFound."""
    row = await store.by_uuid(connection, caller.tenant_id, member_uuid)
    if row is None:
        raise NotFound("There is no such member.")
    return row


async def held_row(connection: AsyncConnection, caller: Caller, member_uuid: UUID) -> Row:
    """The member's row, if the caller may touch it; the tenant's owners stay as they are."""
    await store.lock_owners(connection, caller.tenant_id)
    row = await existing_row(connection, caller, member_uuid)
    await require_over(connection, caller, Role(row["role"]))
    return row


async def require_over(connection: AsyncConnection, caller: Caller, role: Role) -> None:
    """Nobody gives, takes or takes over more than their own rights; owners are owners' business."""
    missing = ROLE_SCOPES[role] - caller.granted
    if missing and ALL not in caller.granted:
        raise Forbidden(
            f"The role {role} has rights that you do not have.",
            details={"missing_scope": min(missing)},
        )
    kind, _, member_uuid = caller.actor.partition(":")
    if role is not Role.OWNER or kind != "member":
        return  # a key that holds `*` and the operator's shell are as good as an owner
    acting = await store.by_uuid(connection, caller.tenant_id, UUID(member_uuid))
    if acting is None or acting["role"] != Role.OWNER:
        raise Forbidden("Only an owner can make, change or remove an owner.")


async def _require_other_owner(connection: AsyncConnection, row: Row) -> None:
    if row["role"] != Role.OWNER or row["invited_at"] is not None:
        return
    if not await store.other_owners(connection, row["tenant_id"], row["id"]):
        raise Conflict(
            "This is the last owner; make somebody else an owner first.", code="LAST_OWNER"
        )


def subject(row: Row) -> str:
    """How the audit log calls a member."""
    return f"member:{row['uuid']}"


def member_view(row: Row) -> MemberView:
    """A row as the tenant sees it."""
    return MemberView(
        uuid=row["uuid"],
        email=row["email"],
        role=row["role"],
        api_access=row["api_access"],
        suspended=row["suspended_at"] is not None,
        invited=row["invited_at"] is not None,
        invitation_sent_at=row["invitation_sent_at"],
        profile=row["profile"],
        created_at=row["created_at"],
        last_sign_in_at=row["last_sign_in_at"],
    )
