"""From an open socket to a server that is ready for mail: greeting, EHLO, STARTTLS, AUTH.

Whatever goes wrong here is about the route, not about a message: it raises TransportRefused, whose
`details` hold the phase and, when there was one, the whole reply.
"""

from __future__ import annotations

import base64
import ssl
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from types import MappingProxyType

from mailwright.errors import ConfigurationError, TransportRefused
from mailwright.wire.smtp_channel import SmtpChannel
from mailwright.wire.smtp_reply import ConnectionDropped, Phase, Reply
from mailwright.wire.smtp_url import Transport

Extensions = Mapping[str, str]


def refusal(phase: Phase, sentence: str, reply: Reply | None = None) -> TransportRefused:
    """The error for a server that will not work with us."""
    details: dict[str, str | int] = {"phase": phase.value}
    if reply is not None:
        details |= {"smtp_code": reply.code, "reply": str(reply)}
        sentence = f"{sentence} It said: {reply.code} {reply.text}"
    return TransportRefused(sentence, details=details)


async def shake_hands(
    channel: SmtpChannel, transport: Transport, helo: str, tls: ssl.SSLContext | None
) -> Extensions:
    """Connect, greet, encrypt and sign in as the transport asks; the extensions in the end.

    `tls` is None exactly when the transport says `tls=none`.
    """
    if not helo or not all("!" <= letter <= "~" for letter in helo):
        raise ConfigurationError("The HELO name is a host name or an address literal.")
    if not transport.host:
        raise ConfigurationError("The built-in inbox is not listening yet.")
    try:
        with _refusing(Phase.CONNECT):
            implicit = tls if transport.tls == "implicit" else None
            await channel.connect(transport.host, transport.port, implicit)
        greeting = await channel.reply(Phase.GREETING)
        if not greeting.is_positive:
            raise refusal(Phase.GREETING, "The mail server takes no mail now.", greeting)
        extensions = await _say_hello(channel, helo)
        if transport.tls == "starttls" and tls is not None:
            await _start_tls(channel, transport, extensions, tls)
            # RFC 3207 section 4.2: what was said before TLS is forgotten.
            extensions = await _say_hello(channel, helo)
        if transport.username is not None:
            await _authenticate(channel, transport, extensions)
    except ConnectionDropped as error:
        raise refusal(error.phase, error.message) from error
    return extensions


@contextmanager
def _refusing(phase: Phase) -> Generator[None]:
    """Turn what sockets raise into a refusal in this phase."""
    try:
        yield
    except TimeoutError as error:
        raise refusal(phase, "The mail server does not answer.") from error
    except ssl.SSLError as error:
        raise refusal(Phase.TLS, f"TLS with the mail server failed: {error}.") from error
    except OSError as error:
        raise refusal(phase, f"The mail server cannot be reached: {error}.") from error


async def _say_hello(channel: SmtpChannel, helo: str) -> Extensions:
    channel.send(f"EHLO {helo}\r\n".encode())
    reply = await channel.reply(Phase.EHLO)
    if reply.is_positive:
        return extensions_of(reply)
    if reply.code == 421:
        raise refusal(Phase.EHLO, "The mail server takes no mail now.", reply)
    # RFC 5321 section 3.2: a server without extensions is greeted with HELO.
    channel.send(f"HELO {helo}\r\n".encode())
    reply = await channel.reply(Phase.EHLO)
    if not reply.is_positive:
        raise refusal(Phase.EHLO, "The mail server does not accept our name.", reply)
    return MappingProxyType({})


def extensions_of(reply: Reply) -> Extensions:
    """What the reply to EHLO offers: parameters by keyword."""
    found: dict[str, str] = {}
    for line in reply.lines[1:]:
        keyword, _, parameters = line.strip().partition(" ")
        if keyword.upper().startswith("AUTH="):  # an old spelling, beside the right one or alone
            keyword, parameters = "AUTH", f"{keyword[5:]} {parameters}"
        if keyword.upper() == "AUTH":
            parameters = f"{found.get('AUTH', '')} {parameters}".strip().upper()
        found[keyword.upper()] = parameters
    return MappingProxyType(found)


async def _start_tls(
    channel: SmtpChannel, transport: Transport, extensions: Extensions, context: ssl.SSLContext
) -> None:
    if "STARTTLS" not in extensions:
        raise refusal(
            Phase.TLS,
            "The mail server does not offer STARTTLS, and mail must not leave in plain text. "
            "If that is what you want, say tls=none.",
        )
    channel.send(b"STARTTLS\r\n")
    reply = await channel.reply(Phase.TLS)
    if not reply.is_positive:
        raise refusal(Phase.TLS, "The mail server cannot encrypt now.", reply)
    if not channel.is_quiet:
        # Text injected before the handshake would be believed after it.
        raise refusal(Phase.TLS, "Somebody spoke between STARTTLS and the handshake.")
    with _refusing(Phase.TLS):
        await channel.start_tls(context, transport.host)


async def _authenticate(channel: SmtpChannel, transport: Transport, extensions: Extensions) -> None:
    mechanisms = extensions.get("AUTH", "").split()
    user, password = transport.username or "", transport.password or ""
    if "PLAIN" in mechanisms:  # RFC 4616
        steps = [f"AUTH PLAIN {_plain(user, password)}"]
    elif "LOGIN" in mechanisms:
        steps = ["AUTH LOGIN", _base64(user), _base64(password)]
    else:
        raise refusal(
            Phase.AUTH,
            "The mail server offers neither AUTH PLAIN nor AUTH LOGIN, and the transport has a "
            "user name.",
        )
    for number, step in enumerate(steps, start=1):
        channel.send(f"{step}\r\n".encode())
        reply = without_credentials(await channel.reply(Phase.AUTH), transport)
        is_last = number == len(steps)
        if not (reply.is_positive if is_last else reply.code == 334):
            raise refusal(Phase.AUTH, "The mail server does not accept our credentials.", reply)


def without_credentials(reply: Reply, transport: Transport) -> Reply:
    """The reply, in which a server that repeats our password is not quoted (SEC-27)."""
    user, password = transport.username or "", transport.password
    if not password:
        return reply
    lines = reply.lines
    for secret in (_plain(user, password), _base64(password), password):
        lines = tuple(line.replace(secret, "***") for line in lines)
    return reply if lines == reply.lines else Reply.of(reply.code, *lines)


def _plain(user: str, password: str) -> str:
    return _base64(f"\0{user}\0{password}")


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
