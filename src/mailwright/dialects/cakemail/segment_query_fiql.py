"""Reads FIQL: `email==ada@example.com;(plan==pro,mailing=opened=7)`; `;` is and, `,` is or."""

from __future__ import annotations

import re
from urllib.parse import unquote

from mailwright.dialects.cakemail.segment_query import (
    DEPTH_MAX,
    LENGTH_MAX,
    Acted,
    Both,
    Compare,
    Not,
    Term,
    refuse,
)

_CONSTRAINT = re.compile(r"(?P<name>[\w.\-%]+)(?P<op>==|!=|=[a-z]+=)", re.IGNORECASE)
_OPS = {
    "==": "eq",
    "!=": "neq",
    "=eq=": "eq",
    "=neq=": "neq",
    "=ne=": "neq",
    "=gt=": "gt",
    "=ge=": "gte",
    "=gte=": "gte",
    "=lt=": "lt",
    "=le=": "lte",
    "=lte=": "lte",
    "=like=": "like",
    "=unlike=": "unlike",
}
_EVENTS = {"sent": "sent", "open": "opened", "opened": "opened", "clicked": "clicked"}


def read_fiql(text: str) -> Term:
    """The tree. Raises InvalidInput that says what is wrong."""
    if len(text) > LENGTH_MAX:
        raise refuse(f"An expression has at most {LENGTH_MAX} characters.")
    reader = _Reader(text.strip())
    term = reader.either(depth=1)
    reader.expect_end()
    return term


class _Reader:
    """Reads one expression, character by character."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def either(self, *, depth: int) -> Term:
        """`a,b,c`."""
        if depth > DEPTH_MAX:
            raise refuse(f"Parentheses nest at most {DEPTH_MAX} deep.")
        parts = [self._both(depth)]
        while self._take(","):
            parts.append(self._both(depth))
        return parts[0] if len(parts) == 1 else Both(every=False, parts=tuple(parts))

    def expect_end(self) -> None:
        """Raises InvalidInput when something is left."""
        if self._at < len(self._text):
            raise refuse(f"This cannot be read: {self._text[self._at : self._at + 30]}")

    def _both(self, depth: int) -> Term:
        parts = [self._one(depth)]
        while self._take(";"):
            parts.append(self._one(depth))
        return parts[0] if len(parts) == 1 else Both(every=True, parts=tuple(parts))

    def _one(self, depth: int) -> Term:
        if self._take("("):
            inside = self.either(depth=depth + 1)
            if not self._take(")"):
                raise refuse("A closing ) is missing.")
            return inside
        found = _CONSTRAINT.match(self._text, self._at)
        if found is None:
            rest = self._text[self._at : self._at + 30] or "the end"
            raise refuse(f"Write name==value, not: {rest}")
        self._at = found.end()
        return _term(unquote(found["name"]), found["op"].lower(), self._value())

    def _value(self) -> str:
        quote = self._text[self._at : self._at + 1]
        if quote and quote in "\"'":
            end = self._text.find(quote, self._at + 1)
            if end < 0:
                raise refuse("A closing quote is missing.")
            value, self._at = self._text[self._at + 1 : end], end + 1
            return value
        start = self._at
        while self._at < len(self._text) and self._text[self._at] not in ";,()":
            self._at += 1
        return unquote(self._text[start : self._at])

    def _take(self, mark: str) -> bool:
        found = self._text.startswith(mark, self._at)
        self._at += found
        return found


def _term(name: str, op: str, value: str) -> Term:
    if name in ("mailing", "link"):
        return _action(name, op.strip("="), value)
    if op not in _OPS:
        raise refuse(f"There is no operator {op}; there are: {', '.join(_OPS)}.")
    ours = _OPS[op]
    if ours in ("like", "unlike"):
        return Compare(name, ours, value.replace("*", "%"))
    return Compare(name, ours, value)


def _action(noun: str, word: str, value: str) -> Term:
    negated, event = word.startswith("not"), _EVENTS.get(word.removeprefix("not"))
    if event is None:
        raise refuse(f"A {noun} is sent, opened or clicked, or not so: {noun}=sent=7.")
    if not value.isdecimal():
        raise refuse(f"{noun}={word}= takes the id of one.")
    acted = Acted(noun, int(value), event)
    return Not(acted) if negated else acted
