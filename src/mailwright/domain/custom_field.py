"""Custom fields: attributes with a declared type, kept in one form whatever form they came in."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any, TypeAlias, cast

from mailwright.domain.attributes import (
    ITEM_MAX,
    ITEMS_MAX,
    NUMBER_MAX,
    TEXT_MAX,
    AttributeValue,
)
from mailwright.errors import InvalidInput


class FieldType(StrEnum):
    """What kind of value a custom field takes. The words are stored."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    DATETIME = "datetime"
    BOOLEAN = "boolean"
    SELECT = "select"
    LIST = "list"


@dataclass(frozen=True, slots=True)
class CustomField:
    """The definition: `options` are the words of a select."""

    key: str
    type: FieldType
    options: tuple[str, ...] = ()

    def parse(self, value: object) -> AttributeValue | None:
        """`value` in the field's own form; None when it clears. Raises InvalidInput for the key."""
        if value is None or value == "":
            return None
        try:
            return _PARSERS[self.type](self, value)
        except (ValueError, OverflowError):
            raise InvalidInput.field(self.key, self._hint()) from None

    def _hint(self) -> str:
        if self.type is FieldType.SELECT:
            return f"One of: {', '.join(self.options)}."
        return _HINTS[self.type]


KEY_PATTERN = r"[a-z][a-z0-9_]{0,63}"
ANY_KEY_PATTERN = r"[A-Za-z0-9_-]{1,64}"  # vendors.md 1.1.1, "Custom attribute name"
OPTIONS_MAX = 200
#: Merge tags know these words already.
RESERVED = frozenset(
    {
        "email", "first_name", "last_name", "phone", "external_id", "language", "locale",
        "country_code", "uuid", "attributes", "contact", "created_at",
    }
)  # fmt: skip

_HINTS = {
    FieldType.TEXT: f"A text of at most {TEXT_MAX} characters.",
    FieldType.NUMBER: "A number.",
    FieldType.DATE: "A date such as 2026-05-31 or 31.05.2026.",
    FieldType.DATETIME: "A time in ISO 8601, such as 2026-05-31T09:00:00Z.",
    FieldType.BOOLEAN: "true or false.",
    FieldType.LIST: f"A list of at most {ITEMS_MAX} texts of at most {ITEM_MAX} characters.",
}
_DATE_FORMS = ("%Y-%m-%d", "%Y/%m/%d", "%d.%m.%Y", "%d-%m-%Y", "%Y%m%d")
_YES = frozenset({"true", "yes", "y", "1", "on"})
_NO = frozenset({"false", "no", "n", "0", "off"})


def key_from(name: str) -> str:
    """A field key made from a name: `Favourite colour` is `favourite_colour`."""
    found = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:64]
    return found if re.fullmatch(KEY_PATTERN, found) else f"field_{found}".rstrip("_")[:64]


def check_key(key: str, *, any_key: bool = False) -> str:
    """The key. Raises InvalidInput when it is not one, or already a word of its own.

    `any_key`: one that another system made, with capitals and hyphens.
    """
    if any_key and not re.fullmatch(ANY_KEY_PATTERN, key):
        raise InvalidInput.field("field_key", "1 to 64 letters, digits, - and _.")
    if not any_key and not re.fullmatch(KEY_PATTERN, key):
        raise InvalidInput.field("field_key", "Small letters, digits and _; first a letter.")
    if key in RESERVED:
        raise InvalidInput.field("field_key", f"{key} is a field of every contact already.")
    return key


def check_options(kind: FieldType, options: Sequence[str] | None) -> list[str] | None:
    """The options of a select, each once; None for the other types. Raises InvalidInput."""
    if kind is not FieldType.SELECT:
        if options:
            raise InvalidInput.field("options", "Only a field of type select has options.")
        return None
    found = list(dict.fromkeys(options or ()))
    if (
        not found
        or len(found) > OPTIONS_MAX
        or any(not 0 < len(word) <= ITEM_MAX for word in found)
    ):
        raise InvalidInput.field(
            "options", f"1 to {OPTIONS_MAX} options of 1 to {ITEM_MAX} characters."
        )
    return found


def parse_known(fields: Mapping[str, CustomField], attributes: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes, those with a definition in the form of their type. Raises InvalidInput."""
    return {
        key: fields[key].parse(value) if key in fields else value
        for key, value in attributes.items()
    }


def _text(_field: CustomField, value: object) -> AttributeValue:
    if not isinstance(value, str) or len(value) > TEXT_MAX:
        raise ValueError
    return value


def _number(_field: CustomField, value: object) -> AttributeValue:
    if isinstance(value, str):
        value = int(value) if re.fullmatch(r"-?\d{1,18}", value) else float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError
    if not math.isfinite(value) or abs(value) >= NUMBER_MAX:
        raise ValueError
    return value


def _date(_field: CustomField, value: object) -> AttributeValue:
    text = _words(value)
    for form in _DATE_FORMS:
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC).date().isoformat()
        except ValueError:
            continue
    return date.fromisoformat(text).isoformat()


def _datetime(_field: CustomField, value: object) -> AttributeValue:
    moment = datetime.fromisoformat(_words(value))
    in_utc = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    return in_utc.replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def _boolean(_field: CustomField, value: object) -> AttributeValue:
    word = str(value).lower() if isinstance(value, bool | int | str) else ""
    if word not in _YES | _NO:
        raise ValueError
    return word in _YES


def _select(field: CustomField, value: object) -> AttributeValue:
    if _words(value) not in field.options:
        raise ValueError
    return _words(value)


def _list(_field: CustomField, value: object) -> AttributeValue:
    items = cast("list[object]", value) if isinstance(value, list) else [value]
    words = [_words(item) for item in items]
    if len(words) > ITEMS_MAX or any(not 0 < len(word) <= ITEM_MAX for word in words):
        raise ValueError
    return list(words)


def _words(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError  # `parse` turns it into the caller's error
    return value.strip()


_Parse: TypeAlias = Callable[[CustomField, object], AttributeValue]
_PARSERS: Mapping[FieldType, _Parse] = {
    FieldType.TEXT: _text,
    FieldType.NUMBER: _number,
    FieldType.DATE: _date,
    FieldType.DATETIME: _datetime,
    FieldType.BOOLEAN: _boolean,
    FieldType.SELECT: _select,
    FieldType.LIST: _list,
}
