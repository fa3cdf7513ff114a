"""A campaign's own filter, in one of two forms.

A rule tree as segments have it, or the simple form that other APIs know:
`{"locale": "en", "opt_in": true, "project_uuid": "…", "attributes": {"plan": "pro"}}`, whose parts
all must fit. `{}` is everybody. Whatever it says, only people who may be mailed are mailed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias, cast

from mailwright.domain.locales import parse_locale
from mailwright.domain.segment_rule import Group, Rule
from mailwright.domain.segment_rule_reader import parse_rule
from mailwright.errors import InvalidInput

TREE_WORDS = ("all", "any", "not", "field")

_Leaf: TypeAlias = dict[str, object]


def parse_filter(given: object, *, path: str = "audience_filter") -> Rule | None:
    """The filter as a rule; None: everybody. Raises InvalidInput naming the place in it."""
    if not isinstance(given, dict):
        raise InvalidInput.field(path, "A filter is an object; {} is everybody.")
    found = cast("Mapping[str, object]", given)
    if any(word in found for word in TREE_WORDS):
        return parse_rule(cast("object", given), path=path)
    rules = tuple(
        parse_rule(leaf, path=where)
        for name, value in found.items()
        for where, leaf in _leaves(name, value, path)
    )
    return Group(every=True, rules=rules) if rules else None


def _leaves(name: str, value: object, path: str) -> list[tuple[str, _Leaf]]:
    read = _SIMPLE.get(name)
    if read is None:
        raise InvalidInput.field(f"{path}.{name}"[:1024], _HINT)
    return read(value, f"{path}.{name}")


def _locale(value: object, path: str) -> list[tuple[str, _Leaf]]:
    if not isinstance(value, str):
        raise InvalidInput.field(path, "A language of two letters, or a tag such as pt-BR.")
    return [(path, _equals("locale", parse_locale(value, field=path)))]


def _opt_in(value: object, path: str) -> list[tuple[str, _Leaf]]:
    if not isinstance(value, bool):
        raise InvalidInput.field(path, "true or false.")
    return [(path, _equals("opt_in", value))]


def _project(value: object, path: str) -> list[tuple[str, _Leaf]]:
    return [(path, _equals("project", value))]


def _attributes(value: object, path: str) -> list[tuple[str, _Leaf]]:
    if not isinstance(value, dict):
        raise InvalidInput.field(path, 'An object, such as {"plan": "pro"}.')
    attributes = cast("Mapping[str, object]", value)
    return [
        (f"{path}.{key}"[:1024], _attribute(key, wanted, f"{path}.{key}"[:1024]))
        for key, wanted in attributes.items()
    ]


def _attribute(key: str, wanted: object, path: str) -> _Leaf:
    if not isinstance(wanted, str | int | float | bool):
        raise InvalidInput.field(path, "A text, a number, true or false; there are no operators.")
    return _equals(f"attributes.{key}", wanted)


def _equals(field: str, value: object) -> _Leaf:
    return {"field": field, "op": "eq", "value": value}


_SIMPLE: Mapping[str, Callable[[object, str], list[tuple[str, _Leaf]]]] = {
    "locale": _locale,
    "opt_in": _opt_in,
    "project_uuid": _project,
    "attributes": _attributes,
}
_HINT = f"A rule ({', '.join(TREE_WORDS)}), or some of: {', '.join(_SIMPLE)}."
