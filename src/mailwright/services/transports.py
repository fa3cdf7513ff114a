"""Which way mail leaves: a project's transport, the installation's, or the built-in inbox."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.errors import Conflict, NotFound, OperatorError
from mailwright.services import installation
from mailwright.services.runtime import Runtime
from mailwright.settings import Settings
from mailwright.store import projects
from mailwright.wire.smtp_client import SmtpConnection
from mailwright.wire.smtp_reply import Accepted, ConnectionDropped, Reply
from mailwright.wire.smtp_url import Transport

#: A person waits for a test mail; a relay that takes longer is reported, not waited for.
SINGLE_MAIL_TIMEOUT_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class RoutedTransport:
    """A project and the transport its mail takes now."""

    project_id: int
    transport: Transport


async def resolve(
    runtime: Runtime,
    connection: AsyncConnection,
    tenant_id: int,
    project_id: int | None,
    *,
    sandbox: bool,
) -> RoutedTransport:
    """The transport of a project (None: the tenant's default), or for `sandbox` the inbox.

    Raises NotFound for another tenant's project, ConfigurationError for a URL that is none, and
    OperatorError when the mail should go to the built-in inbox and that is not running.
    """
    if project_id is None:
        project = await projects.default(connection, tenant_id)
    else:
        project = await projects.get(connection, tenant_id, project_id)
    if project is None:
        raise NotFound("There is no such project.")
    if sandbox:
        transport = Transport.parse("capture:")
    elif project["smtp_url_sealed"] is not None:
        transport = Transport.parse(runtime.keys.unseal(project["smtp_url_sealed"]))
    else:
        transport = Transport.parse(runtime.settings.smtp_url.get_secret_value())
    if transport.is_capture:
        transport = transport.with_address(*await _inbox_address(runtime))
    return RoutedTransport(project["id"], transport)


def helo_name(settings: Settings) -> str:
    """How we introduce ourselves: the public host, never this machine's own name (OUT-16).

    An address goes in brackets (RFC 5321 section 4.1.3).
    """
    host = urlsplit(settings.base_url).hostname or "localhost"
    try:
        address = ip_address(host)
    except ValueError:
        return host.encode("idna").decode()
    return f"[IPv6:{address}]" if address.version == 6 else f"[{address}]"


async def send_one(
    runtime: Runtime, transport: Transport, *, envelope_sender: str, recipient: str, raw: bytes
) -> Reply:
    """The server's words on taking one mail now: a test or a confirmation.

    Raises TransportRefused when there is no way out, Conflict TEST_SEND_FAILED, with the server's
    words, when it does not take this mail.
    """
    connection = await SmtpConnection.open(
        transport,
        helo=helo_name(runtime.settings),
        timeout_seconds=SINGLE_MAIL_TIMEOUT_SECONDS,
    )
    try:
        answer = await connection.deliver(envelope_sender, recipient, raw)
    except ConnectionDropped as dropped:
        raise _not_taken(dropped.message) from None
    finally:
        await connection.quit()
    if not isinstance(answer, Accepted):
        raise _not_taken(f"The mail server answered: {answer.reply.code} {answer.reply.text}")
    return answer.reply


async def _inbox_address(runtime: Runtime) -> tuple[str, int]:
    address = await installation.capture_address(runtime)
    if address is None:
        raise OperatorError(
            "The built-in inbox is not running; start `mailwright serve`, or set "
            "MAILWRIGHT_SMTP_URL to a mail server.",
            code="INBOX_NOT_RUNNING",
        )
    return address


def _not_taken(why: str) -> Conflict:
    return Conflict(f"The mail was not taken. {why}", code="TEST_SEND_FAILED")
