"""Questions to DNS: what is there, nothing, or nobody who answers; three different things."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

import dns.asyncresolver
import dns.exception
import dns.nameserver
import dns.rdatatype
import dns.resolver

from mailwright.errors import ConfigurationError

LIFETIME_SECONDS = 3.5  # of one question, with repeats: HTTP clients often wait for five
TRY_SECONDS = 1.5
ALIASES_MAX = 8  # in a chain of CNAMEs
DNS_PORT = 53
PORT_MAX = 65_535

Address = IPv4Address | IPv6Address


class DnsSilent(Exception):
    """No server gave an answer to rely on: a time-out, or a failure of theirs."""


class Dns:
    """Asks the given servers, `host[:port],…`, or the system's.

    Every question answers with what is there, in a stable order; nothing for a name or a type that
    does not exist. Raises DnsSilent when nobody knows.
    """

    def __init__(self, servers: str | None = None) -> None:
        """Raises ConfigurationError for servers that are not addresses."""
        self._resolver = dns.asyncresolver.Resolver(configure=servers is None)
        if servers is not None:
            self._resolver.nameservers = _servers(servers)
        self._resolver.timeout = TRY_SECONDS
        self._resolver.search = []

    async def txt(self, name: str) -> tuple[str, ...]:
        """The TXT records, each with its strings joined (RFC 7208 section 3.3)."""
        answer = await self._ask(name, "TXT")
        return tuple(sorted(b"".join(data.strings).decode("utf-8", "replace") for data in answer))

    async def mx(self, name: str) -> tuple[str, ...]:
        """The mail exchangers, the preferred one first."""
        answer = await self._ask(name, "MX")
        ranked = sorted((data.preference, _host(data.exchange)) for data in answer)
        return tuple(host for _, host in ranked)

    async def addresses(self, name: str) -> tuple[Address, ...]:
        """The addresses of a host, of both versions, whatever its aliases."""
        found = [*await self._ask(name, "A"), *await self._ask(name, "AAAA")]
        return tuple(ip_address(data.address) for data in found)

    async def aliases(self, name: str) -> tuple[str, ...]:
        """The names behind a chain of CNAMEs, in order; none where there is no CNAME."""
        chain: list[str] = []
        while len(chain) < ALIASES_MAX:
            answer = await self._ask(chain[-1] if chain else name, "CNAME")
            target = next((_host(data.target) for data in answer), None)
            if target is None or target in chain:
                break
            chain.append(target)
        return tuple(chain)

    async def name_servers(self, name: str) -> tuple[str, ...]:
        """Who is in charge of a zone."""
        return tuple(sorted(_host(data.target) for data in await self._ask(name, "NS")))

    async def _ask(self, name: str, kind: str) -> Sequence[Any]:
        try:
            answer = await self._resolver.resolve(
                name, kind, lifetime=LIFETIME_SECONDS, raise_on_no_answer=False
            )
        except dns.resolver.NXDOMAIN:
            return ()
        except (dns.exception.DNSException, OSError) as error:
            raise DnsSilent(str(error).split("\n", 1)[0]) from error
        return [data for data in answer if data.rdtype == dns.rdatatype.from_text(kind)]


def _host(name: object) -> str:
    return str(name).rstrip(".").lower()


def _servers(text: str) -> list[str | dns.nameserver.Nameserver]:
    found: list[str | dns.nameserver.Nameserver] = []
    for server in filter(None, (part.strip() for part in text.split(","))):
        try:
            host, port = _host_and_port(server)
            found.append(dns.nameserver.Do53Nameserver(str(ip_address(host)), port))
        except ValueError:
            raise ConfigurationError(
                f"MAILWRIGHT_DNS_SERVERS: {server} is not an address with an optional port."
            ) from None
    return found


def _host_and_port(server: str) -> tuple[str, int]:
    """An IPv6 address has colons of its own; with a port it stands in brackets."""
    host, port = server, ""
    if server.startswith("["):
        host, _, port = server[1:].partition("]")
        port = port.removeprefix(":")
    elif server.count(":") == 1:
        host, _, port = server.partition(":")
    number = int(port or DNS_PORT)
    if not 0 < number <= PORT_MAX:
        raise ValueError
    return host, number
