"""A sending domain and its zone, for tests of whatever depends on authenticated domains."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace

from mailwright.services import domains
from mailwright.services.caller import Caller
from mailwright.services.domain_views import DomainView
from mailwright.services.runtime import Runtime
from tests.dns_server import DnsServer


@asynccontextmanager
async def resolving(
    runtime: Runtime, **settings: object
) -> AsyncGenerator[tuple[DnsServer, Runtime]]:
    """A DNS server, and the runtime with `settings` that asks it."""
    async with DnsServer() as dns:
        values = {"dns_servers": dns.address, **settings}
        yield dns, replace(runtime, settings=runtime.settings.model_copy(update=values))


def publish(dns: DnsServer, domain: DomainView, *but: str) -> None:
    """Puts the domain's records into the zone, all but those of the kinds named."""
    for record in domain.records:
        if record.kind not in but:
            dns.remove(record.host) if record.type in {"CNAME", "A"} else None
            dns.add(record.host, record.type, _target(record.type, record.value))


async def authenticated_domain(
    runtime: Runtime, caller: Caller, dns: DnsServer, name: str, *but: str
) -> DomainView:
    """The domain, published and looked at."""
    made = await domains.create_domain(runtime, caller, name)
    publish(dns, made, *but)
    return await domains.verify_domain(runtime, caller, made.uuid)


def _target(kind: str, value: str) -> str:
    return f"{value}." if kind in {"CNAME", "MX"} else value
