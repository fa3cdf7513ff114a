"""Mailed links by which people set their password: who was invited, and who forgot it.

A link holds 256 random bits; the database holds their keyed hash (SEC-11). It works once and for a
while; all of a member's links end with every new password. Opening one changes nothing, as mail
scanners open them all; only the form behind it does (SEC-09). The mail goes by the installation's
own way (`link_mails.origin_of_installation`): who reads it can sign in.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta

from mailwright.domain.doors import Door
from mailwright.domain.keys import Purpose
from mailwright.domain.webhook_event import EventType
from mailwright.errors import NotFound
from mailwright.services import audit, link_mails
from mailwright.services.caller import Caller
from mailwright.services.link_mails import LinkMail
from mailwright.services.member_events import tell_member
from mailwright.services.member_passwords import replace_password
from mailwright.services.members import MemberView, member_view, subject
from mailwright.services.password_wording import INVITATION, RESET, wording_of
from mailwright.services.passwords import check_password, hash_password
from mailwright.services.runtime import Runtime
from mailwright.store import members as member_store
from mailwright.store import password_links as store
from mailwright.store import tenants
from mailwright.store.rows import Row

RESET_HOURS = 1  # whoever asked is waiting for it
INVITATION_DAYS = 7  # who is invited may be on holiday
TOKEN_CHARACTERS_MAX = 128  # a longer one is none of ours


@dataclass(frozen=True, slots=True)
class PasswordLinkView:
    """Whose password a link sets, and where. `invited`: it is their first one."""

    tenant_name: str
    tenant_slug: str
    email: str
    invited: bool


async def mail_link(
    runtime: Runtime, member: Row, *, language: str | None = None, sandbox: bool = False
) -> None:
    """Mails the member a link to set a password, in their language, else in `language`.

    Raises TransportRefused, or Conflict with the server's words; there is no link then.
    """
    now, tenant_id = runtime.now(), member["tenant_id"]
    is_first = member["invited_at"] is not None
    lifetime = timedelta(days=INVITATION_DAYS) if is_first else timedelta(hours=RESET_HOURS)
    token = secrets.token_urlsafe(32)
    async with runtime.database.transaction() as connection:
        tenant = await tenants.get(connection, tenant_id)
        name = tenant["name"] if tenant is not None else ""
        origin = await link_mails.origin_of_installation(
            runtime, connection, tenant_id, name, sandbox=sandbox
        )
        await store.add(
            connection,
            tenant_id,
            member["id"],
            _hash(runtime, token),
            created_at=now,
            expires_at=now + lifetime,
        )
    spoken, wording = wording_of(
        INVITATION if is_first else RESET, member["profile"].get("language"), language
    )
    values = {
        "address": member["email"],
        "tenant": name,
        "link": f"{runtime.settings.base_url}/password/{token}",
        "days": INVITATION_DAYS,
    }
    mail = LinkMail(tenant_id, member["email"], wording, spoken, values, private=True)
    try:
        await link_mails.send(runtime, mail, origin)
    except Exception:
        async with runtime.database.transaction() as connection:
            await store.remove(connection, tenant_id, _hash(runtime, token))
        raise


async def get_link(runtime: Runtime, token: str) -> PasswordLinkView:
    """Whose password the link sets. Raises NotFound when it is used, too old or none of ours."""
    async with runtime.database.reading() as connection:
        row = await store.live(connection, _hash(runtime, token), runtime.now())
    if row is None:
        raise _link_is_over()
    return PasswordLinkView(
        row["tenant_name"], row["tenant_slug"], row["email"], row["invited_at"] is not None
    )


async def use_link(
    runtime: Runtime, token: str, password: str, door: Door, *, number: int | None = None
) -> MemberView:
    """Sets the password, which is the yes to an invitation, too; every sign-in before it ends.

    One-time codes are asked for as before. `number`: the member must be this one. Raises NotFound
    as `get_link`, InvalidInput for a password that is too short or too long, after which the link
    still works.
    """
    token_hash = _hash(runtime, token)
    async with runtime.database.reading() as connection:
        _known(await store.live(connection, token_hash, runtime.now()), number)
    check_password(password)
    password_hash = await hash_password(password)
    async with runtime.database.transaction() as connection:
        row = await store.live(connection, token_hash, runtime.now(), locked=True)
        member = _known(row, number)
        await replace_password(runtime, connection, member, password_hash)
        reader = Caller(member["tenant_id"], f"member:{member['uuid']}", door, frozenset())
        action = "member.join" if member["invited_at"] is not None else "member.password"
        await audit.record(connection, reader, action, subject(member), {"by": "mailed link"})
        changed = await member_store.by_id(connection, member["tenant_id"], member["id"])
        if changed is not None and member["invited_at"] is not None:
            await tell_member(connection, runtime, changed, EventType.MEMBER_JOINED)
    runtime.account_tries.forgive(member["email_key"])
    return member_view(changed or member)


def _known(row: Row | None, number: int | None) -> Row:
    if row is None or number not in (None, row["id"]):
        raise _link_is_over()
    return row


def _link_is_over() -> NotFound:
    return NotFound("This link was used, is too old, or is none of ours. Ask for a new one.")


def _hash(runtime: Runtime, token: str) -> bytes:
    return runtime.keys.keyed_hash(Purpose.PASSWORD_LINK, token[:TOKEN_CHARACTERS_MAX])
