"""Which addresses the server may call on behalf of others (SEC-15), as a table.

Whoever can name a URL that we fetch must not reach what only we can reach: this machine, its
network, the cloud's metadata service. The ranges are those of IANA's special-purpose registries
(RFC 6890 and its updates) and the addresses that clouds give their metadata services. Every form
that carries an IPv4 address inside an IPv6 one is refused whole: each fix that looked inside
missed a sibling form.
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

#: Network → what it is, as the refusal says.
_REFUSED: Mapping[str, str] = {
    "0.0.0.0/8": "this network",
    "10.0.0.0/8": "private",
    "100.64.0.0/10": "shared behind carrier NAT",  # RFC 6598; Alibaba's metadata is inside
    "127.0.0.0/8": "loopback",
    "168.63.129.16/32": "Azure's metadata service",
    "169.254.0.0/16": "link-local",  # 169.254.169.254 is most clouds' metadata service
    "172.16.0.0/12": "private",
    "192.0.0.0/24": "reserved",  # RFC 6890; Oracle's metadata is inside
    "192.0.2.0/24": "for documentation",
    "192.88.99.0/24": "a 6to4 relay",
    "192.168.0.0/16": "private",
    "198.18.0.0/15": "for benchmarks",
    "198.51.100.0/24": "for documentation",
    "203.0.113.0/24": "for documentation",
    "224.0.0.0/4": "multicast",
    "240.0.0.0/4": "reserved",
    "::/128": "unspecified",
    "::1/128": "loopback",
    "::/96": "an IPv4 address in IPv6 form",
    "::ffff:0:0/96": "an IPv4 address in IPv6 form",
    "::ffff:0:0:0/96": "an IPv4 address in IPv6 form",  # RFC 2765
    "64:ff9b::/96": "NAT64",
    "64:ff9b:1::/48": "NAT64",
    "2001::/23": "reserved",  # Teredo, ORCHID, benchmarks
    "2001:db8::/32": "for documentation",
    "2002::/16": "6to4",
    "3fff::/20": "for documentation",
    "fc00::/7": "private",  # metadata of AWS and Google is inside
    "fe80::/10": "link-local",
    "fec0::/10": "private",
    "ff00::/8": "multicast",
}

_NETWORKS = tuple((ip_network(text), reason) for text, reason in _REFUSED.items())

#: All that IANA has given out for the open Internet (RFC 4291 section 2.4).
_GLOBAL_UNICAST = IPv6Network("2000::/3")


def refusal(text: str) -> str | None:
    """Why the server must not call the address `text`, or None: it may.

    `text` is an address as a resolver gives it; a zone (`%eth0`) is not looked at.
    """
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return "not an address"
    for network, reason in _NETWORKS:
        if _is_in(address, network):
            return reason
    if isinstance(address, IPv6Address) and address not in _GLOBAL_UNICAST:
        return "not an address of the open Internet"
    return None


def _is_in(address: IPv4Address | IPv6Address, network: IPv4Network | IPv6Network) -> bool:
    return address.version == network.version and address in network
