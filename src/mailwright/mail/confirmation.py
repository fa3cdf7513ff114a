"""The mail that asks somebody whether they really want a list, in their language.

To add a language: one more `Words`; a test sees that the places for names are kept.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape

from mailwright.mail import html_style as style


@dataclass(frozen=True, slots=True)
class Words:
    """The phrases of one language; names and the address are merge tags."""

    subject: str
    ask: str
    button: str
    ignore: str


WORDS = {
    "en": Words(
        "Please confirm: {{ list_name }}",
        "Somebody, probably you, asked {{ account }} to send {{ list_name }} to this address.",
        "Yes, I want this",
        "If it was not you, do nothing: without your yes you get no more of this.",
    ),
    "de": Words(
        "Bitte bestätigen: {{ list_name }}",
        "Jemand, vermutlich Sie, hat {{ account }} gebeten, {{ list_name }} an diese Adresse zu "
        "schicken.",
        "Ja, das möchte ich",
        "Falls Sie es nicht waren, tun Sie nichts: Ohne Ihr Ja kommt nichts weiter.",
    ),
    "es": Words(
        "Confirme, por favor: {{ list_name }}",
        "Alguien, probablemente usted, ha pedido a {{ account }} que envíe {{ list_name }} a esta "
        "dirección.",
        "Sí, lo quiero",
        "Si no ha sido usted, no haga nada: sin su sí no recibirá nada más.",
    ),
    "fr": Words(
        "Veuillez confirmer : {{ list_name }}",
        "Quelqu’un, sans doute vous, a demandé à {{ account }} d’envoyer {{ list_name }} à cette "
        "adresse.",
        "Oui, je le veux",
        "Si ce n’était pas vous, ne faites rien : sans votre oui, vous ne recevrez rien d’autre.",
    ),
    "it": Words(
        "Conferma: {{ list_name }}",
        "Qualcuno, probabilmente tu, ha chiesto a {{ account }} di inviare {{ list_name }} a "
        "questo indirizzo.",
        "Sì, lo voglio",
        "Se non eri tu, non fare nulla: senza il tuo sì non riceverai altro.",
    ),
    "pt": Words(
        "Confirme, por favor: {{ list_name }}",
        "Alguém, provavelmente você, pediu a {{ account }} que enviasse {{ list_name }} para este "
        "endereço.",
        "Sim, quero receber",
        "Se não foi você, não faça nada: sem o seu sim não receberá mais nada.",
    ),
    "nl": Words(
        "Bevestig alstublieft: {{ list_name }}",
        "Iemand, waarschijnlijk u, heeft {{ account }} gevraagd {{ list_name }} naar dit adres te "
        "sturen.",
        "Ja, dat wil ik",
        "Was u het niet, doe dan niets: zonder uw ja ontvangt u verder niets.",
    ),
    "pl": Words(
        "Proszę potwierdzić: {{ list_name }}",
        "Ktoś, prawdopodobnie Ty, poprosił {{ account }} o wysyłanie {{ list_name }} na ten adres.",
        "Tak, chcę",
        "Jeśli to nie Ty, nie rób nic: bez Twojego „tak” nic więcej nie przyjdzie.",
    ),
    "ca": Words(
        "Confirmeu, si us plau: {{ list_name }}",
        "Algú, probablement vós, ha demanat a {{ account }} que enviï {{ list_name }} a aquesta "
        "adreça.",
        "Sí, ho vull",
        "Si no heu estat vós, no feu res: sense el vostre sí no rebreu res més.",
    ),
}


@dataclass(frozen=True, slots=True)
class ConfirmationMail:
    """Templates with the merge tags `account`, `list_name` and `confirm_url`."""

    subject: str
    html: str
    text: str
    language: str


def has_words(language: str) -> bool:
    """Whether we can word the mail in that language."""
    return language in WORDS


def confirmation_mail(*wished: str | None) -> ConfirmationMail:
    """The mail in the first of the wished languages that there is; else in English."""
    language = next(
        (
            found
            for wish in wished
            if wish and (found := re.split("[-_]", wish.lower())[0]) in WORDS
        ),
        "en",
    )
    words = WORDS[language]
    text = f"{words.ask}\n\n{words.button}:\n{{{{ confirm_url }}}}\n\n{words.ignore}\n"
    return ConfirmationMail(words.subject, _html(words, language), text, language)


def _html(words: Words, language: str) -> str:
    frame = f"max-width:560px;margin:0 auto;padding:32px 24px;font-family:{style.FONTS}"
    line = f"font-size:16px;line-height:24px;color:{style.INK}"
    button = (
        "display:inline-block;padding:12px 24px;border-radius:6px;background:#1f5d4c;"
        "color:#ffffff;text-decoration:none;font-weight:600"
    )
    faint = f"font-size:13px;line-height:20px;color:{style.FAINT_INK}"
    ask, ignore = escape(words.ask, quote=False), escape(words.ignore, quote=False)
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"></head><body>'
        f'<div style="{frame}"><p style="{line}">{ask}</p>'
        f'<p><a href="{{{{ confirm_url }}}}" style="{button}">{escape(words.button)}</a></p>'
        f'<p style="{faint}">{ignore}</p></div></body></html>'
    )
