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
    "it": SenderWording(
        "Confermare questo mittente?",
        "{tenant} potrà allora inviare messaggi da {email}.",
        "Conferma",
        "Confermato",
        "{tenant} può inviare messaggi da {email}.",
    ),
    "pt": SenderWording(
        "Confirmar este remetente?",
        "{tenant} poderá então enviar mensagens de {email}.",
        "Confirmar",
        "Confirmado",
        "{tenant} pode enviar mensagens de {email}.",
    ),
    "nl": SenderWording(
        "Deze afzender bevestigen?",
        "{tenant} kan dan mail versturen vanaf {email}.",
        "Bevestigen",
        "Bevestigd",
        "{tenant} mag mail versturen vanaf {email}.",
    ),
    "pl": SenderWording(
        "Potwierdzić tego nadawcę?",
        "{tenant} będzie wtedy mógł wysyłać wiadomości z {email}.",
        "Potwierdź",
        "Potwierdzono",
        "{tenant} może wysyłać wiadomości z {email}.",
    ),
    "ca": SenderWording(
        "Voleu confirmar aquest remitent?",
        "{tenant} podrà aleshores enviar correu des de {email}.",
        "Confirma",
        "Confirmat",
        "{tenant} pot enviar correu des de {email}.",
    ),
}
