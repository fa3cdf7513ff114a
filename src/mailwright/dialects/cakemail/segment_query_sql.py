"""Reads the SQL-like language: `email LIKE "%@example.com" AND MAILING(7) IS NOT OPENED`.

It is read by hand into a tree, never passed on as text of a query (SEC-26).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from mailwright.dialects.cakemail.segment_query import (
    DEPTH_MAX,
    LENGTH_MAX,
    Acted,
    Both,
    Compare,
    Not,
    Term,
    Value,
    refuse,
)

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<text>"(?:[^"\\]|\\.|"")*"|'(?:[^'\\]|\\.|'')*')
    | (?P<number>-?\d+(?:\.\d+)?(?![\w.]))
    | `(?P<quoted>[^`]+)`
    | (?P<word>[A-Za-z_][\w.\-]*)
    | (?P<mark><=|>=|!=|<>|=|<|>|\(|\)|,)
    )""",
    re.VERBOSE,
)
_OPS = {"=": "eq", "!=": "neq", "<>": "neq", ">": "gt", ">=": "gte", "<": "lt", "<=": "lte"}
_ACTIONS = {"MAILING": ("SENT", "OPENED", "CLICKED"), "LINK": ("CLICKED",)}
_LABELS = {"TAG": "tag", "INTEREST": "interest"}


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str  # text, number, quoted, word, mark, end
    text: str


def read_sql(text: str) -> Term:
    """The tree. Raises InvalidInput that says what is wrong, and where."""
    if len(text) > LENGTH_MAX:
        raise refuse(f"A query has at most {LENGTH_MAX} characters.")
    reader = _Reader(list(_tokens(text)))
    term = reader.either(depth=1)
    reader.expect_end()
    return term


def _tokens(text: str) -> Iterator[_Token]:
    at = 0
    while at < len(text) and text[at:].strip():
        found = _TOKEN.match(text, at)
        if found is None or found.lastgroup is None:
            raise refuse(f"This cannot be read: {text[at : at + 30].strip()}")
        yield _Token(found.lastgroup, found[found.lastgroup])
        at = found.end()
    yield _Token("end", "")


class _Reader:
    """Reads one query, token by token."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0

    def either(self, *, depth: int) -> Term:
        """`a OR b OR c`."""
        if depth > DEPTH_MAX:
            raise refuse(f"Parentheses nest at most {DEPTH_MAX} deep.")
        parts = [self._both(depth)]
        while self._take_word("OR"):
            parts.append(self._both(depth))
        return parts[0] if len(parts) == 1 else Both(every=False, parts=tuple(parts))

    def expect_end(self) -> None:
        """Raises InvalidInput when something is left."""
        if self._next.kind != "end":
            raise refuse(f"AND or OR is missing before: {self._next.text}")

    @property
    def _next(self) -> _Token:
        return self._tokens[self._at]

    def _both(self, depth: int) -> Term:
        parts = [self._negation(depth)]
        while self._take_word("AND"):
            parts.append(self._negation(depth))
        return parts[0] if len(parts) == 1 else Both(every=True, parts=tuple(parts))

    def _negation(self, depth: int) -> Term:
        if self._take_word("NOT"):
            return Not(self._one(depth))
        return self._one(depth)

    def _one(self, depth: int) -> Term:
        if self._take_mark("("):
            inside = self.either(depth=depth + 1)
            self._expect_mark(")")
            return inside
        token = self._take()
        if token.kind not in ("word", "quoted"):
            raise refuse(f"The name of an attribute is missing before: {token.text or 'the end'}")
        word = token.text.upper()
        if token.kind == "word" and self._next == _Token("mark", "("):
            return self._action(token.text)
        if token.kind == "word" and word in _LABELS and self._is_word("IS"):
            return self._labelled(_LABELS[word])
        return self._comparison(token.text)

    def _action(self, name: str) -> Term:
        word = name.upper()
        if word not in _ACTIONS:
            raise refuse(f"There is no function {name}; there are MAILING(id) and LINK(id).")
        self._expect_mark("(")
        number = self._take()
        if number.kind not in ("number", "text") or not number.text.strip("\"'").isdecimal():
            raise refuse(f"{name} takes the id of one.")
        self._expect_mark(")")
        self._expect_word("IS")
        negated = self._take_word("NOT")
        event = self._take().text.upper()
        if event not in _ACTIONS[word]:
            raise refuse(f"{name} is (or is not) one of: {', '.join(_ACTIONS[word])}.")
        acted = Acted(word.lower(), int(number.text.strip("\"'")), event.lower())
        return Not(acted) if negated else acted

    def _labelled(self, name: str) -> Term:
        self._expect_word("IS")
        negated = self._take_word("NOT")
        return Compare(name, "neq" if negated else "eq", str(self._value(name)))

    def _comparison(self, name: str) -> Term:
        if self._take_word("IS"):
            negated = self._take_word("NOT")
            self._expect_word("NULL")
            return Compare(name, "filled" if negated else "empty")
        negated = self._take_word("NOT")
        if self._take_word("LIKE"):
            return Compare(name, "unlike" if negated else "like", str(self._value(name)))
        if self._take_word("IN"):
            found = self._among(name)
            return Not(found) if negated else found
        token = self._take()
        if negated or token.kind != "mark" or token.text not in _OPS:
            raise refuse(f"After {name} comes one of: {', '.join(_OPS)}, LIKE, NOT LIKE, IN, IS.")
        return Compare(name, _OPS[token.text], self._value(name))

    def _among(self, name: str) -> Term:
        self._expect_mark("(")
        parts = [Compare(name, "eq", self._value(name))]
        while self._take_mark(","):
            parts.append(Compare(name, "eq", self._value(name)))
        self._expect_mark(")")
        return Both(every=False, parts=tuple(parts))

    def _value(self, name: str) -> Value:
        token = self._take()
        if token.kind == "text":
            return _unquoted(token.text)
        if token.kind == "number":
            return float(token.text) if "." in token.text else int(token.text)
        if token.kind == "word" and token.text.lower() in ("true", "false"):
            return token.text.lower() == "true"
        raise refuse(f'What {name} is compared with is missing, a "text" or a number.')

    def _take(self) -> _Token:
        token = self._next
        if token.kind != "end":
            self._at += 1
        return token

    def _is_word(self, word: str) -> bool:
        return self._next.kind == "word" and self._next.text.upper() == word

    def _take_word(self, word: str) -> bool:
        found = self._is_word(word)
        self._at += found
        return found

    def _take_mark(self, mark: str) -> bool:
        found = self._next == _Token("mark", mark)
        self._at += found
        return found

    def _expect_word(self, word: str) -> None:
        if not self._take_word(word):
            raise refuse(f"{word} is missing before: {self._next.text or 'the end'}")

    def _expect_mark(self, mark: str) -> None:
        if not self._take_mark(mark):
            raise refuse(f"{mark} is missing before: {self._next.text or 'the end'}")


def _unquoted(text: str) -> str:
    quote, inside = text[0], text[1:-1]
    return re.sub(r"\\(.)", r"\1", inside.replace(quote * 2, quote), flags=re.DOTALL)
