"""What PostgreSQL can keep: no text with NUL characters, none that is not Unicode."""

from __future__ import annotations

from itertools import chain
from typing import TypeVar, cast

Value = TypeVar("Value")


def is_storable(value: object) -> bool:
    """Whether every text in `value`, keys of objects included, can be stored."""
    if isinstance(value, str):
        return "\0" not in value and _is_unicode(value)
    if isinstance(value, dict):
        return all(map(is_storable, chain.from_iterable(cast("dict[str, object]", value).items())))
    if isinstance(value, list):
        return all(map(is_storable, cast("list[object]", value)))
    return True


def _is_unicode(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode()  # a hundred times faster than looking at each character
    except UnicodeEncodeError:
        return False
    return True


def storable(value: Value) -> Value:
    """`value`. Raises ValueError with a sentence when it cannot be stored."""
    if not is_storable(value):
        raise ValueError("NUL characters and lone surrogates cannot be stored.")
    return value
