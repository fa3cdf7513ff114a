"""What the other server says, and how a conversation can end.

`ReplyParser` takes bytes as they come and gives whole replies. It keeps every word (a reply may
have to be read again by later rules) and is lenient as clients must be: a bare LF ends a line too,
the text may be missing, and in a multi-line reply the last line's code counts.

An attempt ends in one of three values (`Accepted`, `Deferred`, `Refused`) when the server answered
about the message, in `TransportRefused` when it would not talk to us, and in `ConnectionDropped`
when it hung up or fell silent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from mailwright.domain.smtp_verdict import Phase, Verdict, verdict
from mailwright.errors import OperatorError

__all__ = [
    "Accepted",
    "ConnectionDropped",
    "Deferred",
    "MalformedReply",
    "Outcome",
    "Phase",
    "Refused",
    "Reply",
    "ReplyParser",
    "outcome_of",
]

# RFC 5321 section 4.5.3.1.5 says 512 octets; real servers put links and whole reasons there.
LONGEST_LINE_OCTETS = 4_096
MOST_LINES = 200
# A server says the same few words to every MAIL, RCPT and DATA; parsing them once per connection
# saves a sixth of the client's time.
MOST_KNOWN_LINES = 16

# RFC 2034 section 4; some gateways write "#5.1.0".
_ENHANCED = re.compile(r"#?([245]\.\d{1,3}\.\d{1,3})(?![.\d])")


class MalformedReply(Exception):
    """The peer does not speak SMTP; the connection cannot be used further."""


class ConnectionDropped(OperatorError):
    """The mail server hung up or fell silent in mid-conversation.

    `after_final_dot` is True when the whole message had been handed over: it may or may not have
    been accepted. False: certainly not accepted.
    """

    code = "CONNECTION_DROPPED"

    def __init__(self, message: str | None = None, *, phase: Phase, after_final_dot: bool) -> None:
        super().__init__(
            message, details={"phase": phase.value, "after_final_dot": after_final_dot}
        )
        self.phase = phase
        self.after_final_dot = after_final_dot


@dataclass(frozen=True, slots=True)
class Reply:
    """One whole reply: basic code, enhanced code or None, and the text of every line."""

    code: int
    enhanced: str | None
    lines: tuple[str, ...]

    @classmethod
    def of(cls, code: int, *lines: str) -> Reply:
        """A reply with these lines; the enhanced code is read from the first that has one."""
        for line in lines:
            if found := _ENHANCED.match(line):
                return cls(code, found[1], lines)
        return cls(code, None, lines)

    @property
    def is_positive(self) -> bool:
        """True for 2xx."""
        return 200 <= self.code < 300

    @property
    def text(self) -> str:
        """The words of all lines, joined by spaces."""
        return " ".join(self.lines)

    def __str__(self) -> str:
        """The reply as it stood on the wire, lines parted by LF."""
        last = len(self.lines) - 1
        return "\n".join(
            f"{self.code}{' ' if number == last else '-'}{line}"
            for number, line in enumerate(self.lines)
        )

    def encode(self) -> bytes:
        """The reply as a server sends it."""
        return (str(self).replace("\n", "\r\n") + "\r\n").encode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class Accepted:
    """The server said yes: after `begin` it wants the body, after `finish` it has the message."""

    reply: Reply


@dataclass(frozen=True, slots=True)
class Deferred:
    """A 4xx about this message: try again later."""

    reply: Reply
    phase: Phase

    def verdict(self) -> Verdict:
        """What the reply means for message, address and route."""
        return verdict(self.reply.code, self.reply.enhanced, self.phase, self.reply.text)


@dataclass(frozen=True, slots=True)
class Refused:
    """A 5xx about this message: it is over."""

    reply: Reply
    phase: Phase

    def verdict(self) -> Verdict:
        """What the reply means for message, address and route."""
        return verdict(self.reply.code, self.reply.enhanced, self.phase, self.reply.text)


Outcome = Accepted | Deferred | Refused


def outcome_of(reply: Reply, phase: Phase) -> Outcome:
    """The outcome a reply stands for. 1xx and 3xx where they make no sense count as temporary."""
    if reply.is_positive:
        return Accepted(reply)
    return Refused(reply, phase) if reply.code >= 500 else Deferred(reply, phase)


class ReplyParser:
    """Turns bytes, cut anywhere, into replies."""

    __slots__ = ("_known", "_lines", "_rest")

    def __init__(self) -> None:
        self._rest = b""
        self._lines: list[str] = []  # of a multi-line reply that is not whole yet
        self._known: dict[bytes, Reply] = {}  # single-line replies heard before

    @property
    def is_between_replies(self) -> bool:
        """True when no part of a reply is waiting for its end."""
        return not self._rest and not self._lines

    def feed(self, data: bytes) -> Iterator[Reply]:
        """The replies that are now whole, then MalformedReply when the rest is not SMTP."""
        *lines, self._rest = (self._rest + data if self._rest else data).split(b"\n")
        if len(self._rest) > LONGEST_LINE_OCTETS:
            raise MalformedReply("a reply line without end")
        for line in lines:
            reply = None if self._lines else self._known.get(line)
            if reply is None and (reply := self._add(line)) is None:
                continue
            yield reply

    def _add(self, raw: bytes) -> Reply | None:
        # An undecodable byte or a NUL is kept visible, and storable, as \xNN.
        line = raw.rstrip(b"\r").decode("utf-8", "backslashreplace").replace("\0", "\\x00")
        code, mark, text = line[:3], line[3:4], line[4:]
        if len(raw) > LONGEST_LINE_OCTETS or len(self._lines) >= MOST_LINES:
            raise MalformedReply("a reply without end")
        if not (code.isascii() and code.isdigit() and "2" <= code[0] <= "5" and len(code) == 3):
            raise MalformedReply(f"{line[:80]!r} is not a reply")
        if mark not in ("", " ", "-", "\t"):
            raise MalformedReply(f"{line[:80]!r} is not a reply")
        self._lines.append(text)
        if mark == "-":
            return None
        reply = Reply.of(int(code), *self._lines)
        self._lines.clear()
        if len(reply.lines) == 1 and len(self._known) < MOST_KNOWN_LINES:
            self._known[raw] = reply
        return reply
