"""Which addresses the server may call on behalf of others."""

from __future__ import annotations

import pytest

from mailwright.domain.target_address import refusal

REFUSED = {
    "0.0.0.0": "this network",
    "10.1.2.3": "private",
    "100.64.0.1": "shared behind carrier NAT",
    "100.100.100.200": "shared behind carrier NAT",
    "127.0.0.1": "loopback",
    "127.255.255.254": "loopback",
    "168.63.129.16": "Azure's metadata service",
    "169.254.169.254": "link-local",
    "172.16.0.1": "private",
    "172.31.255.255": "private",
    "192.0.0.192": "reserved",
    "192.168.1.1": "private",
    "198.19.0.1": "for benchmarks",
    "224.0.0.1": "multicast",
    "239.255.255.250": "multicast",
    "255.255.255.255": "reserved",
    "::": "unspecified",
    "::1": "loopback",
    "::127.0.0.1": "an IPv4 address in IPv6 form",
    "::ffff:127.0.0.1": "an IPv4 address in IPv6 form",
    "::ffff:7f00:1": "an IPv4 address in IPv6 form",
    "::ffff:8.8.8.8": "an IPv4 address in IPv6 form",
    "::ffff:0:127.0.0.1": "an IPv4 address in IPv6 form",
    "64:ff9b::7f00:1": "NAT64",
    "64:ff9b:1::a00:1": "NAT64",
    "2001:0:4136:e378::1": "reserved",
    "2002:7f00:1::": "6to4",
    "2002:a9fe:a9fe::1": "6to4",
    "fc00::1": "private",
    "fd00:ec2::254": "private",
    "fd20:ce::254": "private",
    "fe80::1": "link-local",
    "fe80::1%lo": "link-local",
    "fec0::1": "private",
    "ff02::1": "multicast",
    "5f00::1": "not an address of the open Internet",
    "100::1": "not an address of the open Internet",
}


@pytest.mark.checklist("SEC-15")
@pytest.mark.parametrize(("address", "reason"), REFUSED.items())
def test_what_is_not_the_open_internet_is_refused(address: str, reason: str) -> None:
    assert refusal(address) == reason


@pytest.mark.parametrize(
    "address",
    [
        "1.1.1.1",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "192.167.255.255",
        "223.255.255.255",
        "2001:4860:4860::8888",
        "2606:4700:4700::1111",
        "2a00:1450:4001::1",
    ],
)
def test_the_open_internet_is_not(address: str) -> None:
    assert refusal(address) is None


@pytest.mark.parametrize(
    "text", ["", "localhost", "2130706433", "0177.0.0.1", "127.1", "0x7f000001", "1.1.1.1.1"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    assert refusal(text) == "not an address"
