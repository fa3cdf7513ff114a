"""The one way in which the server fetches a URL that somebody else named (SEC-15).

The name is resolved once, every address it has is judged by `domain.target_address`, and the
connection goes to one of those very addresses: a name that points elsewhere a moment later changes
nothing. There are no redirects, proxies, cookies or decompression, and time and size have caps.
Only https, unless private targets are allowed (tests, closed networks).
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from aiohttp import (
    ClientError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    DummyCookieJar,
    TCPConnector,
    hdrs,
)
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from mailwright import __version__
from mailwright.domain.target_address import refusal
from mailwright.errors import InvalidInput

URL_LENGTH_MAX = 2083
CONNECTIONS_MAX = 16
KEEPALIVE_SECONDS = 15.0

#: Gives the addresses of a host, as text.
Lookup = Callable[[str, int], Awaitable[Sequence[str]]]


class FetchFailed(Exception):
    """No answer came; the text says why, in words for whoever named the URL."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the other server said: header names in lower case, the body cut as was asked for."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    is_cut: bool


def parse_target(text: str, *, allow_private: bool, field: str = "url") -> URL:
    """The URL, if a server may call it as far as can be told without DNS.

    Raises InvalidInput naming `field`.
    """
    if len(text) > URL_LENGTH_MAX:
        raise InvalidInput.field(field, f"At most {URL_LENGTH_MAX} characters.")
    try:
        url = URL(text.strip())
        host, port = url.raw_host, url.port
    except ValueError:
        raise InvalidInput.field(field, "That is not a URL.") from None
    allowed = {"https", "http"} if allow_private else {"https"}
    if url.scheme not in allowed:
        raise InvalidInput.field(field, "It must begin with https://.")
    if not host or port is None:
        raise InvalidInput.field(field, "It names no host.")
    if url.user is not None or url.password is not None:
        raise InvalidInput.field(field, "Names and passwords in a URL are not taken.")
    if not allow_private and (reason := _literal_refusal(host)):
        raise InvalidInput.field(field, f"That host may not be called: {reason}.")
    return url.with_fragment(None)


def host_of(url: str) -> str:
    """The host of a URL that was parsed before: what of it may be written into logs."""
    return URL(url).host or ""


def _literal_refusal(host: str) -> str | None:
    """Why a host that is written as a number is refused, or None; a name is judged after DNS.

    Numbers in decimal, octal, hexadecimal or short form are no addresses for us, though some
    resolvers take them (WHATWG URL, "ends in a number").
    """
    last_label = host.rstrip(".").rpartition(".")[2].lower()
    if ":" in host or last_label.isdigit() or last_label.startswith("0x"):
        return refusal(host)
    return None


async def system_lookup(host: str, port: int) -> Sequence[str]:
    """The addresses that the operating system's resolver gives. Raises OSError."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class HttpClient:
    """Calls URLs over kept connections; an async context manager."""

    def __init__(self, *, allow_private: bool, lookup: Lookup = system_lookup) -> None:
        self._allow_private = allow_private
        resolver = _Guard(lookup, allow_private=allow_private)
        connector = TCPConnector(
            resolver=resolver,
            use_dns_cache=False,  # each connection asks anew, and goes where it was answered
            limit=CONNECTIONS_MAX,
            keepalive_timeout=KEEPALIVE_SECONDS,
        )
        self._session = ClientSession(
            connector=connector,
            cookie_jar=DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
            headers={
                hdrs.USER_AGENT: f"Mailwright/{__version__}",
                hdrs.ACCEPT_ENCODING: "identity",
            },
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._session.close()

    async def fetch(
        self,
        method: str,
        target: str,
        *,
        timeout_seconds: float,
        bytes_max: int,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Answer:
        """The answer, whatever its status, a redirect too. Raises FetchFailed when none came.

        `timeout_seconds` is for all of it, `bytes_max` for the body that is read.
        """
        try:
            url = parse_target(target, allow_private=self._allow_private)
            async with self._session.request(
                method,
                url,
                data=body,
                headers=headers,
                allow_redirects=False,
                timeout=ClientTimeout(total=timeout_seconds),
            ) as response:
                return await _answer(response, bytes_max)
        except InvalidInput as error:
            raise FetchFailed(error.message) from None
        except TimeoutError:
            raise FetchFailed(f"No answer within {timeout_seconds:g} seconds.") from None
        except (ClientError, OSError, ValueError) as error:
            raise FetchFailed(_words(error)) from None


class _Guard(AbstractResolver):
    """Gives aiohttp only addresses that may be called, or none."""

    def __init__(self, lookup: Lookup, *, allow_private: bool) -> None:
        self._lookup = lookup
        self._allow_private = allow_private

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_UNSPEC,  # noqa: ARG002  # both, always
    ) -> list[ResolveResult]:
        addresses = await self._lookup(host, port)
        for address in addresses:  # one bad address spoils the name: it is not what it seems
            reason = None if self._allow_private else refusal(address)
            if reason is not None:
                raise OSError(f"{host} may not be called: its address is {reason}")
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for address in addresses
        ]

    async def close(self) -> None:
        """There is nothing to close."""


async def _answer(response: ClientResponse, bytes_max: int) -> Answer:
    """The answer; what lies beyond the cap is never read, its connection is closed."""
    body = b""
    while len(body) <= bytes_max:
        piece = await response.content.read(bytes_max + 1 - len(body))
        if not piece:
            break
        body += piece
    is_cut = len(body) > bytes_max
    if is_cut:
        response.close()
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Answer(response.status, headers, body[:bytes_max], is_cut)


def _words(error: Exception) -> str:
    """What went wrong, from the innermost error that says something."""
    cause = error.__cause__
    text = str(cause) if isinstance(cause, OSError) and str(cause) else str(error)
    return f"{text or type(error).__name__}."
