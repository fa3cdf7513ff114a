"""Public ids: UUID version 7 for nouns (they sort by birth), version 4 for single mails."""

from __future__ import annotations

import uuid

from uuid_utils.compat import uuid7

from mailwright.errors import NotFound


def new_id() -> uuid.UUID:
    """A fresh version 7 id."""
    return uuid7()


def parse_id(text: str, noun: str) -> uuid.UUID:
    """The id in `text`. Raises NotFound when it cannot be one: such a thing cannot exist."""
    try:
        return uuid.UUID(text)
    except ValueError:
        raise NotFound(f"There is no such {noun}.") from None
