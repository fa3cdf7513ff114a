"""What the page says that confirms a sender, in the visitor's own language."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SenderWording:
    """The phrases of one language. `{tenant}` and `{email}` are filled in."""

    ask_title: str
    ask: str
    confirm: str
    done_title: str
    done: str


WORDINGS: dict[str, SenderWording] = {
    "en": SenderWording(
        "Confirm this sender?",
        "{tenant} will then be able to send mail from {email}.",
        "Confirm",
        "Confirmed",
        "{tenant} may send mail from {email}.",
    ),
    "de": SenderWording(
        "Diesen Absender bestätigen?",
        "{tenant} kann dann Mails von {email} versenden.",
        "Bestätigen",
        "Bestätigt",
        "{tenant} darf Mails von {email} versenden.",
    ),
    "es": SenderWording(
        "¿Confirmar este remitente?",
        "{tenant} podrá entonces enviar correo desde {email}.",
        "Confirmar",
        "Confirmado",
        "{tenant} puede enviar correo desde {email}.",
    ),
    "fr": SenderWording(
        "Confirmer cet expéditeur ?",
        "{tenant} pourra alors envoyer des messages depuis {email}.",
        "Confirmer",
        "Confirmé",
        "{tenant} peut envoyer des messages depuis {email}.",
    ),
}


def wording_of(language: str) -> SenderWording:
    """The phrases for a language of the public pages, else English."""
    return WORDINGS.get(language, WORDINGS["en"])
