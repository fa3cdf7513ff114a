"""How tags and interests may be called."""

from __future__ import annotations

from collections.abc import Iterable

from mailwright.domain.storable import is_storable
from mailwright.errors import InvalidInput

TAG_MAX = 64  # characters; vendors.md 1.1.1
INTEREST_MAX = 255
AT_ONCE_MAX = 1_024  # words or contacts of one call


def tag_name(text: str, field: str = "name") -> str:
    """The name of a tag. Raises InvalidInput for `field`."""
    return _name(text, field, TAG_MAX)


def interest_name(text: str, field: str = "name") -> str:
    """The name of an interest. Raises InvalidInput for `field`."""
    return _name(text, field, INTEREST_MAX)


def tag_names(texts: Iterable[str], field: str = "tags") -> list[str]:
    """Names of tags, each once, in their order. Raises InvalidInput for `field`."""
    found = list(dict.fromkeys(tag_name(text, field) for text in texts))
    if len(found) > AT_ONCE_MAX:
        raise InvalidInput.field(field, f"At most {AT_ONCE_MAX} at once.")
    return found


def _name(text: str, field: str, length_max: int) -> str:
    name = text.strip()
    if not 0 < len(name) <= length_max or not is_storable(name) or not name.isprintable():
        raise InvalidInput.field(field, f"1 to {length_max} characters.")
    return name
