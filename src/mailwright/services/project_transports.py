"""A project's transport: read from what people send, sealed for rest, shown without secrets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from ipaddress import ip_address
from typing import Any, Literal, TypedDict, cast

from mailwright.domain.keys import Keys
from mailwright.errors import ConfigurationError, InvalidInput
from mailwright.store.rows import Row
from mailwright.wire.smtp_url import (
    DEFAULT_CONNECTIONS,
    DEFAULT_PORTS,
    TlsMode,
    Transport,
    default_tls,
)

TransportKind = Literal["smtp", "capture", "installation"]

CREDENTIALS_LENGTH_MAX = 1_000
_HOST = re.compile(r"(?=.{1,253}\Z)[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9])?\.?")

#: The part that wire/smtp_url.py complains about → the field it came from.
_FIELDS: Mapping[str, str] = {
    "host": "host",
    "port": "port",
    "user": "username",
    "password": "password",
    "parameter 'tls'": "tls",
    "parameter 'verify'": "verify",
    "parameter 'connections'": "connections",
    "parameter 'rate'": "rate_per_second",
}


class TransportChanges(TypedDict, total=False):
    """The fields of a transport that a call sets; absent ones stay, None clears.

    `password` goes in and never comes out. `installation`: as MAILWRIGHT_SMTP_URL says.
    """

    transport: TransportKind
    host: str | None
    port: int | None
    tls: TlsMode | None
    verify: bool
    username: str | None
    password: str | None
    rate_per_second: float | None
    connections: int


_NAMES = frozenset(TransportChanges.__annotations__)  # callers' changes have more


@dataclass(frozen=True, slots=True)
class TransportFacts:
    """A project's transport as its tenant sees it."""

    transport: TransportKind
    host: str | None
    port: int | None
    tls: TlsMode | None
    verify: bool
    username: str | None
    has_password: bool
    rate_per_second: float | None
    connections: int


def facts(keys: Keys, row: Row) -> TransportFacts:
    """What a project's row says, without the password."""
    found = _present(keys, row)
    if found is None:
        return _without_server("installation")
    if found.is_capture:
        return _without_server("capture")
    return TransportFacts(
        transport="smtp",
        host=found.host,
        port=found.port,
        tls=found.tls,
        verify=found.verify,
        username=found.username,
        has_password=found.password is not None,
        rate_per_second=found.rate,
        connections=found.connections,
    )


def changed(keys: Keys, row: Row | None, changes: TransportChanges) -> dict[str, Any]:
    """The columns to set for `changes`; none when they are not about the transport.

    A project that gets another server, or gives up its proof of who it is, needs its password
    again: else whoever may change the host could read the password there. Raises InvalidInput.
    """
    given = {name: value for name, value in changes.items() if name in _NAMES}
    if not given:
        return {}
    present = _present(keys, row) if row else None
    kind = changes.get("transport") or _implied(present, given)
    if kind != "smtp":
        _refuse_server_fields(kind, given)
        sealed = keys.seal("capture:") if kind == "capture" else None
    else:
        before = present if present and not present.is_capture else None
        sealed = keys.seal(_smtp(before, given).url())
    # A change is a fresh chance: nobody waits for the old server any more.
    fresh = {"outage_since": None, "outage_reason": None, "outage_retry_at": None}
    return {"smtp_url_sealed": sealed, **fresh}


def _present(keys: Keys, row: Row) -> Transport | None:
    sealed = row["smtp_url_sealed"]
    return Transport.parse(keys.unseal(sealed)) if sealed is not None else None


def _implied(present: Transport | None, given: Mapping[str, object]) -> TransportKind:
    """The kind where the call does not say: naming a host means a server of one's own."""
    if given.get("host") or (present is not None and not present.is_capture):
        return "smtp"
    return "installation" if present is None else "capture"


def _refuse_server_fields(kind: TransportKind, given: Mapping[str, object]) -> None:
    stray = [name for name, value in given.items() if name != "transport" and value is not None]
    if stray:
        raise InvalidInput.fields(
            {name: [f"The transport {kind} takes no such setting."] for name in sorted(stray)}
        )


def _smtp(before: Transport | None, given: Mapping[str, Any]) -> Transport:
    host = _host(given["host"]) if "host" in given else (before.host if before else None)
    if host is None:
        raise InvalidInput.field("host", "Name the mail server.")
    base = before or Transport(host=host, port=0, tls="starttls")
    wanted = cast("TlsMode | None", given.get("tls", before.tls if before else None))
    tls = wanted or default_tls(host)
    found = replace(
        base,
        host=host,
        port=_port(before, given, tls),
        tls=tls,
        verify=given.get("verify", base.verify),
        username=_text(given, "username", base.username),
        password=_text(given, "password", base.password),
        connections=given.get("connections", base.connections) or DEFAULT_CONNECTIONS,
        rate=given.get("rate_per_second", base.rate),
    )
    if found.username is None and "username" in given and "password" not in given:
        found = replace(found, password=None)
    _require_password_again(before, found, given)
    return _checked(found)


def _port(before: Transport | None, given: Mapping[str, Any], tls: TlsMode) -> int:
    """The port given, else the one of the server's own choice there was, else the usual one."""
    if given.get("port") is not None:
        return given["port"]
    if before and "port" not in given and before.port != DEFAULT_PORTS[before.tls]:
        return before.port
    return DEFAULT_PORTS[tls]


def _require_password_again(
    before: Transport | None, found: Transport, given: Mapping[str, Any]
) -> None:
    if before is None or found.password is None or given.get("password"):
        return
    elsewhere = (before.host, before.port) != (found.host, found.port)
    weaker = (before.verify and not found.verify) or (before.tls != "none" and found.tls == "none")
    if elsewhere or weaker:
        raise InvalidInput.field(
            "password", "Give the password again: it was given for another server or protection."
        )


def _checked(transport: Transport) -> Transport:
    """The transport as its URL reads back. Raises InvalidInput naming the field."""
    if (transport.username is None) != (transport.password is None):
        missing = "password" if transport.password is None else "username"
        raise InvalidInput.field(missing, "User name and password come together.")
    try:
        return Transport.parse(transport.url())
    except ConfigurationError as error:
        part = error.details["smtp_url"][0]
        sentence = error.message.partition(" is wrong: ")[2] or error.message
        raise InvalidInput.field(_FIELDS.get(part, "host"), sentence.capitalize()) from None


def _host(text: str | None) -> str | None:
    if not text:
        return None
    if _HOST.fullmatch(text):
        return text.lower()
    try:
        return str(ip_address(text.strip("[]")))
    except ValueError:
        raise InvalidInput.field(
            "host", "A host name in ASCII or an address, without port and scheme."
        ) from None


def _text(given: Mapping[str, Any], name: str, present: str | None) -> str | None:
    if name not in given:
        return present
    text = given[name]
    if text is not None and (len(text) > CREDENTIALS_LENGTH_MAX or "\0" in text):
        raise InvalidInput.field(name, f"At most {CREDENTIALS_LENGTH_MAX} characters, no NUL.")
    return text or None


def _without_server(kind: TransportKind) -> TransportFacts:
    return TransportFacts(
        transport=kind,
        host=None,
        port=None,
        tls=None,
        verify=True,
        username=None,
        has_password=False,
        rate_per_second=None,
        connections=DEFAULT_CONNECTIONS,
    )
