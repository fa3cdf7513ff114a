"""The sockets `serve` opens itself, so that they outlive the processes that answer on them."""

from __future__ import annotations

import errno
import socket
from contextlib import AbstractContextManager, nullcontext

from mailwright.errors import ConfigurationError

BACKLOG = 2048


def listen_http(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 means any. Raises ConfigurationError saying what is in the way."""
    try:
        [(family, kind, protocol, _, address), *_] = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except socket.gaierror as error:
        raise ConfigurationError(
            f"MAILWRIGHT_HOST {host} is no address: {error.strerror}."
        ) from None
    return _listen(socket.socket(family, kind, protocol), address)


def listen_capture() -> socket.socket:
    """The built-in inbox's: loopback only, on any free port."""
    return _listen(socket.socket(socket.AF_INET, socket.SOCK_STREAM), ("127.0.0.1", 0))


def listen_returned_mail(address: str | None) -> AbstractContextManager[socket.socket | None]:
    """The socket of MAILWRIGHT_RETURNED_MAIL_ADDRESS, or None where that is not set."""
    if address is None:
        return nullcontext()
    host, _, port = address.rpartition(":")
    if not host or not (port.isascii() and port.isdigit()) or int(port) > 65535:
        raise ConfigurationError(
            f"MAILWRIGHT_RETURNED_MAIL_ADDRESS {address} is not of the form HOST:PORT."
        )
    return listen_http(host.strip("[]"), int(port))


def _listen(made: socket.socket, address: tuple[object, ...]) -> socket.socket:
    host, port = address[:2]
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(address)
        made.listen(BACKLOG)
    except OSError as error:
        made.close()
        reasons = {
            errno.EADDRINUSE: f"Port {port} on {host} is taken; stop what listens there, or choose "
            "another with --port or MAILWRIGHT_PORT.",
            errno.EACCES: f"Port {port} is not for ordinary users; choose one above 1023.",
            errno.EADDRNOTAVAIL: f"This machine has no address {host}; see MAILWRIGHT_HOST.",
        }
        reason = reasons.get(error.errno or 0, f"Cannot listen on {host}:{port}: {error.strerror}.")
        raise ConfigurationError(reason) from None
    return made
