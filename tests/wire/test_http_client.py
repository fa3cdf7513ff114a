"""The one guarded HTTP client."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence

import pytest

from mailwright.errors import InvalidInput
from mailwright.wire.http_client import Answer, FetchFailed, HttpClient, Lookup, parse_target
from tests.wire.http_receiver import Receiver, receiving


@pytest.fixture
async def receiver() -> AsyncGenerator[Receiver]:
    async with receiving() as receiver:
        yield receiver


async def _fetch(client: HttpClient, url: str, *, bytes_max: int = 1024) -> Answer:
    return await client.fetch("GET", url, timeout_seconds=2, bytes_max=bytes_max)


def _resolving(*answers: Sequence[str]) -> tuple[Lookup, list[str]]:
    """A resolver that gives one answer after the other, and the names it was asked for."""
    asked: list[str] = []

    async def lookup(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return answers[min(len(asked), len(answers)) - 1]

    return lookup, asked


PRIVATE_HOSTS = [
    "127.0.0.1",
    "10.0.0.1",
    "169.254.169.254",
    "100.100.100.200",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
    "[fd00:ec2::254]",
    "[fe80::1]",
    "2130706433",
    "017700000001",
    "0177.0.0.1",
    "0x7f000001",
    "0x7f.0.0.1",
    "127.1",
    "127.0.0.1.",
    "127.0.0.0x1",
    "\uff11\uff12\uff17.0.0.1",  # full-width digits
]


@pytest.mark.checklist("SEC-15")
@pytest.mark.parametrize("host", PRIVATE_HOSTS)
def test_a_private_address_is_refused_in_every_spelling(host: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_target(f"https://{host}/", allow_private=False)
    assert list(caught.value.details) == ["url"]


@pytest.mark.checklist("SEC-15")
@pytest.mark.parametrize("host", PRIVATE_HOSTS)
async def test_the_client_does_not_rely_on_anybody_having_asked_before(host: str) -> None:
    lookup, _ = _resolving(["127.0.0.1"])
    async with HttpClient(allow_private=False, lookup=lookup) as client:
        with pytest.raises(FetchFailed):
            await _fetch(client, f"https://{host}:1/")


@pytest.mark.checklist("SEC-15")
@pytest.mark.parametrize("address", ["127.0.0.1", "::ffff:10.0.0.1", "fe80::1%1", "64:ff9b::a00:1"])
async def test_a_name_that_points_inside_is_refused_after_dns(address: str) -> None:
    lookup, _ = _resolving(["1.1.1.1", address])
    async with HttpClient(allow_private=False, lookup=lookup) as client:
        with pytest.raises(FetchFailed, match=r"rebind\.example may not be called"):
            await _fetch(client, "https://rebind.example/")


@pytest.mark.checklist("SEC-15")
async def test_a_name_is_resolved_once_and_the_connection_goes_where_it_was_judged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Rebinding: the first answer is harmless, every later one is loopback."""
    called: list[str] = []

    async def start_connection(addr_infos: Sequence[tuple[object, ...]], **_: object) -> None:
        called.extend(str(address[0]) for *_, address in addr_infos)  # type: ignore[misc]
        raise OSError("far away")

    monkeypatch.setattr("aiohappyeyeballs.start_connection", start_connection)
    lookup, asked = _resolving(["1.1.1.1"], ["127.0.0.1"])
    async with HttpClient(allow_private=False, lookup=lookup) as client:
        with pytest.raises(FetchFailed, match="far away"):
            await _fetch(client, "https://rebind.example/")
        assert (called, asked) == (["1.1.1.1"], ["rebind.example"])
        with pytest.raises(FetchFailed, match="may not be called"):
            await _fetch(client, "https://rebind.example/")
    assert called == ["1.1.1.1"]


@pytest.mark.checklist("SEC-15")
async def test_a_redirect_is_an_answer_like_any_other(receiver: Receiver) -> None:
    receiver.answer(302, location="http://169.254.169.254/latest/meta-data/")
    async with HttpClient(allow_private=True) as client:
        answer = await _fetch(client, receiver.url)
    assert answer.status == 302
    assert len(receiver.requests) == 1


@pytest.mark.checklist("SEC-15", "SEC-17")
@pytest.mark.parametrize("url", ["http://example.com/", "ftp://example.com/", "file:///etc/passwd"])
def test_only_https_is_called(url: str) -> None:
    with pytest.raises(InvalidInput, match="https"):
        parse_target(url, allow_private=False)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://",
        "https:///path",
        "https://a:b@example.com/",
        "https://user@example.com",
        "https://example.com:99999/",
        "https://[::1/",
        "https://example.com/" + "a" * 2100,
    ],
)
def test_what_is_no_url_of_a_server_is_refused(url: str) -> None:
    with pytest.raises(InvalidInput):
        parse_target(url, allow_private=True)


def test_an_ordinary_url_is_taken_without_its_fragment() -> None:
    url = parse_target(" https://Shop.Example.com:8443/hook?key=1#top ", allow_private=False)
    assert str(url) == "https://shop.example.com:8443/hook?key=1"


@pytest.mark.checklist("SEC-15")
async def test_no_more_than_the_cap_is_read(receiver: Receiver) -> None:
    receiver.answer(200, "x" * 5_000_000)
    async with HttpClient(allow_private=True) as client:
        answer = await _fetch(client, receiver.url, bytes_max=1000)
        assert (len(answer.body), answer.is_cut) == (1000, True)
        receiver.answer(200, "short")
        answer = await _fetch(client, receiver.url, bytes_max=5)
        assert (answer.body, answer.is_cut) == (b"short", False)


@pytest.mark.checklist("SEC-15")
async def test_who_does_not_answer_in_time_is_given_up(receiver: Receiver) -> None:
    go_on = receiver.hang()
    started = time.monotonic()
    async with HttpClient(allow_private=True) as client:
        with pytest.raises(FetchFailed, match=r"within 0\.2 seconds"):
            await client.fetch("GET", receiver.url, timeout_seconds=0.2, bytes_max=10)
    assert time.monotonic() - started < 1.5
    go_on.set()


@pytest.mark.checklist("SEC-15")
async def test_a_trickle_is_cut_off_by_the_total_time() -> None:
    hung_up = asyncio.Event()

    async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while True:
            writer.write(b"x")
            try:
                await writer.drain()
            except ConnectionError:
                break
            await asyncio.sleep(0.05)
        writer.close()
        hung_up.set()

    server = await asyncio.start_server(trickle, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    async with server:
        async with HttpClient(allow_private=True) as client:
            with pytest.raises(FetchFailed, match=r"within 0\.3 seconds"):
                await client.fetch("GET", url, timeout_seconds=0.3, bytes_max=999)
        await asyncio.wait_for(hung_up.wait(), 2)


async def test_nobody_there_is_told_in_words() -> None:
    async with HttpClient(allow_private=True) as client:
        with pytest.raises(FetchFailed, match="onnect"):
            await _fetch(client, "http://127.0.0.1:1/")


async def test_no_cookie_comes_back(receiver: Receiver) -> None:
    receiver.answer(200, set_cookie="session=1")
    async with HttpClient(allow_private=True) as client:
        await _fetch(client, receiver.url)
        await _fetch(client, receiver.url)
    assert "cookie" not in receiver.requests[1].headers
    assert receiver.requests[0].headers["user-agent"].startswith("Mailwright/")
