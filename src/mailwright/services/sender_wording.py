"""What the mail that asks for a confirmation says, in the sender's language.

To add a language: one more row in `WORDINGS`.
"""

from __future__ import annotations

from mailwright.services.link_mails import LinkWording

FALLBACK = "en"

WORDINGS: dict[str, LinkWording] = {
    "en": LinkWording(
        "Confirm {{ address }} as a sender",
        "{{ tenant }} wants to send mail from {{ address }}. Open this link and confirm if that is "
        "right.",
        "Look at it and confirm",
        "The link works for {{ days }} days.",
        "If you know nothing of this, do nothing: no mail will be sent in your name.",
    ),
    "de": LinkWording(
        "{{ address }} als Absender bestätigen",
        "{{ tenant }} möchte Mails von {{ address }} versenden. Öffnen Sie diesen Link und "
        "bestätigen Sie, wenn das stimmt.",
        "Ansehen und bestätigen",
        "Der Link gilt {{ days }} Tage.",
        "Wenn Sie davon nichts wissen, tun Sie nichts: in Ihrem Namen wird nichts versandt.",
    ),
    "es": LinkWording(
        "Confirme {{ address }} como remitente",
        "{{ tenant }} quiere enviar correo desde {{ address }}. Abra este enlace y confirme si es "
        "correcto.",
        "Ver y confirmar",
        "El enlace vale durante {{ days }} días.",
        "Si no sabe nada de esto, no haga nada: no se enviará correo en su nombre.",
    ),
    "fr": LinkWording(
        "Confirmez {{ address }} comme expéditeur",
        "{{ tenant }} souhaite envoyer des messages depuis {{ address }}. Ouvrez ce lien et "
        "confirmez si c'est exact.",
        "Voir et confirmer",
        "Le lien est valable {{ days }} jours.",
        "Si vous n'en savez rien, ne faites rien : aucun message ne partira en votre nom.",
    ),
    "it": LinkWording(
        "Confermi {{ address }} come mittente",
        "{{ tenant }} vuole inviare messaggi da {{ address }}. Apra questo link e confermi se"
        " è corretto.",
        "Guarda e conferma",
        "Il link vale {{ days }} giorni.",
        "Se non ne sa nulla, non faccia nulla: nessun messaggio partirà a Suo nome.",
    ),
    "pt": LinkWording(
        "Confirme {{ address }} como remetente",
        "{{ tenant }} quer enviar mensagens de {{ address }}. Abra este link e confirme se "
        "estiver certo.",
        "Ver e confirmar",
        "O link vale durante {{ days }} dias.",
        "Se não sabe nada disto, não faça nada: nenhuma mensagem será enviada em seu nome.",
    ),
    "nl": LinkWording(
        "Bevestig {{ address }} als afzender",
        "{{ tenant }} wil mail versturen vanaf {{ address }}. Open deze link en bevestig als "
        "dat klopt.",
        "Bekijken en bevestigen",
        "De link werkt {{ days }} dagen.",
        "Weet u hier niets van, doe dan niets: er wordt niets uit uw naam verstuurd.",
    ),
    "pl": LinkWording(
        "Potwierdź {{ address }} jako nadawcę",
        "{{ tenant }} chce wysyłać wiadomości z adresu {{ address }}. Otwórz ten link i "
        "potwierdź, jeśli to się zgadza.",
        "Zobacz i potwierdź",
        "Link działa przez {{ days }} dni.",
        "Jeśli nic o tym nie wiesz, nie rób nic: w Twoim imieniu nic nie zostanie wysłane.",
    ),
    "ca": LinkWording(
        "Confirmeu {{ address }} com a remitent",
        "{{ tenant }} vol enviar correu des de {{ address }}. Obriu aquest enllaç i confirmeu"
        " si és correcte.",
        "Veure i confirmar",
        "L'enllaç val durant {{ days }} dies.",
        "Si no en sabeu res, no feu res: no s'enviarà correu en nom vostre.",
    ),
}


def wording_of(language: str) -> LinkWording:
    """The wording for a BCP 47 tag, else English."""
    return WORDINGS.get(language.partition("-")[0].lower(), WORDINGS[FALLBACK])
