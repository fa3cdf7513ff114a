"""Which variant of a template somebody gets: by their locale, its language, the tenant's fallback.

The last resort is the version that the campaign names. People without a locale get the variant
without one, where there is one. `store/locale_routing.py` says the same in SQL.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Route:
    """What somebody gets. `is_covered`: it is in their own locale or language."""

    variant_id: int
    locale: str
    is_covered: bool


@dataclass(frozen=True, slots=True)
class Routing:
    """The variants of one version. `variants`: ids by locale, `""` for the one without.

    `locales`: what each variant is written in. `fallback`: the tenant's locale for everybody
    else, `named`: the version that the campaign names. `requires_variant`: who is not covered is
    left out.
    """

    variants: Mapping[str, int]
    locales: Mapping[int, str]
    named: int
    fallback: str
    requires_variant: bool = False

    def route(self, locale: str | None) -> Route:
        """The way of somebody with this locale (BCP 47, or None)."""
        own = self._match(locale or "")
        found = own or self._match(self.fallback) or self.named
        return Route(found, self.locales[found], own is not None)

    def fallback_variant(self) -> int:
        """Where everybody goes whose own language has no variant."""
        return self._match(self.fallback) or self.named

    def as_json(self) -> dict[str, Any]:
        """For storing: JSON knows no whole numbers as keys."""
        locales = {str(variant_id): locale for variant_id, locale in self.locales.items()}
        return asdict(self) | {"locales": locales}

    @classmethod
    def of_json(cls, stored: Mapping[str, Any]) -> Routing:
        """What `as_json` made."""
        values: dict[str, Any] = dict(stored)
        values["locales"] = {int(number): locale for number, locale in stored["locales"].items()}
        return cls(**values)

    def _match(self, locale: str) -> int | None:
        return self.variants.get(locale) or self.variants.get(language_of(locale))


def language_of(locale: str) -> str:
    """`pt` of `pt-BR`."""
    return locale.partition("-")[0]
