"""Proof that a sender's address is the tenant's: a mail with a link, and whoever opens it and
agrees.

The mail leaves from this process at once. It comes from the tenant's own usual sender where there
is one that may send, else from the installation (MAILWRIGHT_SYSTEM_EMAIL); through the transport of
the tenant's default project; signed like any other mail.
"""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.doors import Door
from mailwright.domain.email_address import EmailAddress
from mailwright.domain.sending_domain import domain_of
from mailwright.domain.tokens import SenderRef, Tokens
from mailwright.errors import Conflict, MailwrightError, NotFound, RateLimited
from mailwright.mail.message import MailContent, Recipient, compile_mail
from mailwright.services import audit, transports
from mailwright.services.caller import Caller
from mailwright.services.domain_records import public_host
from mailwright.services.outgoing import Outgoing, outgoing_of, sender_problem
from mailwright.services.runtime import Runtime
from mailwright.services.sender_wording import wording_of
from mailwright.store import projects, tenants
from mailwright.store import senders as store
from mailwright.store.rows import Row

log = structlog.get_logger()

LINK_DAYS = 7  # long enough for a holiday week, short enough for a mailbox that changes hands
NO_MESSAGE = 0  # of the ledger: this mail is nobody's campaign


@dataclass(frozen=True, slots=True)
class ConfirmationView:
    """What the page behind the link tells: whose sender it is, and whether it is confirmed."""

    tenant_name: str
    email: str
    name: str
    language: str
    confirmed: bool


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
    return row


def number_of_link(runtime: Runtime, token: str) -> int:
    """The number of the sender that a link is about; 0 for one that is none of ours."""
    ref = _ref(runtime, token)
    return ref.sender_id if ref is not None else 0


def _ref(runtime: Runtime, token: str) -> SenderRef | None:
    return Tokens(runtime.keys).read_confirm_sender(token, runtime.now())


async def _view(connection: AsyncConnection, row: Row) -> ConfirmationView:
    tenant = await tenants.get(connection, row["tenant_id"])
    return ConfirmationView(
        tenant_name=tenant["name"] if tenant is not None else "",
        email=row["email"],
        name=row["name"],
        language=row["language"],
        confirmed=row["confirmed_at"] is not None,
    )


@dataclass(frozen=True, slots=True)
class _From:
    """In whose name the mail asks."""

    name: str
    email: str
    outgoing: Outgoing


async def _send(runtime: Runtime, caller: Caller, sender: Row) -> Row:
    now, tenant_id = runtime.now(), caller.tenant_id
    runtime.confirmations_of_tenant.count(str(tenant_id), now)
    runtime.confirmations_to_one.count(f"{tenant_id} {sender['email_key']}", now)
    async with runtime.database.reading() as connection:
        view = await _view(connection, sender)
        asks = await _asks(runtime, connection, caller, view.tenant_name)
        routed = await transports.resolve(
            runtime, connection, tenant_id, None, sandbox=caller.sandbox
        )
    tokens = Tokens(runtime.keys)
    token = tokens.confirm_sender(tenant_id, sender["id"], until=now + timedelta(days=LINK_DAYS))
    link = f"{runtime.settings.base_url}/s/{token}"
    raw = await asyncio.to_thread(_written, view, asks, link, now)
    address = EmailAddress.parse(sender["email"])
    await transports.send_one(
        runtime,
        routed.transport,
        envelope_sender=f"{tokens.return_path(tenant_id, NO_MESSAGE)}@"
        f"{asks.outgoing.envelope_domain}",
        recipient=f"{address.text.rpartition('@')[0]}@{domain_of(address.key)}",
        raw=raw,
    )
    async with runtime.database.transaction() as connection:
        values = {"confirmation_sent_at": now}
        changed = await store.change(connection, tenant_id, sender["uuid"], values)
    return changed or sender


async def _asks(
    runtime: Runtime, connection: AsyncConnection, caller: Caller, tenant_name: str
) -> _From:
    """The tenant's default sender, else its oldest that may send, else the installation."""
    tenant_id = caller.tenant_id
    project = await projects.default(connection, tenant_id)
    candidates = [await store.first_enabled(connection, tenant_id)]
    if project is not None and project["sender_id"] is not None:
        candidates.insert(0, await store.by_id(connection, tenant_id, project["sender_id"]))
    for row in filter(None, candidates):
        problem = await sender_problem(
            runtime, connection, row, project_id=None, sandbox=caller.sandbox
        )
        if problem is None:
            domain = domain_of(row["email_key"])
            return _From(
                row["name"],
                row["email"],
                await outgoing_of(runtime, connection, tenant_id, domain),
            )
    email = _system_email(runtime)
    domain = domain_of(email)
    return _From(
        f"{tenant_name} (Mailwright)",
        email,
        await outgoing_of(runtime, connection, tenant_id, domain),
    )


def _system_email(runtime: Runtime) -> str:
    if runtime.settings.system_email:
        return runtime.settings.system_email.strip()
    host = public_host(runtime.settings)
    return f"no-reply@{host if host[-1].isalpha() else 'localhost'}"


def _written(view: ConfirmationView, asks: _From, link: str, at: datetime) -> bytes:
    words = wording_of(view.language)
    values = {"address": view.email, "tenant": view.tenant_name, "link": link, "days": LINK_DAYS}
    domain = domain_of(asks.email)
    content = MailContent(
        subject=words.subject,
        from_name=asks.name,
        from_email=asks.email,
        text=words.text,
        html=words.html,
        language=view.language,
    )
    recipient = Recipient(
        email=view.email,
        values=values,
        message_id=f"{secrets.token_hex(16)}@{domain}",
        date=at,
        unsubscribe_url="",
        view_url="",
        boundary=f"=_{secrets.token_hex(12)}",
    )
    return asks.outgoing.signed(compile_mail(content).render(recipient), at)
