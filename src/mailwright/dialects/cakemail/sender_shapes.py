"""The forms of senders."""

from __future__ import annotations

import re

from mailwright.dialects.cakemail.shapes import Digits, Shape, Unix
from mailwright.services.senders import SenderView

#: The words of `sort`, and ours for them.
SORTS = {"name": "name", "email": "email", "confirmed": "confirmed"}

#: The languages with a country that the document knows; of all others it knows the language alone.
_WITH_COUNTRY = frozenset(
    {
        *("da_DK", "de_DE", "el_GR", "en_GB", "en_UK", "en_US", "es_ES", "es_US", "et_EE"),
        *("fi_FI", "fr_CA", "fr_FR", "he_IL", "id_ID", "is_IS", "it_IT", "ja_JP", "nl_NL"),
        *("no_NO", "pt_BR", "ro_RO", "ru_RU", "sv_SE", "th_TH", "tr_TR", "vi_VN", "zh_CN"),
    }
)
_DEFAULT = "en_US"


class SenderShape(Shape):
    """A sender."""

    id: Digits
    name: str
    email: str
    confirmed: bool
    confirmed_on: Unix | None = None
    language: str = _DEFAULT
    last_confirmation_sent_on: Unix | None = None


def sender_shape(view: SenderView, number: int) -> SenderShape:
    """The form of `view`, whose number is `number`."""
    return SenderShape(
        id=number,
        name=view.name,
        email=view.email,
        confirmed=view.confirmed,
        confirmed_on=view.confirmed_at,
        language=language_word(view.language),
        last_confirmation_sent_on=view.confirmation_sent_at,
    )


def language_word(tag: str) -> str:
    """A BCP 47 tag in Cakemail's words: `fr-CA` is `fr_CA`."""
    word = tag.replace("-", "_")
    if word in _WITH_COUNTRY:
        return word
    language = re.match(r"[a-z]{2}(?![a-z])", word)
    return language[0] if language else _DEFAULT
