"""Locale routing over `contacts`, as `domain/locale_routing.py` has it: a test compares the two."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, case, cast, func, literal, null

from mailwright.domain.locale_routing import Routing
from mailwright.store.tables import contacts


@dataclass(frozen=True)
class RoutedColumns:
    """The variant's id (NULL: the campaign's own body), its locale, whether it is their own."""

    variant_id: ColumnElement[Any]
    locale: ColumnElement[Any]
    is_covered: ColumnElement[bool]


def routed(routing: Routing | None) -> RoutedColumns:
    """What each contact gets. None: everybody the same body; the locale is then their own."""
    if routing is None:
        return RoutedColumns(cast(null(), BigInteger), contacts.c.locale, literal(value=True))
    ids = {locale: _id(variant_id) for locale, variant_id in routing.variants.items()}
    own_locale = func.coalesce(contacts.c.locale, "")
    own = func.coalesce(
        case(ids, value=own_locale), case(ids, value=func.split_part(own_locale, "-", 1))
    )
    variant_id = func.coalesce(own, _id(routing.fallback_variant()))
    return RoutedColumns(
        variant_id, case(dict(routing.locales), value=variant_id), own.is_not(None)
    )


def _id(variant_id: int) -> ColumnElement[int]:
    return literal(variant_id, BigInteger)
