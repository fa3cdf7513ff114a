"""Groups of single mails: numbers that senders choose, each kept as a tag, `group-7`.

So whoever sends with the tag sends into the group, and whatever reads by tag reads by group.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

NUMBER_MAX = 2**63 - 1  # what PostgreSQL's bigint holds

_TAG = re.compile(r"group-([1-9][0-9]{0,18})")


def group_tag(number: int) -> str:
    """The tag of a group."""
    return f"group-{number}"


def groups_of(tags: Iterable[str]) -> list[int]:
    """The groups among tags, in their order."""
    numbers = (int(found[1]) for found in map(_TAG.fullmatch, tags) if found)
    return [number for number in numbers if number <= NUMBER_MAX]
