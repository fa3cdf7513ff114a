"""Pages of a list: which one is asked for, and what comes back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from mailwright.errors import InvalidInput

Item = TypeVar("Item")

PER_PAGE_MAX = 100  # vendors.md 3.4


@dataclass(frozen=True, slots=True)
class Page:
    """Which page of how many rows; `number` counts from 1, `per_page_max` is the door's."""

    number: int = 1
    per_page: int = PER_PAGE_MAX
    per_page_max: int = PER_PAGE_MAX

    def __post_init__(self) -> None:
        if self.number < 1:
            raise InvalidInput.field("page", "Pages count from 1.")
        if not 1 <= self.per_page <= self.per_page_max:
            raise InvalidInput.field("per_page", f"Between 1 and {self.per_page_max}.")

    @property
    def offset(self) -> int:
        """Rows before this page."""
        return (self.number - 1) * self.per_page


@dataclass(frozen=True, slots=True)
class Paged(Generic[Item]):
    """The rows of one page and how many there are in all."""

    items: Sequence[Item]
    total: int
    page: Page
