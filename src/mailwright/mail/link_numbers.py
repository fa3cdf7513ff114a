"""Numbers for the links of several texts that are one campaign's: the same address, one number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence


def numbered(texts: Iterable[Sequence[str]]) -> tuple[tuple[str, ...], list[tuple[int, ...]]]:
    """All addresses, and for each text the number of each of its links in that list.

    The first text's links keep their places. An address that stands twice in a text has two
    numbers, so that "the button" and "the footer" are told apart.
    """
    addresses: list[str] = []
    places: dict[tuple[str, int], int] = {}
    numbers: list[tuple[int, ...]] = []
    for links in texts:
        seen: Counter[str] = Counter()
        own: list[int] = []
        for address in links:
            key = address, seen[address]
            seen[address] += 1
            if key not in places:
                places[key] = len(addresses)
                addresses.append(address)
            own.append(places[key])
        numbers.append(tuple(own))
    return tuple(addresses), numbers
