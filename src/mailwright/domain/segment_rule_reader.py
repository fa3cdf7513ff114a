"""Reads a segment rule from JSON, or says which place in it is wrong.

A rule is `{"all": [rule…]}`, `{"any": [rule…]}`, `{"not": rule}` or
`{"field": F, "op": O, "value": V}`, with `within_days` (and `since`, a time) beside `received`,
`opened` and `clicked`, `within_days` beside `clicked_link`; `segment_rule_fields` has the fields.
Two words are sugar: `eq` is `in` with one value, `ne` is the negation of `eq`. So a contact without
a first name counts as "not Anna", as people expect, and not as SQL would have it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from mailwright.domain.segment_rule import Group, Negation, Rule
from mailwright.domain.segment_rule_fields import EXTRAS, OPS, TEXT_MAX, presence, reader, values
from mailwright.errors import InvalidInput

DEPTH_MAX = 10
CONDITIONS_MAX = 100


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
        kind, read = reader(field, f"{path}.field")
        _only_keys(found, {"field", "op", "value", *EXTRAS.get(kind, ())}, path)
        op = found.get("op")
        if not isinstance(op, str) or op not in OPS[kind]:
            allowed = ", ".join(OPS[kind])
            raise InvalidInput.field(f"{path}.op", f"The field {field} takes one of: {allowed}.")
        if op == "exists":
            condition, negated = presence(field, kind, found, path)
        else:
            compared = values(op, found, path)
            condition, negated = read(field, op, compared, found, path), op == "ne"
        return Negation(condition) if negated else condition


def _mapping(given: object, path: str) -> Mapping[str, object]:
    if not isinstance(given, dict):
        raise InvalidInput.field(path, "A rule is an object.")
    return cast("Mapping[str, object]", given)


def _only_keys(found: Mapping[str, object], known: set[str], path: str) -> None:
    for key in found:
        if key not in known:
            raise InvalidInput.field(f"{path}.{key}"[:TEXT_MAX], "There is no such field.")
