"""Questions to DNS, asked of a real server on loopback."""

from __future__ import annotations

import pytest

from mailwright.errors import ConfigurationError
from mailwright.wire import dns as wire
from mailwright.wire.dns import Dns, DnsSilent
from tests.dns_server import DnsServer


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "LIFETIME_SECONDS", 2.0)
    monkeypatch.setattr(wire, "TRY_SECONDS", 1.0)


async def test_text_split_in_strings_is_one_text() -> None:
    async with DnsServer() as server:
        server.add("a.example", "TXT", "v=DKIM1; p=" + "x" * 300, "other")
        assert await Dns(server.address).txt("a.example") == ("other", "v=DKIM1; p=" + "x" * 300)


async def test_a_long_answer_comes_over_tcp() -> None:
    async with DnsServer() as server:
        server.add("a.example", "TXT", *(f"{number}{'y' * 200}" for number in range(9)))
        assert len(await Dns(server.address).txt("a.example")) == 9
        assert server.over_tcp == 1


async def test_nothing_there_is_an_answer_and_silence_is_none() -> None:
    async with DnsServer() as server:
        server.add("a.example", "A", "192.0.2.1")
        dns = Dns(server.address)
        assert await dns.txt("a.example") == (), "the name is there, the type is not"
        assert await dns.txt("b.example") == (), "NXDOMAIN"
        for name, trouble in (("slow.example", server.silent), ("ill.example", server.broken)):
            trouble.add(name)
            with pytest.raises(DnsSilent):
                await dns.txt(name)


async def test_aliases_are_followed_and_a_circle_ends() -> None:
    async with DnsServer() as server:
        server.add("a.example", "CNAME", "B.example.")
        server.add("b.example", "CNAME", "c.example.")
        server.add("c.example", "A", "192.0.2.1")
        server.add("round.example", "CNAME", "trip.example.")
        server.add("trip.example", "CNAME", "round.example.")
        dns = Dns(server.address)
        assert await dns.aliases("a.example") == ("b.example", "c.example")
        assert [str(address) for address in await dns.addresses("a.example")] == ["192.0.2.1"]
        assert await dns.aliases("round.example") == ("trip.example", "round.example")


async def test_mail_exchangers_come_by_preference() -> None:
    async with DnsServer() as server:
        server.add("a.example", "MX", "20 b.example.", "10 A.example.")
        assert await Dns(server.address).mx("a.example") == ("a.example", "b.example")


@pytest.mark.parametrize("servers", ["dns.example", "127.0.0.1:x", "127.0.0.1:0", "1.2.3.4:99999"])
def test_a_server_that_is_no_address_is_refused_by_name(servers: str) -> None:
    with pytest.raises(ConfigurationError, match="MAILWRIGHT_DNS_SERVERS"):
        Dns(servers)


@pytest.mark.parametrize("servers", ["::1", "[::1]:5353", "127.0.0.1, 127.0.0.2:54"])
def test_servers_of_both_versions_with_and_without_a_port(servers: str) -> None:
    Dns(servers)
