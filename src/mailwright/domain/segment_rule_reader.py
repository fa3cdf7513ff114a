"""Reads a segment rule from JSON, or says which place in it is wrong.

A rule is `{"all": [rule…]}`, `{"any": [rule…]}`, `{"not": rule}` or
`{"field": F, "op": O, "value": V}`, with `within_days` beside `received`, `opened` and `clicked`.
Two words are sugar: `eq` is `in` with one value, `ne` is the negation of `eq`. So a contact without
a first name counts as "not Anna", as people expect, and not as SQL would have it.
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TypeAlias, cast

from mailwright.domain.segment_rule import (
    AttributeCondition,
    Condition,
    EngagementCondition,
    Group,
    ListCondition,
    Match,
    Negation,
    OptInCondition,
    PresenceCondition,
    ProjectCondition,
    Rule,
    Scalar,
    TextCondition,
    TimeCondition,
)
from mailwright.errors import InvalidInput

DEPTH_MAX = 10
CONDITIONS_MAX = 100
VALUES_MAX = 1000
TEXT_MAX = 1024  # characters of one value
KEY_MAX = 255  # characters of an attribute's key
WITHIN_DAYS_MAX = 36_500
ANY_CAMPAIGN = "any"

TEXT_FIELDS = ("email", "first_name", "last_name", "locale")
TIME_FIELDS = ("created_at", "opted_in_at")
EVENTS = ("received", "opened", "clicked")
ATTRIBUTE_PREFIX = "attributes."
OPT_IN = "opt_in"
PROJECT = "project"
FIELDS = (*TEXT_FIELDS, *TIME_FIELDS, "attributes.KEY", "list", *EVENTS, OPT_IN, PROJECT)

_EQUALITY = ("eq", "ne", "in")
_PARTS = ("contains", "starts_with", "ends_with")
_ORDER = ("gt", "gte", "lt", "lte")
OPS: Mapping[str, tuple[str, ...]] = {
    "text": (*_EQUALITY, *_PARTS, "exists"),
    "time": (*_ORDER, "exists"),
    "attribute": (*_EQUALITY, *_PARTS, *_ORDER, "exists"),
    "list": _EQUALITY,
    "engagement": (*_EQUALITY, "exists"),
    "opt_in": ("eq",),
    "project": _EQUALITY,
}


def parse_rule(rule: object, *, path: str = "rule") -> Rule:
    """The rule as a tree. Raises InvalidInput whose details name the place that is wrong."""
    return _Parser().rule(rule, path, depth=1)


class _Parser:
    """Reads one rule and counts its conditions, so that nobody can send a forest."""

    def __init__(self) -> None:
        self._conditions = 0

    def rule(self, given: object, path: str, *, depth: int) -> Rule:
        if depth > DEPTH_MAX:
            raise InvalidInput.field(path, f"Rules nest at most {DEPTH_MAX} deep.")
        found = _mapping(given, path)
        for word, read in (("all", self._group), ("any", self._group), ("not", self._negation)):
            if word in found:
                _only_keys(found, {word}, path)
                return read(word, found[word], f"{path}.{word}", depth)
        if "field" in found:
            return self._condition(found, path)
        raise InvalidInput.field(path, "A rule has one of: all, any, not, field.")

    def _group(self, word: str, given: object, path: str, depth: int) -> Rule:
        if not isinstance(given, list) or not given:
            raise InvalidInput.field(path, "Give a list of at least one rule.")
        rules = cast("list[object]", given)
        if len(rules) > CONDITIONS_MAX:
            raise InvalidInput.field(path, f"At most {CONDITIONS_MAX} rules.")
        return Group(
            word == "all",
            tuple(
                self.rule(part, f"{path}[{number}]", depth=depth + 1)
                for number, part in enumerate(rules)
            ),
        )

    def _negation(self, _word: str, given: object, path: str, depth: int) -> Rule:
        return Negation(self.rule(given, path, depth=depth + 1))

    def _condition(self, found: Mapping[str, object], path: str) -> Rule:
        self._conditions += 1
        if self._conditions > CONDITIONS_MAX:
            raise InvalidInput.field(path, f"A rule has at most {CONDITIONS_MAX} conditions.")
        field = found["field"]
        if not isinstance(field, str):
            raise InvalidInput.field(f"{path}.field", "The name of a field.")
        kind, read = _reader(field, f"{path}.field")
        extra = {"within_days"} if kind == "engagement" else set[str]()
        _only_keys(found, {"field", "op", "value", *extra}, path)
        op = found.get("op")
        if not isinstance(op, str) or op not in OPS[kind]:
            allowed = ", ".join(OPS[kind])
            raise InvalidInput.field(f"{path}.op", f"The field {field} takes one of: {allowed}.")
        if op == "exists":
            condition, negated = _presence(field, kind, found, path)
        else:
            values = _values(op, found, path)
            condition, negated = read(field, op, values, found, path), op == "ne"
        return Negation(condition) if negated else condition


_Read: TypeAlias = Callable[[str, str, list[object], Mapping[str, object], str], Condition]


def _reader(field: str, path: str) -> tuple[str, _Read]:
    if field in TEXT_FIELDS:
        return "text", _text
    if field in TIME_FIELDS:
        return "time", _time
    if field == "list":
        return "list", _list
    if field == OPT_IN:
        return "opt_in", _opt_in
    if field == PROJECT:
        return "project", _project
    if field in EVENTS:
        return "engagement", _engagement
    if field.startswith(ATTRIBUTE_PREFIX):
        key = field.removeprefix(ATTRIBUTE_PREFIX)
        if key and len(key) <= KEY_MAX and _is_storable(key):
            return "attribute", _attribute
    raise InvalidInput.field(path, f"Fields are: {', '.join(FIELDS)}.")


def _presence(
    field: str, kind: str, found: Mapping[str, object], path: str
) -> tuple[Condition, bool]:
    wanted = found.get("value", True)
    if not isinstance(wanted, bool):
        raise InvalidInput.field(f"{path}.value", "true or false.")
    if kind == "engagement":
        return EngagementCondition(field, (), _within_days(found, path)), not wanted
    if kind == "attribute":
        return PresenceCondition(None, field.removeprefix(ATTRIBUTE_PREFIX)), not wanted
    return PresenceCondition(field, None), not wanted


def _values(op: str, found: Mapping[str, object], path: str) -> list[object]:
    """What is compared with: the items of `in`, the one value of the other ops."""
    if "value" not in found:
        raise InvalidInput.field(f"{path}.value", "This field is required.")
    value = found["value"]
    if op != "in":
        return [value]
    if not isinstance(value, list) or not value:
        raise InvalidInput.field(f"{path}.value", "Give a list of at least one value.")
    values = cast("list[object]", value)
    if len(values) > VALUES_MAX:
        raise InvalidInput.field(f"{path}.value", f"At most {VALUES_MAX} values.")
    return values


def _match(op: str) -> Match:
    return Match.IN if op in _EQUALITY else Match(op)


def _text(
    field: str, op: str, values: list[object], _found: Mapping[str, object], path: str
) -> Condition:
    return TextCondition(field, _match(op), tuple(_words(value, path) for value in values))


def _words(value: object, path: str) -> str:
    if not isinstance(value, str) or len(value) > TEXT_MAX or not _is_storable(value):
        raise InvalidInput.field(f"{path}.value", f"A text of at most {TEXT_MAX} characters.")
    return value


def _time(
    field: str, op: str, values: list[object], _found: Mapping[str, object], path: str
) -> Condition:
    try:
        moment = datetime.fromisoformat(values[0] if isinstance(values[0], str) else "")
        in_utc = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidInput.field(
            f"{path}.value", "A time in ISO 8601, such as 2026-05-01T09:00:00Z."
        ) from None
    return TimeCondition(field, Match(op), in_utc)


def _attribute(
    field: str, op: str, values: list[object], _found: Mapping[str, object], path: str
) -> Condition:
    scalars = tuple(_scalar(value, path) for value in values)
    if op in _PARTS and not isinstance(scalars[0], str):
        raise InvalidInput.field(f"{path}.value", f"With {op}, a text.")
    if op in _ORDER and isinstance(scalars[0], bool):
        raise InvalidInput.field(f"{path}.value", f"With {op}, a number or a text.")
    return AttributeCondition(field.removeprefix(ATTRIBUTE_PREFIX), _match(op), scalars)


def _scalar(value: object, path: str) -> Scalar:
    if isinstance(value, str):
        return _words(value, path)
    if isinstance(value, bool | int) and abs(value) < 10**18:
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    raise InvalidInput.field(f"{path}.value", "A text, a number, true or false.")


def _list(
    _field: str, _op: str, values: list[object], _found: Mapping[str, object], path: str
) -> Condition:
    return ListCondition(tuple(_uuid(value, path, "The uuid of a list.") for value in values))


def _opt_in(
    _field: str, _op: str, values: list[object], _found: Mapping[str, object], path: str
) -> Condition:
    if not isinstance(values[0], bool):
        raise InvalidInput.field(f"{path}.value", "true or false.")
    return OptInCondition(values[0])


def _project(
    _field: str, _op: str, values: list[object], _found: Mapping[str, object], path: str
) -> Condition:
    hint = "The uuid of a project."
    return ProjectCondition(tuple(_uuid(value, path, hint) for value in values))


def _engagement(
    field: str, _op: str, values: list[object], found: Mapping[str, object], path: str
) -> Condition:
    within_days = _within_days(found, path)
    if ANY_CAMPAIGN in values:
        return EngagementCondition(field, (), within_days)
    hint = f"The uuid of a campaign, or {ANY_CAMPAIGN}."
    campaigns = tuple(_uuid(value, path, hint) for value in values)
    return EngagementCondition(field, campaigns, within_days)


def _within_days(found: Mapping[str, object], path: str) -> int | None:
    days = found.get("within_days")
    if days is None:
        return None
    if isinstance(days, bool) or not isinstance(days, int) or not 1 <= days <= WITHIN_DAYS_MAX:
        raise InvalidInput.field(
            f"{path}.within_days", f"A whole number of days from 1 to {WITHIN_DAYS_MAX}."
        )
    return days


def _uuid(value: object, path: str, hint: str) -> uuid.UUID:
    try:
        return uuid.UUID(value if isinstance(value, str) else "")
    except ValueError:
        raise InvalidInput.field(f"{path}.value", hint) from None


def _mapping(given: object, path: str) -> Mapping[str, object]:
    if not isinstance(given, dict):
        raise InvalidInput.field(path, "A rule is an object.")
    return cast("Mapping[str, object]", given)


def _only_keys(found: Mapping[str, object], known: set[str], path: str) -> None:
    for key in found:
        if key not in known:
            raise InvalidInput.field(f"{path}.{key}"[:TEXT_MAX], "There is no such field.")


def _is_storable(text: str) -> bool:
    return "\0" not in text and not any("\ud800" <= char <= "\udfff" for char in text)
