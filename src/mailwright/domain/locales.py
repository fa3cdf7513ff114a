"""Languages of people: two letters, or a tag such as pt-BR (BCP 47, RFC 5646)."""

from __future__ import annotations

import re

from mailwright.errors import InvalidInput

_TAG = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z]{4})?(?:[-_](?:[A-Za-z]{2}|[0-9]{3}))?")


def parse_locale(text: str, *, field: str = "language") -> str:
    """The tag in its usual case: `pt_br` is `pt-BR`. Raises InvalidInput for `field`."""
    if not _TAG.fullmatch(text):
        raise InvalidInput.field(field, "A language of two letters, or a tag such as pt-BR.")
    language, *rest = text.replace("_", "-").split("-")
    return "-".join([language.lower(), *map(_usual_case, rest)])


def parse_country(text: str, *, field: str = "country_code") -> str:
    """Two letters in upper case (ISO 3166-1 alpha-2). Raises InvalidInput for `field`."""
    if len(text) != 2 or not text.isascii() or not text.isalpha():
        raise InvalidInput.field(field, "A country code of two letters, such as ES.")
    return text.upper()


def _usual_case(part: str) -> str:
    return part.title() if len(part) == 4 else part.upper()
