"""The unsubscribe footer: added to bodies that offer no way out, in the reader's language."""

from __future__ import annotations

import re
from html import escape

from mailwright.mail import html_style as style

_TAG = re.compile(r"\{\{-?\s*unsubscribe(?:Url|_url)\b")
_END = re.compile(r"</body\s*>", re.IGNORECASE)

# The question and the word that is the link.
WORDS = {
    "en": ("No longer interested in these emails?", "Unsubscribe"),
    "es": ("¿Ya no te interesan estos correos?", "Darse de baja"),
    "de": ("Kein Interesse mehr an diesen E-Mails?", "Abmelden"),
    "fr": ("Ces e-mails ne vous intéressent plus ?", "Se désabonner"),
    "it": ("Non ti interessano più queste e-mail?", "Annulla l’iscrizione"),
    "pt": ("Já não tem interesse nestes e-mails?", "Cancelar a subscrição"),
    "pl": ("Nie interesują Cię już te wiadomości?", "Wypisz się"),
    "nl": ("Geen interesse meer in deze e-mails?", "Afmelden"),
    "ca": ("Ja no t’interessen aquests correus?", "Donar-se de baixa"),
}


def has_unsubscribe_tag(body: str) -> bool:
    """Whether the body offers a way out: `{{unsubscribeUrl}}` or `{{unsubscribe_url}}`."""
    return bool(_TAG.search(body))


def ensure_unsubscribe_footer(
    html: str | None, text: str, *, language: str = "en", always: bool = False
) -> tuple[str | None, str]:
    """Both bodies with an unsubscribe link: each without one gets a footer, or each of them."""
    question, word = WORDS.get(re.split("[-_]", language.lower())[0], WORDS["en"])
    if html is not None and (always or not has_unsubscribe_tag(html)):
        html = _before_end(html, _html_footer(question, word))
    if always or not has_unsubscribe_tag(text):
        text = f"{text.rstrip()}\n\n---\n{question}\n{word}: {{{{unsubscribeUrl}}}}\n".lstrip("\n")
    return html, text


def _html_footer(question: str, word: str) -> str:
    look = (
        f"margin:0;padding:4px 24px 32px;text-align:center;font-family:{style.FONTS};"
        f"font-size:13px;line-height:20px;color:{style.FAINT_INK}"
    )
    link = f"color:{style.FAINT_INK};text-decoration:underline"
    return (
        f'<p class="foot" style="{look}">{escape(question, quote=False)} '
        f'<a href="{{{{unsubscribeUrl}}}}" style="{link}">{escape(word, quote=False)}</a></p>'
    )


def _before_end(html: str, footer: str) -> str:
    ends = list(_END.finditer(html))
    at = ends[-1].start() if ends else len(html)
    return html[:at] + footer + html[at:]
