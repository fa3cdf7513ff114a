"""Segment rules: a typed tree over contacts, never text of a query (SEC-26).

`segment_rule_reader` reads one from JSON, `store/segment_rules` makes bound conditions of it.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

Scalar: TypeAlias = str | int | float | bool


class Match(StrEnum):
    """How a condition compares."""

    IN = "in"
    CONTAINS = "contains"
    STARTS_WITH = "starts_with"
    ENDS_WITH = "ends_with"
    GT = "gt"
    GTE = "gte"
    LT = "lt"
    LTE = "lte"


@dataclass(frozen=True, slots=True)
class TextCondition:
    """A column of text: one of `values`, or (other matches) compared with the only one."""

    field: str
    match: Match
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TimeCondition:
    """A moment before or after another."""

    field: str
    match: Match
    moment: datetime


@dataclass(frozen=True, slots=True)
class AttributeCondition:
    """An attribute of the contact; a list attribute `contains` its items."""

    key: str
    match: Match
    values: tuple[Scalar, ...]


@dataclass(frozen=True, slots=True)
class PresenceCondition:
    """The contact has something there at all. `key`: an attribute, when `field` is None."""

    field: str | None
    key: str | None


@dataclass(frozen=True, slots=True)
class ListCondition:
    """The contact is on one of these lists and has not left it."""

    lists: tuple[uuid.UUID, ...]


@dataclass(frozen=True, slots=True)
class TagCondition:
    """The contact has one of these tags (empty: any tag at all)."""

    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InterestCondition:
    """The contact has one of these interests, each of some list."""

    interests: tuple[uuid.UUID, ...]


@dataclass(frozen=True, slots=True)
class LinkCondition:
    """The contact clicked one of these links, each of some campaign."""

    links: tuple[uuid.UUID, ...]
    within_days: int | None


@dataclass(frozen=True, slots=True)
class EngagementCondition:
    """The contact received, opened or clicked one of `campaigns` (empty: any campaign).

    `within_days`: in the last so many days; `since`: at that moment or later.
    """

    event: str
    campaigns: tuple[uuid.UUID, ...]
    within_days: int | None
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class OptInCondition:
    """The contact's consent is `subscribed`, or (not `wanted`) anything else."""

    wanted: bool


@dataclass(frozen=True, slots=True)
class ProjectCondition:
    """The contact belongs to the audience of one of these projects."""

    projects: tuple[uuid.UUID, ...]


Condition: TypeAlias = (
    TextCondition
    | TimeCondition
    | AttributeCondition
    | PresenceCondition
    | ListCondition
    | TagCondition
    | InterestCondition
    | LinkCondition
    | EngagementCondition
    | OptInCondition
    | ProjectCondition
)


@dataclass(frozen=True, slots=True)
class Group:
    """All of the rules (`every`) or at least one of them."""

    every: bool
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Negation:
    """Whoever the rule does not fit."""

    rule: Rule


Rule: TypeAlias = Group | Negation | Condition


def conditions_of(rule: Rule) -> Iterator[Condition]:
    """Every leaf of the tree, for checking what it refers to."""
    if isinstance(rule, Group):
        for part in rule.rules:
            yield from conditions_of(part)
    elif isinstance(rule, Negation):
        yield from conditions_of(rule.rule)
    else:
        yield rule
