"""Where merge tags stand in a text, and how to carry them unharmed through other languages.

Markdown, MJML and HTML parsers all damage `{{ contact.first_name | default: "friend" }}`: they
encode the braces, split at the quotes or drop it from a table. So each tag is swapped for one
character of a private plane before parsing and put back after. To a parser that character is an
ordinary letter: it neither ends a word, nor an attribute, nor an address.
"""

from __future__ import annotations

import re
from collections.abc import Callable

# Tags do not span lines: an unclosed `{{` in a code block must not swallow what follows it.
TAG = re.compile(r"\{\{(?:(?!\{\{|\}\})[^\n])*\}\}|\{%(?:(?!\{%|%\})[^\n])*%\}")

_FIRST = 0xF0000  # Supplementary Private Use Area-A: 65,534 characters that mean nothing to anyone
_LAST = 0xFFFFD
STAND_IN = re.compile(f"[{chr(_FIRST)}-{chr(_LAST)}]")


def without_tags(text: str) -> str:
    """The text around the merge tags."""
    return TAG.sub("", text)


class StandIns:
    """Swaps merge tags for single private characters, and back.

    One instance serves one conversion; equal tags share a character.
    """

    def __init__(self) -> None:
        self._tags: list[str] = []
        self._numbers: dict[str, int] = {}

    def hide(self, text: str) -> str:
        """The text with each merge tag as one private character (foreign ones are dropped)."""
        return TAG.sub(self._stand_in, STAND_IN.sub("", text))

    def restore(self, text: str, transform: Callable[[str], str] | None = None) -> str:
        """The text with its merge tags again, each passed through `transform` if given."""

        def tag(found: re.Match[str]) -> str:
            number = ord(found.group()) - _FIRST
            original = self._tags[number] if number < len(self._tags) else ""
            return transform(original) if transform else original

        return STAND_IN.sub(tag, text)

    def _stand_in(self, found: re.Match[str]) -> str:
        tag = found.group()
        number = self._numbers.get(tag)
        if number is None:
            number = self._numbers[tag] = len(self._tags)
            self._tags.append(tag)
        if number > _LAST - _FIRST:
            return ""
        return chr(_FIRST + number)
