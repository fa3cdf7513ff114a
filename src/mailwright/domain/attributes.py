"""What a tenant knows about a contact beyond the fixed fields: scalars and lists of scalars."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, TypeAlias, cast

from mailwright.errors import InvalidInput

AttributeValue: TypeAlias = str | int | float | bool | list[str | int | float | bool]

KEYS_MAX = 200
KEY_MAX = 255  # characters
TEXT_MAX = 5_000  # characters
ITEMS_MAX = 100  # of a list; vendors.md 3.1
ITEM_MAX = 255  # characters of one item
NUMBER_MAX = 10**18  # what every JSON reader and PostgreSQL agree on, with room


def check_attributes(given: Mapping[str, object]) -> dict[str, AttributeValue | None]:
    """The attributes, if they can be kept. None and "" mean: clear this key.

    Raises InvalidInput naming the key.
    """
    if len(given) > KEYS_MAX:
        raise InvalidInput.field("attributes", f"At most {KEYS_MAX} attributes.")
    return {
        _key(key): check_value(value, f"attributes.{key}"[:KEY_MAX]) for key, value in given.items()
    }


def check_value(value: object, field: str) -> AttributeValue | None:
    """One value that can be kept, or None for one that clears. Raises InvalidInput for `field`."""
    if value is None or value == "":
        return None
    if isinstance(value, list):
        items = cast("list[object]", value)
        if len(items) > ITEMS_MAX:
            raise InvalidInput.field(field, f"At most {ITEMS_MAX} items.")
        return [_scalar(item, field, ITEM_MAX) for item in items]
    return _scalar(value, field, TEXT_MAX)


def merged(
    present: Mapping[str, Any], changes: Mapping[str, AttributeValue | None]
) -> dict[str, Any]:
    """`present` with `changes` made: None takes a key away, keys not named stay."""
    found = {**present, **changes}
    return {key: value for key, value in found.items() if value is not None}


def _key(key: str) -> str:
    if not key.strip() or len(key) > KEY_MAX:
        raise InvalidInput.field("attributes", f"Names of 1 to {KEY_MAX} characters.")
    return key


def _scalar(value: object, field: str, text_max: int) -> str | int | float | bool:
    if isinstance(value, str):
        if len(value) > text_max:
            raise InvalidInput.field(field, f"At most {text_max} characters.")
        return value
    if isinstance(value, bool):
        return value
    if isinstance(value, int) and abs(value) < NUMBER_MAX:
        return value
    if isinstance(value, float) and math.isfinite(value) and abs(value) < NUMBER_MAX:
        return value
    raise InvalidInput.field(field, "A text, a number, true, false, or a list of these.")
