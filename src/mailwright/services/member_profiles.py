"""What is kept about a member beside their rights: names, phones, language, time zone."""

from __future__ import annotations

from collections.abc import Mapping

from mailwright.errors import InvalidInput

FIELDS = (
    "first_name",
    "last_name",
    "title",
    "language",
    "timezone",
    "office_phone",
    "mobile_phone",
)
CHARACTERS_MAX = 255


def changed_profile(known: Mapping[str, str], given: Mapping[str, str | None]) -> dict[str, str]:
    """`known` with the texts of `given` set; None and empty ones are forgotten.

    Raises InvalidInput.
    """
    for name, text in given.items():
        if name not in FIELDS:
            raise InvalidInput.field(name, "There is no such field of a member.")
        if text is not None and len(text) > CHARACTERS_MAX:
            raise InvalidInput.field(name, f"At most {CHARACTERS_MAX} characters.")
    return {name: text for name, text in {**known, **given}.items() if text}
