"""Mails of Mailwright's own with one link in them, which leave from this process at once.

They go out in one of two ways. In the tenant's name: from its usual sender where there is one that
may send, through the transport of its default project. In the installation's: from
MAILWRIGHT_SYSTEM_EMAIL, through MAILWRIGHT_SMTP_URL. Signed like any other mail.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from html import escape

from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.email_address import email_key_of
from mailwright.domain.sending_domain import domain_of
from mailwright.domain.tokens import Tokens
from mailwright.mail.message import MailContent, Recipient, compile_mail
from mailwright.services import transports
from mailwright.services.domain_records import public_host
from mailwright.services.outgoing import Outgoing, outgoing_of, sender_problem
from mailwright.services.runtime import Runtime
from mailwright.settings import Settings
from mailwright.store import projects
from mailwright.store import senders as sender_store
from mailwright.wire.smtp_url import Transport

NO_MESSAGE = 0  # of the ledger: these mails are nobody's campaign


@dataclass(frozen=True, slots=True)
class LinkWording:
    """Templates for the mail; `link` is filled in, and whatever else its values name."""

    subject: str
    asks: str
    button: str
    ends: str
    not_you: str

    @property
    def text(self) -> str:
        """The plain body."""
        return f"{self.asks}\n\n{self.button}:\n{{{{ link }}}}\n\n{self.ends}\n{self.not_you}\n"

    @property
    def html(self) -> str:
        """The body as HTML."""
        ends = f"{escape(self.ends)} {escape(self.not_you)}"
        return (
            '<!doctype html><html><head><meta charset="utf-8"></head>'
            '<body style="font-family:system-ui,sans-serif;font-size:16px;line-height:1.5;'
            'max-width:34em;margin:2em auto;padding:0 1em;color:#1d2433">'
            f"<p>{escape(self.asks)}</p>"
            '<p style="margin:2em 0"><a href="{{ link }}" style="background:#1d4ed8;color:#fff;'
            f'padding:.7em 1.4em;border-radius:6px;text-decoration:none">{escape(self.button)}</a>'
            f'</p><p style="color:#5b6472;font-size:14px">{ends}</p></body></html>'
        )


@dataclass(frozen=True, slots=True)
class LinkMail:
    """What to send to whom. `private`: only who may do everything sees it in the inbox."""

    tenant_id: int
    to: str
    wording: LinkWording
    language: str
    values: Mapping[str, object]
    private: bool = False


@dataclass(frozen=True, slots=True)
class Origin:
    """In whose name a mail leaves, and which way."""

    name: str
    email: str
    outgoing: Outgoing
    transport: Transport


async def origin_of_tenant(
    runtime: Runtime,
    connection: AsyncConnection,
    tenant_id: int,
    tenant_name: str,
    *,
    sandbox: bool = False,
) -> Origin:
    """The tenant's default sender, else its oldest that may send, else the installation's.

    Raises as `transports.resolve`.
    """
    routed = await transports.resolve(runtime, connection, tenant_id, None, sandbox=sandbox)
    project = await projects.default(connection, tenant_id)
    candidates = [await sender_store.first_enabled(connection, tenant_id)]
    if project is not None and project["sender_id"] is not None:
        default = await sender_store.by_id(connection, tenant_id, project["sender_id"])
        candidates.insert(0, default)
    for row in filter(None, candidates):
        problem = await sender_problem(runtime, connection, row, project_id=None, sandbox=sandbox)
        if problem is None:
            outgoing = await outgoing_of(
                runtime, connection, tenant_id, domain_of(row["email_key"])
            )
            return Origin(row["name"], row["email"], outgoing, routed.transport)
    return await _system(runtime, connection, tenant_id, tenant_name, routed.transport)


async def origin_of_installation(
    runtime: Runtime,
    connection: AsyncConnection,
    tenant_id: int,
    tenant_name: str,
    *,
    sandbox: bool = False,
) -> Origin:
    """The installation's, for mail that opens an account: who may only write projects cannot
    lead it to a server of their own.

    Where the installation has no mail server, the tenant's takes its place, as the only way out.
    Raises as `transports.resolve`.
    """
    transport = Transport.parse(runtime.settings.smtp_url.get_secret_value())
    if transport.is_capture or sandbox:
        return await origin_of_tenant(runtime, connection, tenant_id, tenant_name, sandbox=sandbox)
    return await _system(runtime, connection, tenant_id, tenant_name, transport)


async def send(runtime: Runtime, mail: LinkMail, origin: Origin) -> None:
    """Hands the mail over. Raises TransportRefused, or Conflict with the server's words."""
    now = runtime.now()
    raw = await asyncio.to_thread(_written, mail, origin, now)
    tokens = Tokens(runtime.keys)
    return_path = tokens.return_path(mail.tenant_id, NO_MESSAGE, private=mail.private)
    await transports.send_one(
        runtime,
        origin.transport,
        envelope_sender=f"{return_path}@{origin.outgoing.envelope_domain}",
        recipient=f"{mail.to.rpartition('@')[0]}@{domain_of(email_key_of(mail.to))}",
        raw=raw,
    )


async def _system(
    runtime: Runtime,
    connection: AsyncConnection,
    tenant_id: int,
    tenant_name: str,
    transport: Transport,
) -> Origin:
    email = system_email(runtime.settings)
    outgoing = await outgoing_of(runtime, connection, tenant_id, domain_of(email))
    return Origin(f"{tenant_name} (Mailwright)", email, outgoing, transport)


def system_email(settings: Settings) -> str:
    """From whom the installation's own mails are."""
    if settings.system_email:
        return settings.system_email.strip()
    host = public_host(settings)
    return f"no-reply@{host if host[-1].isalpha() else 'localhost'}"


def _written(mail: LinkMail, origin: Origin, at: datetime) -> bytes:
    content = MailContent(
        subject=mail.wording.subject,
        from_name=origin.name,
        from_email=origin.email,
        text=mail.wording.text,
        html=mail.wording.html,
        language=mail.language,
    )
    recipient = Recipient(
        email=mail.to,
        values=dict(mail.values),
        message_id=f"{secrets.token_hex(16)}@{domain_of(origin.email)}",
        date=at,
        unsubscribe_url="",
        view_url="",
        boundary=f"=_{secrets.token_hex(12)}",
    )
    return origin.outgoing.signed(compile_mail(content).render(recipient), at)
