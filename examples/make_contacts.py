"""Writes examples/contacts.csv: 1,000 varied rows, the same ones every time.

Two of them are wrong on purpose: one address comes twice, one is no address.
"""

from __future__ import annotations

import csv
import random
import unicodedata
from pathlib import Path

TARGET = Path(__file__).parent / "contacts.csv"
ROWS = 1_000
DUPLICATE_AT = 400
MALFORMED_AT = 700

PEOPLE = {
    "en": (
        [
            "Oliver",
            "Amelia",
            "Noah",
            "Isla",
            "George",
            "Ava",
            "Arthur",
            "Freya",
            "Theo",
            "Siân",
            "Zoë",
            "Renée",
        ],
        ["Smith", "O'Connor", "Taylor-Brown", "Nguyễn", "MacLeod", "Brontë", "Hughes", "Patel"],
        ["London", "Leeds", "St. John's", "Washington, D.C.", "Cardiff"],
    ),
    "es": (
        [
            "María",
            "José",
            "Lucía",
            "Íñigo",
            "Begoña",
            "Ángel",
            "Nuria",
            "Sofía",
            "Joaquín",
            "Mónica",
        ],
        ["García", "Núñez", "López de la Torre", "Ibáñez", "Peña", "Martínez"],
        ["Madrid", "Cádiz", "A Coruña", "Bogotá, D.C.", "León"],
    ),
    "de": (
        ["Jürgen", "Käthe", "Björn", "Anna", "Lukas", "Sören", "Hannah", "Günther", "Lena"],
        ["Müller", "Weiß", "von der Heide", "Schröder", "Groß", "Öztürk"],
        ["München", "Köln", "Berlin", "Zürich", "Frankfurt (Oder)"],
    ),
    "fr": (
        ["Chloé", "Hélène", "François", "Noël", "Anaïs", "Gaëlle", "Jean-Luc", "Inès"],
        ["Dupont", "L'Hôpital", "Lefèvre", "d'Aubigné", "Çelik", "Moreau"],
        ["Paris", "Nîmes", "Besançon", "Orléans", "Montréal, QC"],
    ),
    "pl": (
        ["Łukasz", "Małgorzata", "Wojciech", "Zofia", "Żaneta", "Grzegorz", "Jędrzej"],
        ["Kowalski", "Wiśniewska", "Dąbrowski", "Źródłowska", "Święcicki"],
        ["Warszawa", "Łódź", "Kraków", "Gdańsk", "Wrocław"],
    ),
}
PLANS = ("free", "pro", "team")
DOMAINS = ("example.com", "example.org", "example.net")
HEADER = ("email", "first_name", "last_name", "language", "plan", "city")
_PLAIN = str.maketrans("ŁłßØøĐđ", "LlsOoDd")


def main() -> None:
    """Writes the file."""
    chance = random.Random(20_260_501)  # noqa: S311  # the same rows every time, not a secret
    rows = [_row(number, chance) for number in range(ROWS)]
    rows[DUPLICATE_AT][0] = rows[0][0].upper()
    rows[MALFORMED_AT][0] = "someone.at.example.com"
    with TARGET.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        writer.writerows(rows)


def _row(number: int, chance: random.Random) -> list[str]:
    language = chance.choice(list(PEOPLE))
    first_names, last_names, cities = PEOPLE[language]
    first, last = chance.choice(first_names), chance.choice(last_names)
    local = f"{_ascii(first)}.{_ascii(last)}{number}"
    if chance.random() < 0.02:
        last = f'{last} "{first[:2]}"'  # a nickname in quotes
    if chance.random() < 0.05:
        first = ""
    if chance.random() < 0.05:
        last = ""
    city = chance.choice(cities) if chance.random() < 0.9 else ""
    return [f"{local}@{chance.choice(DOMAINS)}", first, last, language, chance.choice(PLANS), city]


def _ascii(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.translate(_PLAIN)).encode("ascii", "ignore")
    return "".join(char for char in plain.decode().lower() if char.isalnum())


if __name__ == "__main__":
    main()
