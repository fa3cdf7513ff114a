"""Which tags a mail must have: one tag, or `and`, `or` and `not` over them.

A tree of `{"is": TAG}`, `{"and": […]}`, `{"or": […]}` and `{"not": …}` (vendors.md 1.1), in which a
bare text is a tag.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TypeAlias, cast

from mailwright.errors import InvalidInput

DEPTH_MAX = 8
TERMS_MAX = 50


@dataclass(frozen=True, slots=True)
class HasTag:
    """The mail carries this tag."""

    tag: str


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part is true."""

    parts: tuple[TagExpression, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """One part at least is true."""

    parts: tuple[TagExpression, ...]


@dataclass(frozen=True, slots=True)
class NoneOf:
    """The part is not true."""

    part: TagExpression


TagExpression: TypeAlias = HasTag | AllOf | AnyOf | NoneOf


def parse_expression(given: object, *, field: str = "tags") -> TagExpression:
    """The expression. Raises InvalidInput for `field` where a part is none of the four."""
    terms = _Terms(field)
    return terms.parse(given, 0)


def leading_tags(expression: TagExpression) -> frozenset[str] | None:
    """Tags of which every mail that fits has at least one; None: there are no such."""
    match expression:
        case HasTag(tag):
            return frozenset({tag})
        case AllOf(parts):
            found = [tags for tags in map(leading_tags, parts) if tags is not None]
            return min(found, key=len) if found else None
        case AnyOf(parts):
            every = [leading_tags(part) for part in parts]
            if any(tags is None for tags in every):
                return None
            return frozenset(chain.from_iterable(tags for tags in every if tags is not None))
        case NoneOf():
            return None


def holds(expression: TagExpression, tags: Sequence[str]) -> bool:
    """Whether a mail with these tags fits."""
    match expression:
        case HasTag(tag):
            return tag in tags
        case AllOf(parts):
            return all(holds(part, tags) for part in parts)
        case AnyOf(parts):
            return any(holds(part, tags) for part in parts)
        case NoneOf(part):
            return not holds(part, tags)


class _Terms:
    """Parses, and counts what it has parsed."""

    def __init__(self, field: str) -> None:
        self._field = field
        self._count = 0

    def parse(self, given: object, depth: int) -> TagExpression:
        if isinstance(given, str):
            given = {"is": given}
        self._count += 1
        if depth > DEPTH_MAX or self._count > TERMS_MAX:
            raise self._error("This expression is too large.")
        if not isinstance(given, dict) or len(cast("dict[object, object]", given)) != 1:
            raise self._error('One of {"is": tag}, {"and": […]}, {"or": […]}, {"not": …}.')
        [(word, value)] = cast("dict[object, object]", given).items()
        match word:
            case "is":
                nested = isinstance(value, dict)
                return self.parse(cast("object", value), depth + 1) if nested else self._tag(value)
            case "not":
                return NoneOf(self.parse(value, depth + 1))
            case "and":
                return AllOf(self._parts("and", value, depth))
            case "or":
                return AnyOf(self._parts("or", value, depth))
            case _:
                raise self._error(f"{str(word)[:40]!r} is none of is, and, or, not.")

    def _tag(self, value: object) -> HasTag:
        if not isinstance(value, str) or not value:
            raise self._error("`is` takes one tag.")
        return HasTag(value)

    def _parts(self, word: str, value: object, depth: int) -> tuple[TagExpression, ...]:
        if not isinstance(value, (dict, list)) or not value:
            raise self._error(f"`{word}` takes a list of expressions.")
        parts = [cast("object", value)] if isinstance(value, dict) else cast("list[object]", value)
        return tuple(self.parse(part, depth + 1) for part in parts)

    def _error(self, sentence: str) -> InvalidInput:
        return InvalidInput.field(self._field, sentence)
