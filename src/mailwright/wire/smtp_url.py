"""A mail transport, read from its URL.

    smtp://user:password@relay.example:587?tls=starttls&connections=8&rate=200
    capture:

| Part | Meaning | When absent |
|---|---|---|
| user, password | credentials for AUTH, percent-encoded | no AUTH |
| port | | 25 for `none`, 587 for `starttls`, 465 for `implicit` |
| `tls` | `none`: never encrypt; `starttls`: required, a server without it is refused; `implicit`: TLS from the first byte | `starttls`; on a loopback host `none` |
| `verify` | `on`: the certificate must be valid for the host; `off`: encrypt without proof of who answers | `on` |
| `connections` | how many connections may be open at once, 1 to 1,000 | 8 |
| `rate` | mails per second, a fraction is fine | no limit |

There is no opportunistic mode: it would hand mail to whoever strips STARTTLS from the greeting.
Whoever wants plain text says `tls=none`.
"""  # noqa: E501  (a table of the manual)

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from typing import Literal, cast, get_args
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlsplit

from mailwright.errors import ConfigurationError

TlsMode = Literal["none", "starttls", "implicit"]

DEFAULT_PORTS: Mapping[TlsMode, int] = {"none": 25, "starttls": 587, "implicit": 465}
DEFAULT_CONNECTIONS = 8
MOST_CONNECTIONS = 1_000
PARAMETERS = ("tls", "verify", "connections", "rate")


@dataclass(frozen=True, slots=True)
class Transport:
    """Where mail goes next and within which limits. Printing it never shows the password."""

    host: str
    port: int
    tls: TlsMode
    verify: bool = True
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    connections: int = DEFAULT_CONNECTIONS
    rate: float | None = None  # mails per second
    is_capture: bool = False

    @classmethod
    def parse(cls, url: str) -> Transport:
        """The transport a URL describes; ConfigurationError names the part that is wrong."""
        if url.strip() == "capture:":
            return cls(host="", port=0, tls="none", is_capture=True)
        parts = _split(url)
        host = _host(parts)
        parameters = _parameters(parts)
        tls = _tls(parameters.get("tls"), host)
        username, password = _credentials(parts)
        return cls(
            host=host,
            port=_port(parts) or DEFAULT_PORTS[tls],
            tls=tls,
            verify=_verify(parameters.get("verify")),
            username=username,
            password=password,
            connections=_connections(parameters.get("connections")),
            rate=_rate(parameters.get("rate")),
        )

    def with_address(self, host: str, port: int) -> Transport:
        """The same transport at this address: where the built-in inbox turned out to listen."""
        return replace(self, host=host, port=port)

    @property
    def is_loopback(self) -> bool:
        """True when mail stays on this machine."""
        return (self.is_capture and not self.host) or _is_loopback(self.host)

    def url(self) -> str:
        """The transport as a URL that `parse` reads back, the password in it: to be sealed."""
        return self._url(quote(self.password or "", safe=""))

    def redacted(self) -> str:
        """The transport as a URL for logs and screens, with `***` for the password."""
        return self._url("***")

    def _url(self, password: str) -> str:
        if self.is_capture:
            return "capture:"
        user = f"{quote(self.username, safe='')}:{password}@" if self.username else ""
        host = f"[{self.host}]" if ":" in self.host else self.host
        more = "" if self.verify else "&verify=off"
        rate = "" if self.rate is None else f"&rate={self.rate:g}"
        return (
            f"smtp://{user}{host}:{self.port}"
            f"?tls={self.tls}&connections={self.connections}{rate}{more}"
        )


def default_tls(host: str) -> TlsMode:
    """The mode for a host where none is said."""
    return "none" if _is_loopback(host) else "starttls"


def _wrong(part: str, sentence: str) -> ConfigurationError:
    return ConfigurationError(
        f"The {part} of the SMTP URL is wrong: {sentence}", details={"smtp_url": [part]}
    )


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url.strip())
    except ValueError as error:  # unbalanced brackets of an IPv6 address
        raise _wrong("host", "an IPv6 address stands in brackets, [::1].") from error
    if parts.scheme == "smtps":
        raise _wrong("scheme", "write smtp://…?tls=implicit.")
    if parts.scheme != "smtp":
        raise _wrong("scheme", "it begins with smtp:// or is capture:")
    if parts.path not in ("", "/"):
        raise _wrong("path", "nothing follows the port but ?parameters.")
    if parts.fragment:
        raise _wrong("fragment", "a # in a password is written %23.")
    return parts


def _host(parts: SplitResult) -> str:
    host = parts.hostname or ""
    if not host:
        raise _wrong("host", "name the server, as in smtp://relay.example:587.")
    if not all("!" <= letter <= "~" for letter in host) or "%" in host:
        raise _wrong("host", "use the ASCII form of the name.")
    return host


def _port(parts: SplitResult) -> int | None:
    try:
        port = parts.port
    except ValueError as error:
        raise _wrong("port", "it is a number from 1 to 65535.") from error
    if port == 0:
        raise _wrong("port", "it is a number from 1 to 65535.")
    return port


def _credentials(parts: SplitResult) -> tuple[str | None, str | None]:
    if parts.username is None and parts.password is None:
        return None, None
    username, password = unquote(parts.username or ""), unquote(parts.password or "")
    for part, value in (("user", username), ("password", password)):
        if not value:
            raise _wrong(part, "user and password come together, user:password@host.")
        if "\0" in value:
            raise _wrong(part, "it may not hold a NUL character.")
    return username, password


def _parameters(parts: SplitResult) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        if name not in PARAMETERS:
            raise _wrong(f"parameter {name!r}", f"known are {', '.join(PARAMETERS)}.")
        if name in found:
            raise _wrong(f"parameter {name!r}", "it is given twice.")
        found[name] = value
    return found


def _tls(value: str | None, host: str) -> TlsMode:
    if value is None:
        return default_tls(host)
    if value not in get_args(TlsMode):
        raise _wrong("parameter 'tls'", "it is none, starttls or implicit.")
    return cast("TlsMode", value)


def _verify(value: str | None) -> bool:
    if value not in (None, "on", "off"):
        raise _wrong("parameter 'verify'", "it is on or off.")
    return value != "off"


def _connections(value: str | None) -> int:
    if value is None:
        return DEFAULT_CONNECTIONS
    if not (value.isascii() and value.isdigit() and 1 <= int(value) <= MOST_CONNECTIONS):
        raise _wrong("parameter 'connections'", f"it is a number from 1 to {MOST_CONNECTIONS}.")
    return int(value)


def _rate(value: str | None) -> float | None:
    if value is None:
        return None
    try:
        rate = float(value)
    except ValueError:
        rate = 0.0
    if not 0.0 < rate < float("inf"):
        raise _wrong("parameter 'rate'", "it is mails per second, above 0.")
    return rate


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):  # RFC 6761 section 6.3
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
