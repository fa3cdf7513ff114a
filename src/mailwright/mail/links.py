"""The links of a mail: found once a campaign by a parser, filled in per recipient.

A trackable link is an http(s) address, or one that begins with a merge tag of the contact. Each
becomes a slot `{{__link_0}}`; the message puts there the tracked address of link 0. Not tracked:
mailto, tel, fragments, and the sender's own tags (unsubscribe, view in browser).

The parser writes the page anew, so slots replace whole attribute values and nothing else; Outlook's
conditional comments pass untouched, their inner links too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

from selectolax.lexbor import LexborHTMLParser, LexborNode

from mailwright.mail.document_attributes import mended_link_address
from mailwright.mail.merge import (
    Lookup,
    Segment,
    clean_address,
    compile_template,
    fill,
    plain_segments,
    tags_in,
)
from mailwright.mail.merge_names import UNSUBSCRIBE_TAGS, VIEW_TAGS
from mailwright.mail.merge_tags import TAG, StandIns

OPEN_SLOT = "__open"
_OWN_TAGS = frozenset({*UNSUBSCRIBE_TAGS, *VIEW_TAGS})
# The variable of a loop has no value outside it, where slots are filled.
_LOOP = re.compile(r"\{%-?\s*for\s+(\w+)\s+in\b")
_WORD = re.compile(r"\w+")
_WEB = re.compile(r"https?://", re.IGNORECASE)
_END = re.compile(r"</body\s*>", re.IGNORECASE)
_WHOLE_PAGE = re.compile(r"\s*(?:<!doctype\b|<html\b)", re.IGNORECASE)


def link_slot(number: int) -> str:
    """The name under which the address of this link is filled in."""
    return f"__link_{number}"


def extract(html: str) -> tuple[str, ...]:
    """The addresses of the trackable links, each once, in the order of the page."""
    return slot_links(html)[1]


def slot_links(html: str) -> tuple[str, tuple[str, ...]]:
    """The page with a slot in the place of each trackable address, and the addresses.

    Addresses come as an author would write them: entities decoded, merge tags intact. Equal ones
    share a slot. An address made from a loop's variable is left alone.
    """
    stand_ins = StandIns()
    tree = LexborHTMLParser(stand_ins.hide(html))
    numbers: dict[str, int] = {}
    loop_variables = frozenset(_LOOP.findall(html))
    for link in _links(tree):
        address = stand_ins.restore(link.attributes["href"] or "").strip()
        if _is_trackable(address) and not _names(address) & loop_variables:
            number = numbers.setdefault(address, len(numbers))
            link.attrs["href"] = stand_ins.hide(f"{{{{{link_slot(number)}}}}}")
    if not numbers:
        return html, ()
    return stand_ins.restore(_written(tree, html)), tuple(numbers)


def pixel_slot(html: str) -> str:
    """The page with an open pixel before `</body>`; its address is filled in at `{{__open}}`."""
    pixel = (
        f'<img src="{{{{{OPEN_SLOT}}}}}" width="1" height="1" alt="" '
        'style="display:block;width:1px;height:1px;border:0">'
    )
    ends = list(_END.finditer(html))
    at = ends[-1].start() if ends else len(html)
    return html[:at] + pixel + html[at:]


def with_parameters(address: str, parameters: str) -> str:
    """The address with these names and values at the end of its query."""
    before, hash_sign, fragment = address.partition("#")
    sign = "&" if "?" in before else "?"
    return f"{before}{sign}{parameters}{hash_sign}{fragment}"


def compile_address(address: str) -> Callable[[Mapping[str, Any]], str]:
    """What renders a link's address for one recipient.

    Values are percent-encoded for the place where they stand: whole in the query, but for slashes
    in the path, as addresses at the beginning. What ends up as no web or mail address, such as
    `javascript:` from an attribute, becomes `#`.
    """
    if "{{" not in address and "{%" not in address:
        fixed = clean_address(address)
        return lambda _: fixed
    segments = plain_segments(address)
    if segments is None:
        template = compile_template(address, escape="text")
        return lambda values: _safe(clean_address(template.render(values)))
    pieces = _with_cleaners(segments)
    return lambda values: _safe(
        "".join(
            fill(piece, values, clean) if isinstance(piece, Lookup) else piece
            for piece, clean in pieces
        )
    )


def _with_cleaners(segments: list[Segment]) -> list[tuple[Segment, Callable[[str], str]]]:
    found: list[tuple[Segment, Callable[[str], str]]] = []
    before = ""
    for segment in segments:
        if isinstance(segment, Lookup):
            found.append((segment, _cleaner(before)))
        else:
            before += segment
            found.append((clean_address(segment), clean_address))
    return found


def _cleaner(before: str) -> Callable[[str], str]:
    if not before:
        return clean_address
    return _query_value if "?" in before or "#" in before else quote


def _query_value(text: str) -> str:
    return quote(text, safe="")


def _safe(address: str) -> str:
    return mended_link_address(address) or "#"


def _links(tree: LexborHTMLParser) -> Iterator[LexborNode]:
    yield from tree.css("a[href], area[href]")


def _is_trackable(address: str) -> bool:
    if _WEB.match(address):
        return len(address) > len("https://")
    tag = TAG.match(address)
    if not tag:
        return False
    return not any(path[0] in _OWN_TAGS for path in tags_in(tag.group()))


def _names(address: str) -> set[str]:
    """The words inside the merge tags of an address."""
    return {word for tag in TAG.findall(address) for word in _WORD.findall(tag)}


def _written(tree: LexborHTMLParser, original: str) -> str:
    """The page as text; a fragment stays a fragment."""
    if _WHOLE_PAGE.match(original) or tree.body is None:
        return tree.html or ""
    return "".join(node.html or "" for node in tree.body.iter(include_text=True))
