"""SMTP commands as a server reads them: strict, because leniency is what attacks live on."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

from mailwright.wire.smtp_reply import Reply
from mailwright.wire.smtp_text import LONGEST_ADDRESS

# One optional space after the colon: a common slip of clients, and harmless. No spaces, controls or
# angle brackets inside the path; printable ASCII only, since SMTPUTF8 is not offered.
_PATH = re.compile(r"(?:FROM|TO): ?<([!-;=?-~]*)>((?: [!-~]+)*) *", re.IGNORECASE)


class BadCommand(Exception):
    """A command that cannot be carried out; `reply` says why."""

    def __init__(self, code: int, sentence: str) -> None:
        super().__init__(sentence)
        self.reply = Reply.of(code, sentence)


@dataclass(frozen=True, slots=True)
class Command:
    """A verb in capitals and the rest of its line."""

    verb: str
    rest: str

    @classmethod
    def parse(cls, line: bytes) -> Command:
        """The command on a line (without CRLF); BadCommand for bytes no command may hold."""
        if not line.isascii() or b"\r" in line or b"\n" in line or b"\0" in line:
            raise BadCommand(500, "5.5.2 A command is a line of ASCII that ends with CRLF")
        verb, _, rest = line.decode().partition(" ")
        return cls(verb.upper(), rest)


@dataclass(frozen=True, slots=True)
class Path:
    """The address and the parameters of MAIL or RCPT."""

    address: str
    parameters: dict[str, str]


def parse_mail(rest: str, message_octets: int) -> Path:
    """The sender of MAIL, possibly empty; SIZE is checked against the limit (RFC 1870)."""
    path = _path("FROM", rest)
    for name, value in path.parameters.items():
        match name:
            case "SIZE":
                if not (value.isdigit() and len(value) <= 20):
                    raise BadCommand(501, "5.5.4 SIZE is a number of octets")
                if int(value) > message_octets:
                    raise BadCommand(552, f"5.3.4 A mail has at most {message_octets} octets")
            case "BODY":
                if value.upper() not in ("7BIT", "8BITMIME"):
                    raise BadCommand(501, "5.5.4 BODY is 7BIT or 8BITMIME")
            case "AUTH":  # RFC 4954 section 5: who submitted it first; nothing depends on it here
                pass
            case _:
                raise BadCommand(555, f"5.5.4 {name} is not offered")
    return path


def parse_rcpt(rest: str) -> Path:
    """The recipient of RCPT."""
    path = _path("TO", rest)
    if not path.address:
        raise BadCommand(501, "5.1.3 Name a recipient")
    if path.parameters:
        raise BadCommand(555, f"5.5.4 {next(iter(path.parameters))} is not offered")
    return path


def _path(keyword: str, rest: str) -> Path:
    found = _PATH.fullmatch(rest)
    if found is None or not rest.upper().startswith(keyword):
        raise BadCommand(501, f"5.5.4 Write {keyword}:<address>")
    if len(found[1]) > LONGEST_ADDRESS:
        raise BadCommand(501, "5.1.3 The address is too long")
    parameters: dict[str, str] = {}
    for word in found[2].split():
        name, _, value = word.partition("=")
        parameters[name.upper()] = value
    return Path(found[1], parameters)


def parse_plain(response: str) -> tuple[str, str]:
    """User and password of AUTH PLAIN (RFC 4616): authorisation NUL user NUL password."""
    parts = decode_base64(response).split("\0")
    if len(parts) != 3 or not parts[1]:
        raise BadCommand(501, "5.5.2 PLAIN is NUL user NUL password in base64")
    return parts[1], parts[2]


def decode_base64(response: str) -> str:
    """A response of AUTH as text; `*` cancels the exchange (RFC 4954 section 4)."""
    if response == "*":
        raise BadCommand(501, "5.7.0 Canceled")
    try:
        return base64.b64decode(response, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise BadCommand(501, "5.5.2 That is not base64 of UTF-8") from error
