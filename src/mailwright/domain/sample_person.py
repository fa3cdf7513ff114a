"""Made-up readers for test mails and previews: nobody's data, in the language of the mail."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_NAMES: Mapping[str, tuple[str, str]] = {
    "en": ("Ada", "Lovelace"),
    "es": ("María", "Núñez"),
    "de": ("Jürgen", "Groß"),
    "fr": ("Zoé", "Lefèvre"),
    "it": ("Nicolò", "Rossi"),
    "pt": ("João", "Gonçalves"),
    "pl": ("Łucja", "Wiśniewska"),
    "nl": ("Noor", "van Dijk"),
    "ca": ("Montserrat", "Puig"),
}


def sample_person(language: str, *, email: str = "ada@example.com") -> dict[str, Any]:
    """A contact's fields as merge tags see them; `language` is a BCP 47 tag, unknown ones: en."""
    first_name, last_name = _NAMES.get(language.split("-")[0].lower(), _NAMES["en"])
    return {
        "email": email,
        "first_name": first_name,
        "last_name": last_name,
        "locale": language,
        "phone": "+34 600 000 000",
        "external_id": "sample",
        "country_code": "ES",
        "attributes": {},
    }
