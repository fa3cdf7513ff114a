"""SPF (RFC 7208): whether a domain's record lets a sending host send. DNS is asked by the caller.

Not a receiver's evaluation of one address at a time: the question is whether everything a
transport sends from is allowed. It is when the record, or one that it includes, names the very
mechanism that we ask people to publish, or covers every address of the sending host.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_network
from typing import Protocol

LOOKUPS_MAX = 10  # section 4.6.4: of mechanisms that ask DNS
_IS_SPF = re.compile(r"v=spf1(?: |\Z)", re.IGNORECASE)

Address = IPv4Address | IPv6Address


class SpfBroken(Exception):
    """The record cannot be relied on; the message says why, and what to do."""


class SpfDns(Protocol):
    """What the walk needs to ask."""

    async def txt(self, name: str) -> tuple[str, ...]: ...

    async def mx(self, name: str) -> tuple[str, ...]: ...

    async def addresses(self, name: str) -> tuple[Address, ...]: ...


def spf_records(texts: Sequence[str]) -> list[str]:
    """Those of a name's TXT records that are SPF (section 4.5)."""
    return [text for text in texts if _IS_SPF.match(text)]


def with_mechanism(record: str | None, mechanism: str) -> str:
    """The record to publish: the present one with `mechanism` before what ends it."""
    if record is None:
        return f"v=spf1 {mechanism} ~all"
    terms = record.split()
    if mechanism.lower() in (term.lower().lstrip("+") for term in terms):
        return record
    ends = [
        number
        for number, term in enumerate(terms)
        if term.lower().lstrip("+?~-") == "all" or term.lower().startswith("redirect=")
    ]
    terms.insert(ends[0] if ends else len(terms), mechanism)
    return " ".join(terms)


@dataclass
class SpfWalk:
    """One look through a record and those it includes. `allows()` once."""

    dns: SpfDns
    mechanism: str  # such as `include:spf.relay.example`, as we ask people to publish it
    addresses: Sequence[Address] = ()  # of the sending host; none: only the mechanism counts
    _lookups: int = 0
    _covered: set[Address] = field(default_factory=set[Address])

    async def allows(self, record: str, domain: str) -> bool:
        """Whether all that we send is allowed. Raises SpfBroken, and what `dns` raises."""
        return await self._walk(record, domain)

    async def _walk(self, record: str, domain: str) -> bool:
        redirect: str | None = None
        for term in record.split()[1:]:
            lower = term.lower()
            if lower.startswith("redirect="):
                redirect = term.partition("=")[2]
            elif "=" in term.split(":", 1)[0] or lower[0] in "-~?":
                continue  # another modifier; or what it matches is not allowed
            elif await self._matches(lower.removeprefix("+"), domain):
                return True
        if redirect is not None:
            return await self._included(redirect)
        return False

    async def _matches(self, term: str, domain: str) -> bool:
        if term == self.mechanism.lower():
            return True
        if term == "all":
            raise SpfBroken("It ends in +all, which lets anybody send; use ~all.")
        name, _, value = term.partition(":")
        name, _, cidr = name.partition("/") if not value else (name, "", "")
        if name == "include":
            return await self._included(value)
        if name in {"ip4", "ip6"}:
            return self._covers([value])
        if name in {"a", "mx"}:
            host, _, more = value.partition("/")
            return self._covers(await self._hosts(name, host or domain, cidr or more))
        return False  # ptr and exists say nothing about a host

    async def _included(self, name: str) -> bool:
        self._count()
        if "%" in name:
            return False  # a macro: depends on the mail
        records = spf_records(await self.dns.txt(name))
        if len(records) != 1:
            raise SpfBroken(f"It includes {name}, which has {len(records)} SPF records, not one.")
        return await self._walk(records[0], name)

    async def _hosts(self, name: str, host: str, cidr: str) -> list[str]:
        self._count()
        hosts = await self.dns.mx(host) if name == "mx" else (host,)
        found: list[str] = []
        for each in hosts[:LOOKUPS_MAX]:
            for address in await self.dns.addresses(each):
                length = cidr.partition("/")[0] if address.version == 4 else ""
                found.append(f"{address}/{length}" if length else str(address))
        return found

    def _covers(self, networks: Sequence[str]) -> bool:
        for text in networks:
            try:
                network = ip_network(text, strict=False)
            except ValueError:
                raise SpfBroken(f"{text} in it is not an address.") from None
            self._covered |= {each for each in self.addresses if each in network}
        return bool(self.addresses) and self._covered >= set(self.addresses)

    def _count(self) -> None:
        self._lookups += 1
        if self._lookups > LOOKUPS_MAX:
            raise SpfBroken(
                f"It needs more than {LOOKUPS_MAX} look-ups (RFC 7208 section 4.6.4); "
                "receivers give up. Remove includes that are not used."
            )
