"""What the mail that asks for a confirmation says, in the sender's language.

To add a language: one more row in `WORDINGS`.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape


@dataclass(frozen=True, slots=True)
class ConfirmationWording:
    """Templates with `address`, `tenant`, `link` and `days` to be filled in."""

    subject: str
    asks: str
    button: str
    ends: str
    not_you: str

    @property
    def text(self) -> str:
        """The plain body."""
        return f"{self.asks}\n\n{self.button}:\n{{{{ link }}}}\n\n{self.ends}\n{self.not_you}\n"

    @property
    def html(self) -> str:
        """The body as HTML."""
        ends = f"{escape(self.ends)} {escape(self.not_you)}"
        return (
            '<!doctype html><html><head><meta charset="utf-8"></head>'
            '<body style="font-family:system-ui,sans-serif;font-size:16px;line-height:1.5;'
            'max-width:34em;margin:2em auto;padding:0 1em;color:#1d2433">'
            f"<p>{escape(self.asks)}</p>"
            '<p style="margin:2em 0"><a href="{{ link }}" style="background:#1d4ed8;color:#fff;'
            f'padding:.7em 1.4em;border-radius:6px;text-decoration:none">{escape(self.button)}</a>'
            f'</p><p style="color:#5b6472;font-size:14px">{ends}</p></body></html>'
        )


FALLBACK = "en"

WORDINGS: dict[str, ConfirmationWording] = {
    "en": ConfirmationWording(
        "Confirm {{ address }} as a sender",
        "{{ tenant }} wants to send mail from {{ address }}. Open this link and confirm if that is "
        "right.",
        "Look at it and confirm",
        "The link works for {{ days }} days.",
        "If you know nothing of this, do nothing: no mail will be sent in your name.",
    ),
    "de": ConfirmationWording(
        "{{ address }} als Absender bestätigen",
        "{{ tenant }} möchte Mails von {{ address }} versenden. Öffnen Sie diesen Link und "
        "bestätigen Sie, wenn das stimmt.",
        "Ansehen und bestätigen",
        "Der Link gilt {{ days }} Tage.",
        "Wenn Sie davon nichts wissen, tun Sie nichts: in Ihrem Namen wird nichts versandt.",
    ),
    "es": ConfirmationWording(
        "Confirme {{ address }} como remitente",
        "{{ tenant }} quiere enviar correo desde {{ address }}. Abra este enlace y confirme si es "
        "correcto.",
        "Ver y confirmar",
        "El enlace vale durante {{ days }} días.",
        "Si no sabe nada de esto, no haga nada: no se enviará correo en su nombre.",
    ),
    "fr": ConfirmationWording(
        "Confirmez {{ address }} comme expéditeur",
        "{{ tenant }} souhaite envoyer des messages depuis {{ address }}. Ouvrez ce lien et "
        "confirmez si c'est exact.",
        "Voir et confirmer",
        "Le lien est valable {{ days }} jours.",
        "Si vous n'en savez rien, ne faites rien : aucun message ne partira en votre nom.",
    ),
    "it": ConfirmationWording(
        "Confermi {{ address }} come mittente",
        "{{ tenant }} vuole inviare messaggi da {{ address }}. Apra questo link e confermi se"
        " è corretto.",
        "Guarda e conferma",
        "Il link vale {{ days }} giorni.",
        "Se non ne sa nulla, non faccia nulla: nessun messaggio partirà a Suo nome.",
    ),
    "pt": ConfirmationWording(
        "Confirme {{ address }} como remetente",
        "{{ tenant }} quer enviar mensagens de {{ address }}. Abra este link e confirme se "
        "estiver certo.",
        "Ver e confirmar",
        "O link vale durante {{ days }} dias.",
        "Se não sabe nada disto, não faça nada: nenhuma mensagem será enviada em seu nome.",
    ),
    "nl": ConfirmationWording(
        "Bevestig {{ address }} als afzender",
        "{{ tenant }} wil mail versturen vanaf {{ address }}. Open deze link en bevestig als "
        "dat klopt.",
        "Bekijken en bevestigen",
        "De link werkt {{ days }} dagen.",
        "Weet u hier niets van, doe dan niets: er wordt niets uit uw naam verstuurd.",
    ),
    "pl": ConfirmationWording(
        "Potwierdź {{ address }} jako nadawcę",
        "{{ tenant }} chce wysyłać wiadomości z adresu {{ address }}. Otwórz ten link i "
        "potwierdź, jeśli to się zgadza.",
        "Zobacz i potwierdź",
        "Link działa przez {{ days }} dni.",
        "Jeśli nic o tym nie wiesz, nie rób nic: w Twoim imieniu nic nie zostanie wysłane.",
    ),
    "ca": ConfirmationWording(
        "Confirmeu {{ address }} com a remitent",
        "{{ tenant }} vol enviar correu des de {{ address }}. Obriu aquest enllaç i confirmeu"
        " si és correcte.",
        "Veure i confirmar",
        "L'enllaç val durant {{ days }} dies.",
        "Si no en sabeu res, no feu res: no s'enviarà correu en nom vostre.",
    ),
}


def wording_of(language: str) -> ConfirmationWording:
    """The wording for a BCP 47 tag, else English."""
    return WORDINGS.get(language.partition("-")[0].lower(), WORDINGS[FALLBACK])
