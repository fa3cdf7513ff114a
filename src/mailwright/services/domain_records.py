"""The records a sending domain should have: where each stands, and what to publish there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.sending_domain import KeyState, RecordKind
from mailwright.domain.spf import with_mechanism
from mailwright.services.runtime import Runtime
from mailwright.settings import Settings
from mailwright.store import projects
from mailwright.store.rows import Row
from mailwright.wire.smtp_url import Transport

HTTPS_PORT = 443
DMARC_VALUE = "v=DMARC1; p=none"


@dataclass(frozen=True, slots=True)
class Wanted:
    """One record as it should stand in DNS. `selector`: of the key that a DKIM record is about."""

    kind: RecordKind
    host: str
    type: str
    value: str
    selector: str | None = None


@dataclass(frozen=True, slots=True)
class SendingHost:
    """What SPF must allow: the mechanism to publish, and the host behind it, where there is one."""

    mechanism: str
    host: str | None = None


async def sending_host(
    runtime: Runtime, connection: AsyncConnection, tenant_id: int
) -> SendingHost:
    """Who hands the tenant's mail to the world: MAILWRIGHT_SPF_INCLUDE, or its default transport.

    A transport on this machine passes mail on itself: then it is the host of the public URL.
    """
    if runtime.settings.spf_include:
        return SendingHost(runtime.settings.spf_include.strip())
    project = await projects.default(connection, tenant_id)
    sealed = project["smtp_url_sealed"] if project is not None else None
    url = runtime.keys.unseal(sealed) if sealed else runtime.settings.smtp_url.get_secret_value()
    transport = Transport.parse(url)
    host = public_host(runtime.settings) if transport.is_loopback else transport.host
    version = _version(host)
    return SendingHost(f"ip{version}:{host}") if version else SendingHost(f"a:{host}", host)


def wanted_records(
    settings: Settings, domain: Row, keys: Sequence[Row], sending: SendingHost, spf: str | None
) -> list[Wanted]:
    """All records of a row of `domains` with its keys. `spf`: the record found there, if one."""
    name = domain["name"]
    records = [
        Wanted(RecordKind.SPF, name, "TXT", with_mechanism(spf, sending.mechanism)),
        *_dkim(name, keys),
        Wanted(RecordKind.DMARC, f"_dmarc.{name}", "TXT", DMARC_VALUE),
        _tracking(settings, domain),
    ]
    returns_to = return_path_target(settings)
    if returns_to is not None:
        host = domain["return_path_host"]
        value = f"v=spf1 {sending.mechanism} ~all"
        records += [
            Wanted(RecordKind.RETURN_PATH_MX, host, "MX", f"10 {returns_to}"),
            Wanted(RecordKind.RETURN_PATH_SPF, host, "TXT", value),
        ]
    return records


def return_path_target(settings: Settings) -> str | None:
    """The host that takes returned mail; None where it has no name: no MX can lead there."""
    host = settings.return_path_host or public_host(settings)
    return None if _version(host) else host.lower().rstrip(".")


def public_host(settings: Settings) -> str:
    """The host of the public URL."""
    return urlsplit(settings.base_url).hostname or "localhost"


def https_port(settings: Settings) -> int | None:
    """Where the public pages are served with TLS; None: they are not."""
    parts = urlsplit(settings.base_url)
    return (parts.port or HTTPS_PORT) if parts.scheme == "https" else None


def dkim_value(public_key: str) -> str:
    """The record of a key (RFC 6376 section 3.6.1)."""
    return f"v=DKIM1; k=rsa; p={public_key}"


def dkim_host(selector: str, domain: str) -> str:
    """Where the record of a key stands."""
    return f"{selector}._domainkey.{domain}"


def _dkim(name: str, keys: Sequence[Row]) -> list[Wanted]:
    """The record of the active key and of the one to come; of the only one, before any is."""
    live = [key for key in keys if key["state"] != KeyState.RETIRED]
    live.sort(key=lambda key: key["state"] != KeyState.ACTIVE)
    kinds = (RecordKind.DKIM, RecordKind.DKIM_NEXT)
    return [
        Wanted(
            kind,
            dkim_host(key["selector"], name),
            "TXT",
            dkim_value(key["public_key"]),
            key["selector"],
        )
        for kind, key in zip(kinds, live, strict=False)
    ]


def _tracking(settings: Settings, domain: Row) -> Wanted:
    host = public_host(settings)
    kind = {None: "CNAME", 4: "A", 6: "AAAA"}[_version(host)]
    return Wanted(RecordKind.TRACKING, domain["tracking_host"], kind, host)


def _version(host: str) -> int | None:
    try:
        return ip_address(host).version
    except ValueError:
        return None
