from __future__ import annotations

import pytest

from mailwright.errors import ConfigurationError
from mailwright.wire.smtp_url import Transport


def test_every_part_of_a_full_url_is_read() -> None:
    transport = Transport.parse(
        "smtp://us%40er:p%3Ass%2Fw%23@relay.example:2525?tls=implicit&connections=3&rate=12.5"
    )
    assert transport == Transport(
        host="relay.example",
        port=2525,
        tls="implicit",
        username="us@er",
        password="p:ss/w#",
        connections=3,
        rate=12.5,
    )


@pytest.mark.parametrize(
    ("url", "tls", "port"),
    [
        ("smtp://relay.example", "starttls", 587),
        ("smtp://relay.example?tls=starttls", "starttls", 587),
        ("smtp://relay.example/?tls=implicit", "implicit", 465),
        ("smtp://relay.example?tls=none", "none", 25),
        ("smtp://127.0.0.1:1025", "none", 1025),
        ("smtp://[::1]:1025", "none", 1025),
        ("smtp://localhost", "none", 25),
        ("smtp://localhost?tls=starttls", "starttls", 587),
    ],
)
def test_tls_and_port_have_defaults(url: str, tls: str, port: int) -> None:
    transport = Transport.parse(url)
    assert (transport.tls, transport.port) == (tls, port)
    assert (transport.connections, transport.rate, transport.verify) == (8, None, True)


@pytest.mark.parametrize(
    ("url", "part"),
    [
        ("", "scheme"),
        ("http://relay.example", "scheme"),
        ("smtps://relay.example", "scheme"),
        ("relay.example:25", "scheme"),
        ("capture://x", "scheme"),
        ("smtp://", "host"),
        ("smtp://:25", "host"),
        ("smtp://[::1", "host"),
        ("smtp://b\u00fccher.example", "host"),
        ("smtp://relay.example:0", "port"),
        ("smtp://relay.example:65536", "port"),
        ("smtp://relay.example:smtp", "port"),
        ("smtp://user@relay.example", "password"),
        ("smtp://:secret@relay.example", "user"),
        ("smtp://user:se%00cret@relay.example", "password"),
        ("smtp://relay.example/inbox", "path"),
        ("smtp://relay.example#tls", "fragment"),
        ("smtp://relay.example?tls=maybe", "parameter 'tls'"),
        ("smtp://relay.example?tls=none&tls=starttls", "parameter 'tls'"),
        ("smtp://relay.example?verify=no", "parameter 'verify'"),
        ("smtp://relay.example?connections=0", "parameter 'connections'"),
        ("smtp://relay.example?connections=1001", "parameter 'connections'"),
        ("smtp://relay.example?connections=\u0663", "parameter 'connections'"),
        ("smtp://relay.example?rate=0", "parameter 'rate'"),
        ("smtp://relay.example?rate=nan", "parameter 'rate'"),
        ("smtp://relay.example?rate=inf", "parameter 'rate'"),
        ("smtp://relay.example?rate=fast", "parameter 'rate'"),
        ("smtp://relay.example?speed=9", "parameter 'speed'"),
    ],
)
def test_a_bad_url_names_the_part_that_is_wrong(url: str, part: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Transport.parse(url)
    assert caught.value.details == {"smtp_url": [part]}
    assert part in caught.value.message


def test_no_error_or_print_shows_the_password() -> None:
    url = "smtp://user:hush@relay.example?rate=5&verify=off"
    transport = Transport.parse(url)
    assert "hush" not in transport.redacted() + repr(transport) + str(transport)
    assert transport.redacted() == (
        "smtp://user:***@relay.example:587?tls=starttls&connections=8&rate=5&verify=off"
    )
    with pytest.raises(ConfigurationError) as caught:
        Transport.parse("smtp://user:hush@relay.example?tls=maybe")
    assert "hush" not in str(caught.value) + str(caught.value.details)


def test_a_redacted_ipv6_address_keeps_its_brackets() -> None:
    assert Transport.parse("smtp://[::1]:25").redacted().startswith("smtp://[::1]:25?")


def test_capture_gets_its_address_later() -> None:
    transport = Transport.parse("capture:")
    assert transport.is_capture
    assert transport.is_loopback
    placed = transport.with_address("127.0.0.1", 2525)
    assert (placed.host, placed.port, placed.tls) == ("127.0.0.1", 2525, "none")
    assert placed.is_capture
    assert placed.redacted() == "capture:"


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.9", True), ("[::1]", True), ("localhost", True), ("mail.localhost", True),
     ("10.0.0.1", False), ("relay.example", False), ("localhost.example", False)],
)  # fmt: skip
def test_loopback_is_known_by_its_address(host: str, loopback: bool) -> None:
    assert Transport.parse(f"smtp://{host}").is_loopback is loopback
