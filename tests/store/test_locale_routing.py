"""Routing in SQL says what the domain says, for every locale there is."""

from __future__ import annotations

from sqlalchemy import select

from mailwright.domain.locale_routing import Routing
from mailwright.store.database import Database
from mailwright.store.locale_routing import routed
from mailwright.store.rows import every
from mailwright.store.tables import contacts
from tests.builders import MadeTenant, make_contact

LOCALES = (None, "en", "en-GB", "es", "es-MX", "pt", "pt-BR", "pt-PT", "fr", "de", "zh-Hant-TW")
ROUTINGS = (
    Routing({"en": 1, "es": 2, "pt-BR": 3}, {1: "en", 2: "es", 3: "pt-BR"}, 2, "en"),
    Routing({"": 1, "es": 2, "zh": 4}, {1: "de", 2: "es", 4: "zh"}, 1, "en"),
    Routing({"": 1}, {1: "en"}, 1, "es-MX"),
    Routing({"de": 1, "es": 7}, {1: "de", 7: "es"}, 1, "es-MX"),
)


async def test_the_statement_routes_as_the_rule_does(
    database: Database, tenant: MadeTenant
) -> None:
    for locale in LOCALES:
        await make_contact(database, tenant.id, locale=locale)
    for routing in ROUTINGS:
        way = routed(routing)
        columns = (
            way.variant_id.label("id"),
            way.locale.label("spoken"),
            way.is_covered.label("own"),
        )
        async with database.reading() as connection:
            rows = await every(connection, select(contacts.c.locale, *columns))
        assert len(rows) == len(LOCALES)
        for row in rows:
            expected = routing.route(row["locale"])
            found = (row["id"], row["spoken"], row["own"])
            assert found == (expected.variant_id, expected.locale, expected.is_covered)


async def test_without_a_template_the_locale_is_their_own(
    database: Database, tenant: MadeTenant
) -> None:
    await make_contact(database, tenant.id, locale="fr")
    way = routed(None)
    async with database.reading() as connection:
        found = select(way.variant_id.label("id"), way.locale.label("spoken"))
        (row,) = await every(connection, found.select_from(contacts))
    assert (row["id"], row["spoken"]) == (None, "fr")
