"""In whose technical name mail leaves: who signs it, where its links lead, where it returns.

And whether it may leave at all: from a confirmed, enabled sender, whose domain is authenticated
where the installation insists on it (MAILWRIGHT_REQUIRE_AUTHENTICATED_DOMAINS).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.email_address import EmailAddress
from mailwright.domain.sending_domain import (
    RETURN_PATH,
    RecordKind,
    domain_of,
    is_valid,
    missing,
)
from mailwright.errors import NotReady
from mailwright.mail.dkim import DkimSigner
from mailwright.services.runtime import Runtime
from mailwright.store import domains, projects
from mailwright.store.rows import Row
from mailwright.wire.smtp_url import Transport


@dataclass(frozen=True, slots=True)
class Outgoing:
    """How mail of one From domain leaves.

    `base_url`: the root of its links, without a final slash, on the domain's own tracking host
    where it has one. `envelope_domain`: where it returns, aligned with From. `signer`: None where
    there is no key whose record DNS shows.
    """

    base_url: str
    envelope_domain: str
    signer: DkimSigner | None = None

    def signed(self, raw: bytes, at: datetime) -> bytes:
        """The mail as it goes on the wire."""
        return raw if self.signer is None else self.signer.signed(raw, at)


@dataclass(frozen=True, slots=True)
class SenderProblem:
    """Why a sender cannot be used: a stable code, and a sentence for whoever can mend it."""

    code: str
    message: str
    missing: tuple[str, ...] = ()  # the records of its domain that are not there

    def error(self) -> NotReady:
        """The refusal, for doors that send from a sender at once."""
        details = {"missing": list(self.missing)} if self.missing else {}
        return NotReady(self.message, code=self.code, details=details)


_UNKNOWN: Mapping[str, Any] = {}


async def outgoing_of(
    runtime: Runtime, connection: AsyncConnection, tenant_id: int, from_domain: str
) -> Outgoing:
    """How mail from addresses of `from_domain` (A-label form, lower case) leaves now.

    Equal as long as nothing about the domain changes, so that it can be part of a key.
    """
    row = await domains.outgoing(connection, tenant_id, from_domain)
    base_url = runtime.settings.base_url
    if row is None:
        return Outgoing(base_url, from_domain)
    checks = row["checks"]
    return Outgoing(
        base_url=_branded(base_url, row["tracking_host"])
        if is_valid(checks, RecordKind.TRACKING)
        else base_url,
        envelope_domain=row["return_path_host"] if is_valid(checks, *RETURN_PATH) else from_domain,
        signer=_signer(runtime, row) if is_valid(checks, RecordKind.DKIM) else None,
    )


async def sender_problem(
    runtime: Runtime,
    connection: AsyncConnection,
    sender: Row,
    *,
    project_id: int | None,
    sandbox: bool,
) -> SenderProblem | None:
    """Why mail from this row of `senders` may not leave through that project now, or None.

    `project_id`: None is the tenant's default. `sandbox`: all of it goes to the built-in inbox.
    """
    told = _of_sender(
        sender["email"], confirmed=sender["confirmed_at"] is not None, enabled=sender["enabled"]
    )
    if told is not None:
        return told
    if sandbox or runtime.settings.require_authenticated_domains == "off":
        return None
    tenant_id = sender["tenant_id"]
    project = await (
        projects.default(connection, tenant_id)
        if project_id is None
        else projects.get(connection, tenant_id, project_id)
    )
    if not must_be_authenticated(runtime, project["smtp_url_sealed"] if project else None):
        return None
    name = domain_of(sender["email_key"])
    row = await domains.by_name(connection, tenant_id, name)
    return domain_problem(name, row["checks"] if row is not None else None)


def problem_of(
    runtime: Runtime,
    email: str,
    *,
    confirmed: bool,
    enabled: bool,
    sandbox: bool,
    smtp_url_sealed: bytes | None,
    checks: str | Mapping[str, Any] | None,
) -> SenderProblem | None:
    """The same of a sender, a project and a domain that have been looked up already.

    `checks`: of the address's domain, also as JSON; None: the tenant has no such one.
    """
    told = _of_sender(email, confirmed=confirmed, enabled=enabled)
    if told is not None or sandbox:
        return told
    if not must_be_authenticated(runtime, smtp_url_sealed):
        return None
    known: Mapping[str, Any] | None = orjson.loads(checks) if isinstance(checks, str) else checks
    return domain_problem(domain_of(EmailAddress.parse(email).key), known)


async def require_may_send(
    runtime: Runtime,
    connection: AsyncConnection,
    sender: Row,
    *,
    project_id: int | None,
    sandbox: bool,
) -> None:
    """Raises NotReady SENDER_NOT_CONFIRMED, SENDER_DISABLED or DOMAIN_NOT_AUTHENTICATED.

    The last one's `details` name the records that are missing: `{"missing": ["dkim"]}`.
    """
    problem = await sender_problem(
        runtime, connection, sender, project_id=project_id, sandbox=sandbox
    )
    if problem is not None:
        raise problem.error()


def _of_sender(email: str, *, confirmed: bool, enabled: bool) -> SenderProblem | None:
    if not confirmed:
        return SenderProblem(
            "SENDER_NOT_CONFIRMED",
            f"The sender {email} has not been confirmed yet; open the link in the mail "
            "that was sent there, or have it sent again.",
        )
    if not enabled:
        return SenderProblem("SENDER_DISABLED", f"The sender {email} is disabled.")
    return None


def domain_problem(name: str, checks: Mapping[str, Any] | None) -> SenderProblem | None:
    """What keeps a domain from being ready; `checks` are None when the tenant has no such one."""
    lacks = missing(_UNKNOWN if checks is None else checks)
    if not lacks:
        return None
    told = ", ".join(lacks)
    mend = (
        f"add it to the sending domains and publish its records ({told})"
        if checks is None
        else f"its DNS lacks what is needed for: {told}; see the sending domains for the values"
    )
    return SenderProblem(
        "DOMAIN_NOT_AUTHENTICATED", f"The domain {name} is not authenticated: {mend}.", lacks
    )


def must_be_authenticated(runtime: Runtime, smtp_url_sealed: bytes | None) -> bool:
    """Whether mail through that project (None: the installation's transport) needs it.

    `auto`: not while the mail stays on this machine. A tenant's own loopback counts only where the
    installation's transport is one, too: behind it may be the operator's relay.
    """
    wish = runtime.settings.require_authenticated_domains
    if wish != "auto":
        return wish == "on"
    ours = _transport(runtime.settings.smtp_url.get_secret_value())
    if smtp_url_sealed is None:
        return not ours.is_loopback
    theirs = _transport(runtime.keys.unseal(smtp_url_sealed))
    return not theirs.is_capture and not (theirs.is_loopback and ours.is_loopback)


@lru_cache(maxsize=256)
def _transport(url: str) -> Transport:
    """Asked with every single mail, and the same few for a long time."""
    return Transport.parse(url)


def _branded(base_url: str, host: str) -> str:
    """The same root on another host: scheme, port and path stay."""
    parts = urlsplit(base_url)
    port = "" if parts.port is None else f":{parts.port}"
    return parts._replace(netloc=f"{host}{port}").geturl()


def _signer(runtime: Runtime, row: Row) -> DkimSigner | None:
    sealed = row["private_key_sealed"]
    if sealed is None:
        return None
    return runtime.signers.get(
        row["key_id"],
        lambda: DkimSigner(row["name"], row["selector"], runtime.keys.unseal(sealed)),
    )
