"""What the mails say by which people set a password, in the reader's language.

To add a language: one more row in each table.
"""

from __future__ import annotations

from collections.abc import Mapping

from mailwright.services.link_mails import LinkWording

FALLBACK = "en"

#: To somebody who is asked to join a tenant.
INVITATION: Mapping[str, LinkWording] = {
    "en": LinkWording(
        "You are invited to {{ tenant }}",
        "{{ tenant }} uses Mailwright to send its mail and has made an account there for "
        "{{ address }}. Choose a password to join.",
        "Choose a password",
        "The link works once, for {{ days }} days.",
        "If you know nothing of this, do nothing: without a password nobody can sign in for you.",
    ),
    "de": LinkWording(
        "Einladung zu {{ tenant }}",
        "{{ tenant }} versendet Mails mit Mailwright und hat dort ein Konto für {{ address }} "
        "angelegt. Wählen Sie ein Passwort, um mitzumachen.",
        "Passwort wählen",
        "Der Link gilt einmal, {{ days }} Tage lang.",
        "Wenn Sie davon nichts wissen, tun Sie nichts: ohne Passwort kann sich niemand für Sie "
        "anmelden.",
    ),
    "es": LinkWording(
        "Invitación a {{ tenant }}",
        "{{ tenant }} envía su correo con Mailwright y ha creado allí una cuenta para "
        "{{ address }}. Elija una contraseña para entrar.",
        "Elegir una contraseña",
        "El enlace vale una vez, durante {{ days }} días.",
        "Si no sabe nada de esto, no haga nada: sin contraseña nadie puede entrar por usted.",
    ),
    "fr": LinkWording(
        "Invitation à rejoindre {{ tenant }}",
        "{{ tenant }} envoie son courrier avec Mailwright et y a créé un compte pour "
        "{{ address }}. Choisissez un mot de passe pour le rejoindre.",
        "Choisir un mot de passe",
        "Le lien fonctionne une fois, pendant {{ days }} jours.",
        "Si vous n'en savez rien, ne faites rien : sans mot de passe, personne ne peut se "
        "connecter à votre place.",
    ),
    "it": LinkWording(
        "Invito a {{ tenant }}",
        "{{ tenant }} invia la sua posta con Mailwright e vi ha creato un account per "
        "{{ address }}. Scelga una password per entrare.",
        "Scegli una password",
        "Il link vale una volta, per {{ days }} giorni.",
        "Se non ne sa nulla, non faccia nulla: senza password nessuno può entrare al Suo posto.",
    ),
    "pt": LinkWording(
        "Convite para {{ tenant }}",
        "{{ tenant }} envia o seu correio com o Mailwright e criou lá uma conta para "
        "{{ address }}. Escolha uma palavra-passe para entrar.",
        "Escolher uma palavra-passe",
        "O link vale uma vez, durante {{ days }} dias.",
        "Se não sabe nada disto, não faça nada: sem palavra-passe ninguém pode entrar por si.",
    ),
    "nl": LinkWording(
        "Uitnodiging voor {{ tenant }}",
        "{{ tenant }} verstuurt mail met Mailwright en heeft daar een account gemaakt voor "
        "{{ address }}. Kies een wachtwoord om mee te doen.",
        "Wachtwoord kiezen",
        "De link werkt één keer, {{ days }} dagen lang.",
        "Weet u hier niets van, doe dan niets: zonder wachtwoord kan niemand voor u inloggen.",
    ),
    "pl": LinkWording(
        "Zaproszenie do {{ tenant }}",
        "{{ tenant }} wysyła pocztę przez Mailwright i ma tam konto dla {{ address }}. Wybierz "
        "hasło, aby dołączyć.",
        "Wybierz hasło",
        "Link działa jeden raz, przez {{ days }} dni.",
        "Jeśli nic o tym nie wiesz, nie rób nic: bez hasła nikt nie zaloguje się za Ciebie.",
    ),
    "ca": LinkWording(
        "Invitació a {{ tenant }}",
        "{{ tenant }} envia el seu correu amb Mailwright i hi ha creat un compte per a "
        "{{ address }}. Trieu una contrasenya per entrar-hi.",
        "Tria una contrasenya",
        "L'enllaç val una vegada, durant {{ days }} dies.",
        "Si no en sabeu res, no feu res: sense contrasenya ningú no pot entrar per vós.",
    ),
}

#: To somebody who has a password and needs another.
RESET: Mapping[str, LinkWording] = {
    "en": LinkWording(
        "A new password for {{ tenant }}",
        "Somebody, probably you, asked for a new password for {{ address }} at {{ tenant }}.",
        "Set a new password",
        "The link works once, for an hour. You are then signed out everywhere.",
        "If it was not you, do nothing: your password stays as it is.",
    ),
    "de": LinkWording(
        "Ein neues Passwort für {{ tenant }}",
        "Jemand, vermutlich Sie, hat ein neues Passwort für {{ address }} bei {{ tenant }} "
        "angefordert.",
        "Neues Passwort setzen",
        "Der Link gilt einmal, eine Stunde lang. Danach sind Sie überall abgemeldet.",
        "Falls Sie es nicht waren, tun Sie nichts: Ihr Passwort bleibt, wie es ist.",
    ),
    "es": LinkWording(
        "Una contraseña nueva para {{ tenant }}",
        "Alguien, probablemente usted, ha pedido una contraseña nueva para {{ address }} en "
        "{{ tenant }}.",
        "Poner una contraseña nueva",
        "El enlace vale una vez, durante una hora. Después se cierran todas sus sesiones.",
        "Si no ha sido usted, no haga nada: su contraseña queda como está.",
    ),
    "fr": LinkWording(
        "Un nouveau mot de passe pour {{ tenant }}",
        "Quelqu'un, sans doute vous, a demandé un nouveau mot de passe pour {{ address }} chez "
        "{{ tenant }}.",
        "Choisir un nouveau mot de passe",
        "Le lien fonctionne une fois, pendant une heure. Vous êtes ensuite déconnecté partout.",
        "Si ce n'était pas vous, ne faites rien : votre mot de passe reste le même.",
    ),
    "it": LinkWording(
        "Una nuova password per {{ tenant }}",
        "Qualcuno, probabilmente Lei, ha chiesto una nuova password per {{ address }} presso "
        "{{ tenant }}.",
        "Imposta una nuova password",
        "Il link vale una volta, per un'ora. Poi tutte le Sue sessioni finiscono.",
        "Se non è stato Lei, non faccia nulla: la Sua password resta com'è.",
    ),
    "pt": LinkWording(
        "Uma nova palavra-passe para {{ tenant }}",
        "Alguém, provavelmente você, pediu uma nova palavra-passe para {{ address }} em "
        "{{ tenant }}.",
        "Definir uma nova palavra-passe",
        "O link vale uma vez, durante uma hora. Depois todas as suas sessões terminam.",
        "Se não foi você, não faça nada: a sua palavra-passe fica como está.",
    ),
    "nl": LinkWording(
        "Een nieuw wachtwoord voor {{ tenant }}",
        "Iemand, waarschijnlijk u, vroeg een nieuw wachtwoord voor {{ address }} bij {{ tenant }}.",
        "Nieuw wachtwoord instellen",
        "De link werkt één keer, een uur lang. Daarna bent u overal uitgelogd.",
        "Was u het niet, doe dan niets: uw wachtwoord blijft zoals het is.",
    ),
    "pl": LinkWording(
        "Nowe hasło do {{ tenant }}",
        "Ktoś, prawdopodobnie Ty, poprosił o nowe hasło dla {{ address }} w {{ tenant }}.",
        "Ustaw nowe hasło",
        "Link działa jeden raz, przez godzinę. Potem zostaniesz wszędzie wylogowany.",
        "Jeśli to nie Ty, nie rób nic: Twoje hasło pozostanie bez zmian.",
    ),
    "ca": LinkWording(
        "Una contrasenya nova per a {{ tenant }}",
        "Algú, probablement vós, ha demanat una contrasenya nova per a {{ address }} a "
        "{{ tenant }}.",
        "Posa una contrasenya nova",
        "L'enllaç val una vegada, durant una hora. Després es tanquen totes les sessions.",
        "Si no heu estat vós, no feu res: la vostra contrasenya queda com està.",
    ),
}


def wording_of(wordings: Mapping[str, LinkWording], *wished: str | None) -> tuple[str, LinkWording]:
    """The first of the wished languages that there is, else English, and its wording."""
    for wish in wished:
        language = (wish or "").replace("_", "-").partition("-")[0].lower()
        if language in wordings:
            return language, wordings[language]
    return FALLBACK, wordings[FALLBACK]
