"""The forms of lists."""

from __future__ import annotations

from mailwright.dialects.cakemail.shapes import Shape, Unix
from mailwright.services.lists import ListView

#: The words of `filter` and `sort`, and ours for them.
FILTERS = ("status", "name")
SORTS = {"name": "name", "created_on": "created_at"}

ACTIVE = "active"
ARCHIVED = "archived"
STATUSES = (ACTIVE, ARCHIVED)


class ListSender(Shape):
    """Whose name stands on mail to a list when nobody says otherwise."""

    name: str | None = None
    email: str | None = None


class ListSummary(Shape):
    """A list as it stands among others."""

    id: int
    name: str
    status: str
    language: str = "en_US"
    created_on: Unix
    default_sender: ListSender = ListSender()


def list_summary(view: ListView, number: int, status: str) -> ListSummary:
    """The form of `view`, whose number is `number`."""
    return ListSummary(id=number, name=view.name, status=status, created_on=view.created_at)
