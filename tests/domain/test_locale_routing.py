"""Who gets which variant."""

from __future__ import annotations

import json

import pytest

from mailwright.domain.locale_routing import Route, Routing

EN, ES, PT_BR, PLAIN = 1, 2, 3, 4
ROUTING = Routing(
    variants={"en": EN, "es": ES, "pt-BR": PT_BR},
    locales={EN: "en", ES: "es", PT_BR: "pt-BR"},
    named=ES,
    fallback="en",
)


@pytest.mark.parametrize(
    ("locale", "expected"),
    [
        ("es", Route(ES, "es", is_covered=True)),
        ("es-MX", Route(ES, "es", is_covered=True)),  # its language
        ("pt-BR", Route(PT_BR, "pt-BR", is_covered=True)),
        ("pt", Route(EN, "en", is_covered=False)),  # the tenant's fallback
        ("fr", Route(EN, "en", is_covered=False)),
        (None, Route(EN, "en", is_covered=False)),
    ],
)
def test_a_locale_leads_to_itself_its_language_or_the_fallback(
    locale: str | None, expected: Route
) -> None:
    assert ROUTING.route(locale) == expected


def test_without_the_fallback_everybody_else_gets_the_named_version() -> None:
    routing = Routing({"": PLAIN, "es": ES}, {PLAIN: "de", ES: "es"}, named=PLAIN, fallback="en")
    assert routing.route("fr") == Route(PLAIN, "de", is_covered=False)
    assert routing.route(None) == Route(PLAIN, "de", is_covered=True)


def test_it_survives_being_stored() -> None:
    assert Routing.of_json(json.loads(json.dumps(ROUTING.as_json()))) == ROUTING
