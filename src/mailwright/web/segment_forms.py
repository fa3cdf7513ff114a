"""A segment's rule as rows of a form: all or any of them must fit. What rows cannot say is JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import orjson

from mailwright.errors import InvalidInput
from mailwright.web.forms import Form, numbered

Row = dict[str, str]

FIELDS = (
    ("email", "Address"),
    ("first_name", "First name"),
    ("last_name", "Last name"),
    ("locale", "Language"),
    ("attribute", "Attribute"),
    ("opt_in", "Opted in"),
    ("created_at", "Added"),
    ("opted_in_at", "Opted in at"),
    ("received", "Was sent any campaign"),
    ("opened", "Opened any campaign"),
    ("clicked", "Clicked in any campaign"),
)
#: What people did with one campaign: the field, which goes before its id, and in words.
DEEDS = (("received", "Was sent"), ("opened", "Opened"), ("clicked", "Clicked in"))
#: What the value of a field looks like; nothing where it has none.
HINTS = {
    "email": "ada@example.com",
    "locale": "en",
    "created_at": "2026-05-31",
    "opted_in_at": "2026-05-31",
    "received": "within so many days",
    "opened": "within so many days",
    "clicked": "within so many days",
}
OPS = (
    ("eq", "is, or did"),
    ("ne", "is not, or did not"),
    ("contains", "contains"),
    ("starts_with", "starts with"),
    ("ends_with", "ends with"),
    ("gt", "is after, or more than"),
    ("lt", "is before, or less than"),
    ("set", "is there"),
    ("unset", "is not there"),
)
LIST = "list:"
_ANY = "any"
_EVENTS = frozenset({"received", "opened", "clicked"})
_PRESENCE = {"set": True, "unset": False}
_BLANK: Row = {"field": "", "op": "eq", "key": "", "value": ""}


def rule_of(form: Form) -> dict[str, Any]:
    """The rule of the form. Raises InvalidInput; `parse_rule` has the last word."""
    if text := form.get("rule", "").strip():
        return _written(text)
    leaves = [_leaf(row) for row in numbered(form, "row") if row.get("field")]
    if not leaves:
        raise InvalidInput.field("rule", "Say whom, in at least one row.")
    return {"any" if form.get("match") == "any" else "all": leaves}


def values_of(rule: Mapping[str, Any]) -> dict[str, str]:
    """The rule as the form shows it."""
    for word in ("all", "any"):
        parts = rule.get(word)
        if isinstance(parts, list) and len(rule) == 1:
            rows = [_row(part) for part in cast("Sequence[Any]", parts)]
            if all(row is not None for row in rows):
                filled = cast("list[Row]", rows)
                return {"match": word} | {
                    f"row.{number}.{name}": value
                    for number, row in enumerate(filled)
                    for name, value in row.items()
                }
    return {"rule": orjson.dumps(rule, option=orjson.OPT_INDENT_2).decode()}


def not_opened(campaign_uuid: str, name: str) -> dict[str, str]:
    """The form of a segment: who was sent that campaign and did not open it."""
    return {
        "name": f"Did not open {name}"[:255],
        "match": "all",
        "row.0.field": f"received:{campaign_uuid}",
        "row.0.op": "eq",
        "row.1.field": f"opened:{campaign_uuid}",
        "row.1.op": "ne",
    }


def campaigns_in(form: Form) -> set[str]:
    """The ids of the campaigns that rows of the form name."""
    parts = [row["field"].partition(":") for row in rows_in(form)]
    return {campaign for deed, _, campaign in parts if deed in _EVENTS and campaign}


def rows_in(form: Form) -> list[Row]:
    """The rows of the form, and one more to fill in."""
    return [*[_BLANK | row for row in numbered(form, "row") if row.get("field")], _BLANK]


def _leaf(row: Row) -> dict[str, Any]:
    field, op, value = row["field"], row.get("op", "eq"), row.get("value", "").strip()
    if field.startswith(LIST):
        return {"field": "list", "op": _is(op), "value": field.removeprefix(LIST)}
    if field == "opt_in":
        return {"field": "opt_in", "op": "eq", "value": _is(op) == "eq"}
    deed, _, campaign = field.partition(":")
    if deed in _EVENTS:
        return _event(deed, campaign or _ANY, op, value)
    if field == "attribute":
        field = f"attributes.{row.get('key', '').strip()}"
    if op in _PRESENCE:
        return {"field": field, "op": "exists", "value": _PRESENCE[op]}
    return {"field": field, "op": op, "value": _number(value) if op in {"gt", "lt"} else value}


def _event(deed: str, campaign: str, op: str, value: str) -> dict[str, Any]:
    leaf: dict[str, Any] = {"field": deed, "op": _is(op), "value": campaign}
    if value:
        if not (value.isascii() and value.isdigit() and len(value) < 6):
            raise InvalidInput.field("rule", "Within how many days? Give a whole number.")
        leaf["within_days"] = int(value)
    return leaf


def _row(leaf: object) -> Row | None:
    """The row that says the same, or None."""
    if not isinstance(leaf, dict) or "field" not in leaf:
        return None
    found = cast("Mapping[str, Any]", leaf)
    field, op, value = str(found["field"]), str(found.get("op")), found.get("value")
    if field == "opt_in":
        return _BLANK | {"field": field, "op": "eq" if value else "ne"}
    if field in _EVENTS and isinstance(value, str) and op in {"eq", "ne"}:
        days = str(found.get("within_days") or "")
        named = field if value == _ANY else f"{field}:{value}"
        return _BLANK | {"field": named, "op": op, "value": days}
    if op == "exists" and isinstance(value, bool):
        op, value = ("set" if value else "unset"), ""
    if op not in dict(OPS) or not isinstance(value, str | int | float) or set(found) - _KEYS:
        return None
    if field == "list" and op in {"eq", "ne"}:
        return _BLANK | {"field": f"{LIST}{value}", "op": op}
    if field.startswith("attributes."):
        key = field.removeprefix("attributes.")
        return {"field": "attribute", "op": op, "key": key, "value": str(value)}
    return _BLANK | {"field": field, "op": op, "value": str(value)} if field in _KNOWN else None


_KEYS = {"field", "op", "value"}
_KNOWN = {name for name, _ in FIELDS} - {"attribute"}


def _is(op: str) -> str:
    return "ne" if op in {"ne", "unset"} else "eq"


def _number(text: str) -> str | float:
    try:
        return float(text)
    except ValueError:
        return text


def _written(text: str) -> dict[str, Any]:
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise InvalidInput.field("rule", "This rule is not JSON.") from None
    if not isinstance(found, dict):
        raise InvalidInput.field("rule", "A rule is an object.")
    return cast("dict[str, Any]", found)
