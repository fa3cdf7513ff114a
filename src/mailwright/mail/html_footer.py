"""The foot of marketing mail: a way out where the body offers none, and where the sender lives.

The law asks for both: CAN-SPAM and CASL for a working link and a postal address in every mail.
"""

from __future__ import annotations

import re
from html import escape

from selectolax.lexbor import LexborHTMLParser

from mailwright.mail import html_style as style

_TAG = re.compile(r"\{\{-?\s*unsubscribe(?:Url|_url)\b")
_END = re.compile(r"</body\s*>", re.IGNORECASE)

_BETWEEN = re.compile(r"[\W_]+")
_NO_BRACES = str.maketrans("{}", "()")
_LOOK = (
    f"margin:0;padding:4px 24px 32px;text-align:center;font-family:{style.FONTS};"
    f"font-size:13px;line-height:20px;color:{style.FAINT_INK}"
)

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
    html: str | None,
    text: str,
    *,
    language: str = "en",
    always: bool = False,
    postal_address: str | None = None,
) -> tuple[str | None, str]:
    """Both bodies with an unsubscribe link and the sender's address.

    Each without a link gets a footer, or each of them; each that does not say the address is given
    it, in lines of its own. The bodies are templates.
    """
    question, word = WORDS.get(re.split("[-_]", language.lower())[0], WORDS["en"])
    if html is not None and (always or not has_unsubscribe_tag(html)):
        html = _before_end(html, _html_footer(question, word))
    if always or not has_unsubscribe_tag(text):
        text = f"{text.rstrip()}\n\n---\n{question}\n{word}: {{{{unsubscribeUrl}}}}\n".lstrip("\n")
    lines = _lines(postal_address)
    if lines and html is not None and not _says(_text_of(html), lines):
        html = _before_end(html, _html_address(lines))
    if lines and not _says(text, lines):
        text = f"{text.rstrip()}\n\n{chr(10).join(lines)}\n".lstrip("\n")
    return html, text


def _lines(postal_address: str | None) -> list[str]:
    """The address's lines; a brace in it begins no merge tag."""
    plain = (postal_address or "").translate(_NO_BRACES)
    return [line.strip() for line in plain.splitlines() if line.strip()]


def _text_of(html: str) -> str:
    body = LexborHTMLParser(html).body
    return body.text(separator=" ") if body else ""


def _says(text: str, lines: list[str]) -> bool:
    """Whether the address is in the text, however it is broken into lines or set apart."""
    return _bare("".join(lines)) in _bare(text)


def _bare(text: str) -> str:
    return _BETWEEN.sub("", text).casefold()


def _html_address(lines: list[str]) -> str:
    shown = "<br>".join(escape(line, quote=False) for line in lines)
    return f'<p class="foot" style="{_LOOK}">{shown}</p>'


def _html_footer(question: str, word: str) -> str:
    link = f"color:{style.FAINT_INK};text-decoration:underline"
    return (
        f'<p class="foot" style="{_LOOK}">{escape(question, quote=False)} '
        f'<a href="{{{{unsubscribeUrl}}}}" style="{link}">{escape(word, quote=False)}</a></p>'
    )


def _before_end(html: str, footer: str) -> str:
    ends = list(_END.finditer(html))
    at = ends[-1].start() if ends else len(html)
    return html[:at] + footer + html[at:]
