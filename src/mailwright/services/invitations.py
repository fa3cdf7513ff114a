"""Invitations, and links for a new password that somebody with the right to has mailed.

An invitation makes a member without a password: nobody signs in as them, and their address proves
nothing, until whoever reads the mail has set one. An address that is a member of other tenants is
invited like any other: nothing is told of those, and nothing there changes.
"""

from __future__ import annotations

from uuid import UUID

import structlog

from mailwright.domain.scopes import Role
from mailwright.domain.webhook_event import EventType
from mailwright.errors import Conflict, MailwrightError, RateLimited
from mailwright.services import audit, members, password_links, sign_ins
from mailwright.services.caller import Caller
from mailwright.services.member_events import tell_member
from mailwright.services.members import MemberView, NewMember, member_view, subject
from mailwright.services.runtime import Runtime
from mailwright.store import members as store
from mailwright.store.rows import Row

log = structlog.get_logger()


async def invite_member(runtime: Runtime, caller: Caller, new: NewMember) -> MemberView:
    """The new member, mailed a link to set their password. `new` has none.

    When the mail does not leave, they are invited all the same, and it can be sent again. Raises as
    `members.create_member`.
    """
    caller.require("members:write")
    async with runtime.database.transaction() as connection:
        await members.require_over(connection, caller, new.role)
        row = await members.add_member(
            connection, caller.tenant_id, new, None, invited_at=runtime.now()
        )
        about = {"role": row["role"], "api_access": row["api_access"]}
        await audit.record(connection, caller, "member.invite", subject(row), about)
        await tell_member(connection, runtime, row, EventType.MEMBER_CREATED, invited=True)
    try:
        row = await _mail(runtime, caller, row)
    except MailwrightError as error:
        log.warning("invitation_not_sent", member_id=row["id"], why=error.code)
    return member_view(row)


async def resend_invitation(runtime: Runtime, caller: Caller, member_uuid: UUID) -> MemberView:
    """Mails the link once more.

    Raises NotFound, Forbidden, Conflict MEMBER_JOINED when they have set a password already or
    MAIL_NOT_SENT with the mail server's words, RateLimited.
    """
    row = await _held(runtime, caller, member_uuid)
    if row["invited_at"] is None:
        raise Conflict("They have joined already.", code="MEMBER_JOINED")
    row = await _mailed(runtime, caller, row)
    async with runtime.database.transaction() as connection:
        await audit.record(connection, caller, "member.resend-invitation", subject(row))
    return member_view(row)


async def reset_password(
    runtime: Runtime, caller: Caller, member_uuid: UUID, *, invalidate: bool = False
) -> MemberView:
    """Mails a member a link to set a new password.

    `invalidate`: the present one ends with that, and every sign-in; not before the mail has left.
    Raises as `resend_invitation`, Conflict MEMBER_INVITED while they have no password yet.
    """
    row = await _held(runtime, caller, member_uuid)
    if row["invited_at"] is not None:
        raise Conflict(
            "They have not joined yet; send the invitation again.", code="MEMBER_INVITED"
        )
    row = await _mailed(runtime, caller, row)
    async with runtime.database.transaction() as connection:
        if invalidate:
            await store.set_password(connection, row["tenant_id"], row["id"], None)
            await sign_ins.end_sign_ins(runtime, connection, row)
        about = {"invalidated": invalidate}
        await audit.record(connection, caller, "member.reset-password", subject(row), about)
    return member_view(row)


async def reset_own_password(runtime: Runtime, caller: Caller) -> MemberView:
    """Mails the member who asks a link to set a new password. Raises as above."""
    async with runtime.database.reading() as connection:
        row = await members.own_row(connection, caller)
    row = await _mailed(runtime, caller, row)
    async with runtime.database.transaction() as connection:
        about = {"invalidated": False}
        await audit.record(connection, caller, "member.reset-password", subject(row), about)
    return member_view(row)


async def _held(runtime: Runtime, caller: Caller, member_uuid: UUID) -> Row:
    """The member's row, if the caller may take them over: whoever has the mail could."""
    caller.require("members:write")
    async with runtime.database.reading() as connection:
        row = await members.existing_row(connection, caller, member_uuid)
        await members.require_over(connection, caller, Role(row["role"]))
    return row


async def _mailed(runtime: Runtime, caller: Caller, member: Row) -> Row:
    """Mails the link; a refusal is told in the server's words."""
    try:
        return await _mail(runtime, caller, member)
    except RateLimited:
        raise
    except MailwrightError as error:
        raise Conflict(error.message, code="MAIL_NOT_SENT") from error


async def _mail(runtime: Runtime, caller: Caller, member: Row) -> Row:
    now, tenant_id = runtime.now(), caller.tenant_id
    runtime.confirmations_of_tenant.count(str(tenant_id), now)
    runtime.confirmations_to_one.count(f"{tenant_id} {member['email_key']}", now)
    await password_links.mail_link(runtime, member, sandbox=caller.sandbox)
    if member["invited_at"] is None:
        return member
    async with runtime.database.transaction() as connection:
        return await store.change(connection, tenant_id, member["id"], {"invitation_sent_at": now})
