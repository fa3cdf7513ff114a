"""What a list is asked for: `page`, `per_page`, `with_count`, `filter` and `sort` (vendors.md 1.4).

A route names the terms it filters and sorts by; any other term is a 400 that names it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Query
from pydantic import AfterValidator

from mailwright.domain.storable import storable
from mailwright.errors import InvalidInput
from mailwright.services.paging import Page

PER_PAGE = 50  # vendors.md 1.4
PER_PAGE_MAX = 1_000  # the document names no limit; more only costs memory


@dataclass(frozen=True, slots=True)
class Asked:
    """Which page, and whether to say how many there are in all."""

    page: Page
    with_count: bool = False


@dataclass(frozen=True, slots=True)
class Sort:
    """The term to sort by, in our words."""

    by: str
    descending: bool = False


async def _asked(
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
    per_page: Annotated[int, Query(ge=1, le=PER_PAGE_MAX)] = PER_PAGE,
    with_count: Annotated[bool, Query(description="Say how many there are in all.")] = False,
) -> Asked:
    return Asked(Page(page, per_page, PER_PAGE_MAX), with_count)


#: `page`, `per_page` and `with_count` of a route.
AskedOf = Annotated[Asked, Depends(_asked)]

_Text = Annotated[str, AfterValidator(storable)]

#: `term==value;term==value`.
FilterOf = Annotated[_Text | None, Query(alias="filter", max_length=4_000)]

#: `+term` or `-term`. A `+` in a URL means a space.
SortOf = Annotated[_Text | None, Query(alias="sort", max_length=255)]


def read_filter(text: str | None, allowed: Collection[str]) -> dict[str, str]:
    """The value of each term of `term==value;term==value`. Raises InvalidInput."""
    found: dict[str, str] = {}
    for part in filter(None, (text or "").split(";")):
        term, equals, value = part.partition("==")
        if not equals:
            raise InvalidInput.field("filter", f"Write term==value, not {part}.")
        found[_known("filter", term.strip(), allowed)] = value.strip()
    return found


def read_sort(text: str | None, allowed: Mapping[str, str], default: Sort) -> Sort:
    """How to sort, in our words: the values of `allowed`. Raises InvalidInput."""
    if not text or not text.strip():
        return default
    term = text.strip().removeprefix("+").removeprefix("-")
    return Sort(allowed[_known("sort", term, allowed)], descending=text.strip().startswith("-"))


def _known(parameter: str, term: str, allowed: Collection[str]) -> str:
    if term not in allowed:
        terms = ", ".join(allowed)
        raise InvalidInput.field(parameter, f"There is no term {term} here; one of: {terms}.")
    return term
