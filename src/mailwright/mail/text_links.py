"""The links of a text part: found as people would, by where the address ends.

Only addresses that are the same for everybody are found; one with merge tags in it is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from mailwright.mail.links import link_slot

# A closing bracket or the full stop of a sentence is not part of the address before it.
_ADDRESS = re.compile(r"https?://[^\s<>\"{}|\\^`]*[^\s<>\"{}|\\^`.,;:!?)\]']", re.IGNORECASE)


def slot_text_links(text: str, links: Sequence[str]) -> tuple[str, tuple[str, ...], frozenset[int]]:
    """The text with slots for its addresses, all links, and the numbers of those in the text.

    `links` are those of the page; an address that stands there, too, shares its number.
    """
    numbers = {address: number for number, address in enumerate(links)}
    found: set[int] = set()

    def slot(match: re.Match[str]) -> str:
        if text[match.end() :].lstrip(".,;:!?)]'").startswith(("{{", "{%")):
            return match[0]
        number = numbers.setdefault(match[0], len(numbers))
        found.add(number)
        return f"{{{{{link_slot(number)}}}}}"

    return _ADDRESS.sub(slot, text), tuple(numbers), frozenset(found)
