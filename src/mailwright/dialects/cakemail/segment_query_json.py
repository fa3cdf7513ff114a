"""Reads the JSON form, `{"and": [{"eq": {"plan": "pro"}}, {"opened": {"mailing": 7}}]}`.

And the form of the vendor's own program: `{"match": "all", "rules": [{"field", "operator",
"value"}]}`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, cast

from mailwright.dialects.cakemail.segment_query import (
    DEPTH_MAX,
    Acted,
    Both,
    Compare,
    Native,
    Not,
    Term,
    Value,
    refuse,
)

_OPS = ("eq", "neq", "gt", "gte", "lt", "lte", "like", "unlike")
_GROUPS = {"and": True, "or": False}
_EVENTS = {"sent": "sent", "open": "opened", "opened": "opened", "clicked": "clicked"}
_NATIVE = ("field", "all", "any")

#: The operators of the vendor's program (its library's and its manual's).
_OPERATORS = {
    "equals": "eq",
    "not_equals": "neq",
    "greater_than": "gt",
    "less_than": "lt",
    "greater_than_or_equal": "gte",
    "less_than_or_equal": "lte",
    "exists": "filled",
    "not_exists": "empty",
    "is_not_empty": "filled",
    "is_empty": "empty",
}
_PARTS = {"contains": "%{}%", "not_contains": "%{}%", "starts_with": "{}%", "ends_with": "%{}"}
_MATCHES = {"all": True, "and": True, "any": False, "or": False}


def read_json(given: object, *, depth: int = 1) -> Term:
    """The tree of the document's JSON form. Raises InvalidInput that says what is wrong."""
    found = _object(given, depth)
    if any(key in found for key in _NATIVE):
        return Native(dict(found))
    parts = [_operation(word.lower(), value, depth) for word, value in found.items()]
    if not parts:
        raise refuse("Give at least one condition.")
    return parts[0] if len(parts) == 1 else Both(every=True, parts=tuple(parts))


def read_conditions(given: object, *, depth: int = 1) -> Term:
    """The tree of `conditions`, in either form. Raises InvalidInput that says what is wrong."""
    found = _object(given, depth)
    if "rules" not in found:  # one rule, or the document's JSON in the program's place
        return _rule(found) if "operator" in found else read_json(given, depth=depth)
    match = str(found.get("match", found.get("operator", "all"))).lower()
    if match not in _MATCHES:
        raise refuse(f"match is all or any, not {match}.")
    rules = found["rules"]
    if not isinstance(rules, list) or not rules:
        raise refuse("rules is a list of at least one rule.")
    parts = [read_conditions(rule, depth=depth + 1) for rule in cast("list[object]", rules)]
    return parts[0] if len(parts) == 1 else Both(every=_MATCHES[match], parts=tuple(parts))


def _operation(word: str, value: object, depth: int) -> Term:
    if word in _GROUPS:
        if not isinstance(value, list) or not value:
            raise refuse(f"{word} takes a list of at least one condition.")
        parts = [read_json(part, depth=depth + 1) for part in cast("list[object]", value)]
        return parts[0] if len(parts) == 1 else Both(every=_GROUPS[word], parts=tuple(parts))
    if word == "not":
        return Not(read_json(value, depth=depth + 1))
    if word in _OPS:
        found = _object(value, depth)
        parts = [_compared(word, name, each) for name, each in found.items()]
        if not parts:
            raise refuse(f"{word} takes an attribute and a value.")
        return parts[0] if len(parts) == 1 else Both(every=True, parts=tuple(parts))
    return _action(word, value, depth)


def _compared(op: str, name: str, value: object) -> Term:
    if op in ("like", "unlike"):
        return Compare(name, op, str(_scalar(name, value)).replace("*", "%"))
    return Compare(name, op, _scalar(name, value))


def _action(word: str, value: object, depth: int) -> Term:
    negated, event = word.startswith("not"), _EVENTS.get(word.removeprefix("not").lstrip("_"))
    if event is None:
        told = ", ".join((*_GROUPS, "not", *_OPS, "sent", "opened", "clicked", "notsent"))
        raise refuse(f"There is no operator {word}; there are: {told}, ….")
    found = _object(value, depth)
    if len(found) != 1 or not set(found) <= {"mailing", "link"}:
        raise refuse(f'{word} takes {{"mailing": id}} or {{"link": id}}.')
    ((noun, number),) = found.items()
    if isinstance(number, bool) or not str(number).isdecimal():
        raise refuse(f"{word} takes the id of a {noun}.")
    acted = Acted(noun, int(str(number)), event)
    return Not(acted) if negated else acted


def _rule(found: Mapping[str, Any]) -> Term:
    name, operator, value = found.get("field"), found.get("operator"), found.get("value", "")
    if not isinstance(name, str) or not name:
        raise refuse("A rule has a field, an operator and a value.")
    if operator in ("in", "not_in") and isinstance(value, list):
        items = cast("list[object]", value)
        parts = tuple(Compare(name, "eq", _scalar(name, item)) for item in items)
        if not parts:
            raise refuse(f"{name}: give at least one value.")
        among = Both(every=False, parts=parts)
        return Not(among) if operator == "not_in" else among
    if operator in _PARTS:
        pattern = _PARTS[operator].format(_scalar(name, value))
        return Compare(name, "unlike" if operator == "not_contains" else "like", pattern)
    if operator not in _OPERATORS:
        told = ", ".join((*_OPERATORS, *_PARTS, "in", "not_in"))
        raise refuse(f"There is no operator {operator}; there are: {told}.")
    return Compare(name, _OPERATORS[operator], _scalar(name, value))


def _scalar(name: str, value: object) -> Value:
    if isinstance(value, str | int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    raise refuse(f"{name} is compared with a text, a number, true or false.")


def _object(given: object, depth: int) -> Mapping[str, Any]:
    if depth > DEPTH_MAX:
        raise refuse(f"Conditions nest at most {DEPTH_MAX} deep.")
    if not isinstance(given, dict):
        raise refuse("A condition is an object.")
    return cast("Mapping[str, Any]", given)
