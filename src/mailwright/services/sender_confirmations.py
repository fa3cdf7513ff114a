"""Proof that a sender's address is the tenant's: a mail with a link, and whoever opens it and
agrees.

It leaves in the tenant's name (`link_mails`): from its own usual sender where there is one that may
send, else from the installation (MAILWRIGHT_SYSTEM_EMAIL).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.doors import Door
from mailwright.domain.tokens import SenderRef, Tokens
from mailwright.domain.webhook_event import EventType
from mailwright.errors import Conflict, MailwrightError, NotFound, RateLimited
from mailwright.services import audit, link_mails, logos, webhook_events
from mailwright.services.caller import Caller
from mailwright.services.link_mails import LinkMail
from mailwright.services.runtime import Runtime
from mailwright.services.sender_wording import wording_of
from mailwright.store import logos as logo_store
from mailwright.store import senders as store
from mailwright.store import tenants
from mailwright.store.rows import Row

log = structlog.get_logger()

LINK_DAYS = 7  # long enough for a holiday week, short enough for a mailbox that changes hands


@dataclass(frozen=True, slots=True)
class ConfirmationView:
    """What the page behind the link tells: whose sender it is, and whether it is confirmed."""

    tenant_name: str
    email: str
    name: str
    language: str
    confirmed: bool
    logo: str | None = None  # the path of the tenant's


async def ask_for_confirmation(runtime: Runtime, caller: Caller, sender: Row) -> Row:
    """Mails the link to a sender that was just made; the row as it is then.

    When the mail does not leave, the sender is there all the same, and it can be sent again.
    """
    try:
        return await _send(runtime, caller, sender)
    except MailwrightError as error:
        log.warning("confirmation_not_sent", sender_id=sender["id"], why=error.code)
        return sender


async def resend_confirmation(runtime: Runtime, caller: Caller, sender_uuid: UUID) -> Row:
    """Mails the link once more; the sender's row.

    Raises NotFound, Conflict SENDER_CONFIRMED when there is nothing to confirm or
    CONFIRMATION_NOT_SENT with the mail server's words, RateLimited.
    """
    caller.require("senders:write")
    async with runtime.database.reading() as connection:
        row = await store.get(connection, caller.tenant_id, sender_uuid)
    if row is None:
        raise NotFound("There is no such sender.")
    if row["confirmed_at"] is not None:
        raise Conflict("This sender is confirmed already.", code="SENDER_CONFIRMED")
    try:
        row = await _send(runtime, caller, row)
    except RateLimited:
        raise
    except MailwrightError as error:
        raise Conflict(error.message, code="CONFIRMATION_NOT_SENT") from error
    async with runtime.database.transaction() as connection:
        await audit.record(connection, caller, "sender.resend", f"sender:{sender_uuid}")
    return row


async def get_confirmation(runtime: Runtime, token: str) -> ConfirmationView | None:
    """What a link is about, or None: it is none of ours, it is too old, or its sender is gone."""
    ref = _ref(runtime, token)
    if ref is None:
        return None
    async with runtime.database.reading() as connection:
        row = await store.by_id(connection, ref.tenant_id, ref.sender_id)
        return await _view(connection, row) if row is not None else None


async def confirm_sender(runtime: Runtime, token: str) -> Row | None:
    """Confirms and enables the sender of a link, however often; its row, or None as above."""
    ref = _ref(runtime, token)
    if ref is None:
        return None
    async with runtime.database.transaction() as connection:
        row = await store.by_id(connection, ref.tenant_id, ref.sender_id)
        if row is None or row["confirmed_at"] is not None:
            return row
        values = {"confirmed_at": runtime.now(), "enabled": True}
        row = await store.change(connection, ref.tenant_id, row["uuid"], values)
        if row is not None:
            reader = Caller(ref.tenant_id, "link", Door.PUBLIC, frozenset())
            await audit.record(connection, reader, "sender.confirm", f"sender:{row['uuid']}")
            await tell(connection, runtime, row, EventType.SENDER_CONFIRMED)
    return row


async def tell(
    connection: AsyncConnection, runtime: Runtime, row: Row, type_: EventType, **more: object
) -> None:
    """Tells what became of a sender, in the caller's transaction."""
    named = {"sender_uuid": row["uuid"], "sender_name": row["name"], "email": row["email"], **more}
    numbers = {"sender_id": row["id"]}
    await webhook_events.tell(
        connection, row["tenant_id"], type_, runtime.now(), named, numbers=numbers
    )


def number_of_link(runtime: Runtime, token: str) -> int:
    """The number of the sender that a link is about; 0 for one that is none of ours."""
    ref = _ref(runtime, token)
    return ref.sender_id if ref is not None else 0


def _ref(runtime: Runtime, token: str) -> SenderRef | None:
    return Tokens(runtime.keys).read_confirm_sender(token, runtime.now())


async def _view(connection: AsyncConnection, row: Row) -> ConfirmationView:
    tenant = await tenants.get(connection, row["tenant_id"])
    logo = await logo_store.name_of(connection, row["tenant_id"])
    return ConfirmationView(
        tenant_name=tenant["name"] if tenant is not None else "",
        email=row["email"],
        name=row["name"],
        language=row["language"],
        confirmed=row["confirmed_at"] is not None,
        logo=logos.path_of(logo),
    )


async def _send(runtime: Runtime, caller: Caller, sender: Row) -> Row:
    now, tenant_id = runtime.now(), caller.tenant_id
    runtime.confirmations_of_tenant.count(str(tenant_id), now)
    runtime.confirmations_to_one.count(f"{tenant_id} {sender['email_key']}", now)
    async with runtime.database.reading() as connection:
        view = await _view(connection, sender)
        origin = await link_mails.origin_of_tenant(
            runtime, connection, tenant_id, view.tenant_name, sandbox=caller.sandbox
        )
    until = now + timedelta(days=LINK_DAYS)
    token = Tokens(runtime.keys).confirm_sender(tenant_id, sender["id"], until=until)
    values = {
        "address": view.email,
        "tenant": view.tenant_name,
        "link": f"{runtime.settings.base_url}/s/{token}",
        "days": LINK_DAYS,
    }
    mail = LinkMail(tenant_id, view.email, wording_of(view.language), view.language, values)
    await link_mails.send(runtime, mail, origin)
    async with runtime.database.transaction() as connection:
        values = {"confirmation_sent_at": now}
        changed = await store.change(connection, tenant_id, sender["uuid"], values)
        await tell(connection, runtime, changed or sender, EventType.SENDER_CONFIRMATION_SENT)
    return changed or sender
