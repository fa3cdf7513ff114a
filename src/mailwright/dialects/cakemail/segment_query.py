"""Cakemail's three ways to write a segment are one tree; this is the tree.

`segment_query_sql`, `_fiql` and `_json` read it, `segment_query_rule` says what it means to us.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from uuid import UUID

from mailwright.errors import InvalidInput

LENGTH_MAX = 20_000  # characters of a query
DEPTH_MAX = 30

Value: TypeAlias = str | int | float | bool
Rule: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Compare:
    """An attribute compared: op is eq, neq, gt, gte, lt, lte, like, unlike, empty or filled."""

    attribute: str
    op: str
    value: Value = ""


@dataclass(frozen=True, slots=True)
class Acted:
    """Something was done with a campaign (`mailing`) or a link: sent, opened, clicked."""

    noun: str
    number: int
    event: str


@dataclass(frozen=True, slots=True)
class Native:
    """A rule in Mailwright's own form, as segments made elsewhere are shown."""

    rule: Rule


@dataclass(frozen=True, slots=True)
class Both:
    """All of the parts (`every`), or at least one."""

    every: bool
    parts: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """Whoever the part does not fit."""

    part: Term


Term: TypeAlias = Compare | Acted | Native | Both | Not


@dataclass(frozen=True, slots=True)
class Known:
    """What the names and numbers of a query are here. `numbers`: declared attributes of numbers."""

    list_uuid: UUID
    campaigns: Mapping[int, UUID] = field(default_factory=dict[int, UUID])
    links: Mapping[int, UUID] = field(default_factory=dict[int, UUID])
    interests: Mapping[str, UUID] = field(default_factory=dict[str, UUID])
    numbers: frozenset[str] = frozenset()


def refuse(message: str) -> InvalidInput:
    """The refusal of a query."""
    return InvalidInput.field("query", message)


def actions(term: Term) -> Iterator[Acted]:
    """Every action of the tree, for looking up what it is about."""
    if isinstance(term, Acted):
        yield term
    elif isinstance(term, Not):
        yield from actions(term.part)
    elif isinstance(term, Both):
        for part in term.parts:
            yield from actions(part)
