"""How deep a page is nested, told without parsing it.

Parsers take quadratic time for pages nested a hundred thousand levels deep; the inliner recurses
until its stack overflows, which ends the process. Real mails stay under sixty levels.
"""

from __future__ import annotations

import re

MAX_DEPTH = 500

_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
# Elements without an end tag, and those whose end tag may be left out (HTML 13.1.2).
_UNENDED = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"}
    | {"html", "head", "body", "p", "li", "dt", "dd", "option", "colgroup", "caption"}
    | {"thead", "tbody", "tfoot", "tr", "td", "th"}
)


def is_too_deep(html: str) -> bool:
    """Whether more than 500 elements stand open at once."""
    depth = 0
    for tag in _TAG.finditer(html):
        if tag.group(2).lower() in _UNENDED:
            continue
        depth = max(depth - 1, 0) if tag.group(1) else depth + 1
        if depth > MAX_DEPTH:
            return True
    return False
