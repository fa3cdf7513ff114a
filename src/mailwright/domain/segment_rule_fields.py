"""The fields of a segment rule: what each takes, read into a condition of `segment_rule`.

To add a field: its condition there, its ops here, a reader, and what it means in SQL in
`store/segment_rules`.
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
    InterestCondition,
    LinkCondition,
    ListCondition,
    Match,
    OptInCondition,
    PresenceCondition,
    ProjectCondition,
    Scalar,
    TagCondition,
    TextCondition,
    TimeCondition,
)
from mailwright.domain.storable import is_storable
from mailwright.errors import InvalidInput

VALUES_MAX = 1000
TEXT_MAX = 1024  # characters of one value
KEY_MAX = 255  # characters of an attribute's key
WITHIN_DAYS_MAX = 36_500
ANY_CAMPAIGN = "any"

TEXT_FIELDS = ("email", "first_name", "last_name", "locale", "consent")
TIME_FIELDS = ("created_at", "opted_in_at")
EVENTS = ("received", "opened", "clicked")
ATTRIBUTE_PREFIX = "attributes."
OPT_IN = "opt_in"
PROJECT = "project"
LINK = "clicked_link"
FIELDS = (
    *TEXT_FIELDS,
    *TIME_FIELDS,
    "attributes.KEY",
    "list",
    "tag",
    "interest",
    *EVENTS,
    LINK,
    OPT_IN,
    PROJECT,
)
#: What stands beside `field`, `op` and `value` of some kinds.
EXTRAS: Mapping[str, frozenset[str]] = {
    "engagement": frozenset({"within_days", "since"}),
    "link": frozenset({"within_days"}),
}

_EQUALITY = ("eq", "ne", "in")
_PARTS = ("contains", "starts_with", "ends_with")
_ORDER = ("gt", "gte", "lt", "lte")
OPS: Mapping[str, tuple[str, ...]] = {
    "text": (*_EQUALITY, *_PARTS, "exists"),
    "time": (*_ORDER, "exists"),
    "attribute": (*_EQUALITY, *_PARTS, *_ORDER, "exists"),
    "list": _EQUALITY,
    "tag": (*_EQUALITY, "exists"),
    "interest": _EQUALITY,
    "link": _EQUALITY,
    "engagement": (*_EQUALITY, "exists"),
    "opt_in": ("eq",),
    "project": _EQUALITY,
}


_Read: TypeAlias = Callable[[str, str, list[object], Mapping[str, object], str], Condition]


def reader(field: str, path: str) -> tuple[str, _Read]:
    if field in TEXT_FIELDS:
        return "text", _text
    if field in TIME_FIELDS:
        return "time", _time
    if field in _READERS:
        return _READERS[field]
    if field.startswith(ATTRIBUTE_PREFIX):
        key = field.removeprefix(ATTRIBUTE_PREFIX)
        if key and len(key) <= KEY_MAX and is_storable(key):
            return "attribute", _attribute
    raise InvalidInput.field(path, f"Fields are: {', '.join(FIELDS)}.")


def presence(
    field: str, kind: str, found: Mapping[str, object], path: str
) -> tuple[Condition, bool]:
    wanted = found.get("value", True)
    if not isinstance(wanted, bool):
        raise InvalidInput.field(f"{path}.value", "true or false.")
    if kind == "tag":
        return TagCondition(()), not wanted
    if kind == "engagement":
        return EngagementCondition(field, (), *_when(found, path)), not wanted
    if kind == "attribute":
        return PresenceCondition(None, field.removeprefix(ATTRIBUTE_PREFIX)), not wanted
    return PresenceCondition(field, None), not wanted


def values(op: str, found: Mapping[str, object], path: str) -> list[object]:
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
    if not isinstance(value, str) or len(value) > TEXT_MAX or not is_storable(value):
        raise InvalidInput.field(f"{path}.value", f"A text of at most {TEXT_MAX} characters.")
    return value


def _time(
    field: str, op: str, values: list[object], _found: Mapping[str, object], path: str
) -> Condition:
    return TimeCondition(field, Match(op), _moment(values[0], f"{path}.value"))


def _moment(value: object, path: str) -> datetime:
    try:
        moment = datetime.fromisoformat(value if isinstance(value, str) else "")
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        hint = "A time in ISO 8601, such as 2026-05-01T09:00:00Z."
        raise InvalidInput.field(path, hint) from None


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


def _tag(
    _field: str, _op: str, values: list[object], _found: Mapping[str, object], path: str
) -> Condition:
    return TagCondition(tuple(_words(value, path) for value in values))


def _interest(
    _field: str, _op: str, values: list[object], _found: Mapping[str, object], path: str
) -> Condition:
    hint = "The uuid of an interest of a list."
    return InterestCondition(tuple(_uuid(value, path, hint) for value in values))


def _link(
    _field: str, _op: str, values: list[object], found: Mapping[str, object], path: str
) -> Condition:
    hint = "The uuid of a link of a campaign."
    links = tuple(_uuid(value, path, hint) for value in values)
    return LinkCondition(links, _within_days(found, path))


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
    when = _when(found, path)
    if ANY_CAMPAIGN in values:
        return EngagementCondition(field, (), *when)
    hint = f"The uuid of a campaign, or {ANY_CAMPAIGN}."
    return EngagementCondition(field, tuple(_uuid(value, path, hint) for value in values), *when)


def _when(found: Mapping[str, object], path: str) -> tuple[int | None, datetime | None]:
    since = found.get("since")
    moment = None if since is None else _moment(since, f"{path}.since")
    return _within_days(found, path), moment


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


_READERS: Mapping[str, tuple[str, _Read]] = {
    "list": ("list", _list),
    "tag": ("tag", _tag),
    "interest": ("interest", _interest),
    LINK: ("link", _link),
    OPT_IN: ("opt_in", _opt_in),
    PROJECT: ("project", _project),
    **dict.fromkeys(EVENTS, ("engagement", _engagement)),
}
