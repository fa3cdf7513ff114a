"""What the public pages say, in the visitor's own language.

To add a language: one more `Wording` in `WORDINGS`; a test sees that every phrase is there and that
the places for names are kept.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wording:
    """The phrases of one language. `{sender}`, `{list}` and `{email}` are filled in."""

    ask_title: str
    ask: str
    leave: str
    left_title: str
    left: str
    mistake: str
    come_back: str
    back_title: str
    back: str
    gone_title: str
    gone: str
    test_title: str
    test: str
    broken_title: str
    broken: str
    confirm_title: str
    confirm: str
    confirm_button: str
    confirmed_title: str
    confirmed: str
    expired_title: str
    expired: str


FALLBACK = "en"

WORDINGS: dict[str, Wording] = {
    "en": Wording(
        "Unsubscribe?",
        "{email} will get no more newsletters from {sender}.",
        "Unsubscribe",
        "You are unsubscribed",
        "{email} gets no more newsletters from {sender}. This took effect at once.",
        "Was that a mistake?",
        "Subscribe me again",
        "Welcome back",
        "{email} gets the newsletters of {sender} again.",
        "There is nothing to do",
        "This address is no longer stored at {sender}, so it gets no newsletters.",
        "This link works",
        "It comes from a test mail. A real recipient could unsubscribe here; nothing was changed.",
        "This link does not work",
        "It may have been cut off when it was copied. Please open it from the mail itself.",
        "Do you want this?",
        "{email} will get “{list}” from {sender}.",
        "Yes, I want this",
        "Thank you",
        "{email} now gets “{list}” from {sender}.",
        "There is nothing to confirm",
        "The link is too old, or the list is no more. Please sign up again.",
    ),
    "de": Wording(
        "Abmelden?",
        "{email} bekommt dann keine Newsletter von {sender} mehr.",
        "Abmelden",
        "Sie sind abgemeldet",
        "{email} bekommt keine Newsletter von {sender} mehr. Das gilt ab sofort.",
        "War das ein Versehen?",
        "Wieder anmelden",
        "Willkommen zurück",
        "{email} bekommt die Newsletter von {sender} wieder.",
        "Es gibt nichts zu tun",
        "Diese Adresse ist bei {sender} nicht mehr gespeichert und bekommt keine Newsletter.",
        "Dieser Link funktioniert",
        "Er stammt aus einer Testmail. Echte Empfänger können sich hier abmelden; geändert wurde "
        "nichts.",
        "Dieser Link funktioniert nicht",
        "Vielleicht wurde er beim Kopieren abgeschnitten. Bitte öffnen Sie ihn aus der Mail.",
        "Möchten Sie das?",
        "{email} bekommt dann „{list}“ von {sender}.",
        "Ja, das möchte ich",
        "Vielen Dank",
        "{email} bekommt jetzt „{list}“ von {sender}.",
        "Es gibt nichts zu bestätigen",
        "Der Link ist zu alt, oder die Liste gibt es nicht mehr. Bitte melden Sie sich neu an.",
    ),
    "es": Wording(
        "¿Darse de baja?",
        "{email} dejará de recibir los boletines de {sender}.",
        "Darme de baja",
        "Se ha dado de baja",
        "{email} ya no recibirá los boletines de {sender}. El cambio es inmediato.",
        "¿Ha sido un error?",
        "Volver a suscribirme",
        "Bienvenido de nuevo",
        "{email} vuelve a recibir los boletines de {sender}.",
        "No hay nada que hacer",
        "{sender} ya no guarda esta dirección, así que no recibe boletines.",
        "Este enlace funciona",
        "Procede de un correo de prueba. Un destinatario real podría darse de baja aquí; no se ha "
        "cambiado nada.",
        "Este enlace no funciona",
        "Puede que se cortara al copiarlo. Ábralo desde el propio correo.",
        "¿Lo quiere?",
        "{email} recibirá «{list}» de {sender}.",
        "Sí, lo quiero",
        "Gracias",
        "{email} recibe ahora «{list}» de {sender}.",
        "No hay nada que confirmar",
        "El enlace es demasiado antiguo o la lista ya no existe. Suscríbase de nuevo.",
    ),
    "fr": Wording(
        "Se désabonner ?",
        "{email} ne recevra plus les lettres d’information de {sender}.",
        "Me désabonner",
        "Vous êtes désabonné",
        "{email} ne reçoit plus les lettres d’information de {sender}, avec effet immédiat.",
        "C’était une erreur ?",
        "Me réabonner",
        "Heureux de vous revoir",
        "{email} reçoit de nouveau les lettres d’information de {sender}.",
        "Il n’y a rien à faire",
        "Cette adresse n’est plus enregistrée chez {sender} et ne reçoit donc aucune lettre.",
        "Ce lien fonctionne",
        "Il vient d’un message de test. Un vrai destinataire pourrait se désabonner ici ; rien n’a "
        "été modifié.",
        "Ce lien ne fonctionne pas",
        "Il a peut-être été coupé à la copie. Ouvrez-le depuis le message lui-même.",
        "Le voulez-vous ?",
        "{email} recevra « {list} » de {sender}.",
        "Oui, je le veux",
        "Merci",
        "{email} reçoit désormais « {list} » de {sender}.",
        "Il n’y a rien à confirmer",
        "Le lien est trop ancien, ou la liste n’existe plus. Veuillez vous réinscrire.",
    ),
    "it": Wording(
        "Annullare l’iscrizione?",
        "{email} non riceverà più le newsletter di {sender}.",
        "Annulla l’iscrizione",
        "Iscrizione annullata",
        "{email} non riceve più le newsletter di {sender}, con effetto immediato.",
        "È stato un errore?",
        "Iscrivimi di nuovo",
        "Bentornato",
        "{email} riceve di nuovo le newsletter di {sender}.",
        "Non c’è nulla da fare",
        "Questo indirizzo non è più registrato presso {sender} e non riceve newsletter.",
        "Questo link funziona",
        "Proviene da un messaggio di prova. Un vero destinatario potrebbe disiscriversi qui; non è "
        "cambiato nulla.",
        "Questo link non funziona",
        "Forse è stato troncato nella copia. Aprilo direttamente dal messaggio.",
        "Lo vuoi?",
        "{email} riceverà «{list}» da {sender}.",
        "Sì, lo voglio",
        "Grazie",
        "{email} riceve ora «{list}» da {sender}.",
        "Non c’è nulla da confermare",
        "Il link è troppo vecchio o la lista non c’è più. Iscriviti di nuovo.",
    ),
    "pt": Wording(
        "Cancelar a subscrição?",
        "{email} deixará de receber as newsletters de {sender}.",
        "Cancelar a subscrição",
        "Subscrição cancelada",
        "{email} já não recebe as newsletters de {sender}, com efeito imediato.",
        "Foi um engano?",
        "Subscrever novamente",
        "Bem-vindo de volta",
        "{email} volta a receber as newsletters de {sender}.",
        "Não há nada a fazer",
        "Este endereço já não está guardado em {sender}, por isso não recebe newsletters.",
        "Esta ligação funciona",
        "Vem de uma mensagem de teste. Um destinatário real poderia cancelar aqui; nada foi "
        "alterado.",
        "Esta ligação não funciona",
        "Pode ter sido cortada ao copiar. Abra-a a partir da própria mensagem.",
        "Quer receber?",
        "{email} receberá «{list}» de {sender}.",
        "Sim, quero receber",
        "Obrigado",
        "{email} recebe agora «{list}» de {sender}.",
        "Não há nada a confirmar",
        "A ligação é demasiado antiga ou a lista já não existe. Subscreva novamente.",
    ),
    "nl": Wording(
        "Afmelden?",
        "{email} krijgt dan geen nieuwsbrieven van {sender} meer.",
        "Afmelden",
        "U bent afgemeld",
        "{email} krijgt geen nieuwsbrieven van {sender} meer. Dat geldt per direct.",
        "Was dat een vergissing?",
        "Meld mij weer aan",
        "Welkom terug",
        "{email} krijgt de nieuwsbrieven van {sender} weer.",
        "Er is niets te doen",
        "Dit adres is niet meer bekend bij {sender} en krijgt dus geen nieuwsbrieven.",
        "Deze link werkt",
        "Hij komt uit een testmail. Een echte ontvanger kan zich hier afmelden; er is niets "
        "veranderd.",
        "Deze link werkt niet",
        "Misschien is hij bij het kopiëren afgekapt. Open hem vanuit de mail zelf.",
        "Wilt u dit?",
        "{email} ontvangt dan ‘{list}’ van {sender}.",
        "Ja, dat wil ik",
        "Dank u wel",
        "{email} ontvangt nu ‘{list}’ van {sender}.",
        "Er valt niets te bevestigen",
        "De link is te oud, of de lijst bestaat niet meer. Meld u opnieuw aan.",
    ),
    "pl": Wording(
        "Zrezygnować z subskrypcji?",
        "{email} nie będzie już otrzymywać newsletterów od {sender}.",
        "Zrezygnuj",
        "Subskrypcja została anulowana",
        "{email} nie otrzymuje już newsletterów od {sender}. Zmiana działa od razu.",
        "Czy to była pomyłka?",
        "Zapisz mnie ponownie",
        "Witamy ponownie",
        "{email} znowu otrzymuje newslettery od {sender}.",
        "Nie trzeba nic robić",
        "{sender} nie przechowuje już tego adresu, więc nie otrzymuje on newsletterów.",
        "Ten link działa",
        "Pochodzi z wiadomości testowej. Prawdziwy odbiorca mógłby tu zrezygnować; nic nie "
        "zmieniono.",
        "Ten link nie działa",
        "Być może został obcięty przy kopiowaniu. Otwórz go bezpośrednio z wiadomości.",
        "Chcesz to otrzymywać?",
        "{email} będzie otrzymywać „{list}” od {sender}.",
        "Tak, chcę",
        "Dziękujemy",
        "{email} otrzymuje teraz „{list}” od {sender}.",
        "Nie ma czego potwierdzać",
        "Link jest zbyt stary albo lista już nie istnieje. Zapisz się ponownie.",
    ),
    "ca": Wording(
        "Voleu donar-vos de baixa?",
        "{email} deixarà de rebre els butlletins de {sender}.",
        "Dona’m de baixa",
        "Us heu donat de baixa",
        "{email} ja no rep els butlletins de {sender}. El canvi és immediat.",
        "Ha estat un error?",
        "Torna’m a subscriure",
        "Benvingut de nou",
        "{email} torna a rebre els butlletins de {sender}.",
        "No cal fer res",
        "{sender} ja no desa aquesta adreça, de manera que no rep butlletins.",
        "Aquest enllaç funciona",
        "Ve d’un correu de prova. Un destinatari real es podria donar de baixa aquí; no s’ha "
        "canviat res.",
        "Aquest enllaç no funciona",
        "Potser es va tallar en copiar-lo. Obriu-lo des del mateix correu.",
        "Ho voleu?",
        "{email} rebrà «{list}» de {sender}.",
        "Sí, ho vull",
        "Gràcies",
        "{email} rep ara «{list}» de {sender}.",
        "No hi ha res a confirmar",
        "L’enllaç és massa antic o la llista ja no existeix. Subscriviu-vos de nou.",
    ),
}


def language_of(*wishes: str | None) -> str:
    """The first language we speak among `wishes`: locales, or an `Accept-Language` header."""
    for wish in wishes:
        for tag in _tags(wish or ""):
            language = tag.replace("_", "-").partition("-")[0].lower()
            if language in WORDINGS:
                return language
    return FALLBACK


def _tags(accepted: str) -> list[str]:
    """Language tags by falling weight (RFC 9110, 12.5.4); unreadable weights count as nothing."""
    weighted = [_weighted(part) for part in accepted[:200].split(",")]
    ranked = sorted(weighted, key=lambda pair: -pair[0])
    return [tag for weight, tag in ranked if weight > 0]


def _weighted(part: str) -> tuple[float, str]:
    tag, _, parameter = part.strip().partition(";")
    try:
        return float(parameter.strip().removeprefix("q=") or 1), tag.strip()
    except ValueError:
        return 0, tag.strip()
