"""Markdown out: a document as CommonMark that reads back as the same document.

Plain documents survive exactly. Rich ones are approximated: a button becomes a link, columns
follow each other, a social row becomes a line of links, colours and fonts are lost; a countdown and
a spacer have no Markdown form.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from mailwright.mail.document import Document, Node
from mailwright.mail.document_attributes import SOCIAL_NETWORKS
from mailwright.mail.markdown_inline import destination, inline_markdown, quoted


def to_markdown(document: Document | None) -> str | None:
    """The document as Markdown, or None when nothing in it has a Markdown form."""
    if document is None:
        return None
    text = _blocks(document.get("content", ()), _Place())
    return text or None


@dataclass(frozen=True)
class _Place:
    """Where a block stands: in an item (and whether first there, after which bullet)."""

    in_item: bool = False
    first_after_bullet: str = ""


def _blocks(nodes: Iterable[Node], place: _Place) -> str:
    written: list[str] = []
    previous: Node | None = None
    alternate = False
    for node in nodes:
        # Two lists in a row would read as one; a different sign keeps them apart.
        alternate = (
            not alternate if previous is not None and previous["type"] == node["type"] else False
        )
        text = _block(node, place, alternate=alternate)
        if text is None:
            continue
        written.append(text)
        previous = node
        place = _Place(in_item=place.in_item)
    return "\n\n".join(written)


def _block(node: Node, place: _Place, *, alternate: bool) -> str | None:
    if node["type"] in ("bulletList", "orderedList"):
        return _list(node, place, alternate=alternate)
    write = _WRITERS.get(node["type"])
    return write(node, place) if write else None


def _paragraph(node: Node, place: _Place) -> str | None:
    return inline_markdown(node.get("content", ())) or ("" if place.in_item else None)


def _heading(node: Node, _: _Place) -> str:
    text = inline_markdown(node.get("content", ()), in_heading=True)
    return f"{'#' * node['attrs']['level']} {text}".rstrip(" ")


def _quote(node: Node, _: _Place) -> str:
    return _prefixed(_blocks(node["content"], _Place(in_item=True)), "> ", "> ")


def _rule(_: Node, place: _Place) -> str:
    return "___" if place.in_item else "---"  # `- ---` would be a rule, not an item


def _columns(node: Node, _: _Place) -> str | None:
    return _blocks(node.get("content", ()), _Place()) or None


def _button(node: Node, _: _Place) -> str:
    return _link_to(node["attrs"]["href"], node["attrs"]["text"])


def _social(node: Node, _: _Place) -> str:
    links: list[dict[str, str]] = node["attrs"]["links"]
    return " · ".join(_link_to(ln["href"], SOCIAL_NETWORKS[ln["network"]]) for ln in links)


# ---- lists, quotes, code -------------------------------------------------------------------------


def _list(node: Node, place: _Place, *, alternate: bool) -> str:
    items: list[Node] = node["content"]
    first = node.get("attrs", {}).get("start", 1)
    numbered = node["type"] == "orderedList"
    bullet = "+" if alternate else ("*" if place.first_after_bullet == "-" else "-")
    lines: list[str] = []
    loose = not all(_is_tight(item) for item in items)
    for i, item in enumerate(items):
        sign = f"{first + i}{')' if alternate else '.'}" if numbered else bullet
        lines.append(_item(item, sign))
    return ("\n\n" if loose else "\n").join(lines)


def _item(item: Node, sign: str) -> str:
    nested = _Place(in_item=True, first_after_bullet=sign)
    content: list[Node] = item["content"]
    if _is_tight(item) and len(content) == 2:
        text = "\n".join((_blocks(content[:1], nested), _blocks(content[1:], _Place(in_item=True))))
    else:
        text = _blocks(content, nested)
    return _prefixed(text, f"{sign} ", " " * (len(sign) + 1))


def _is_tight(item: Node) -> bool:
    """One paragraph, or one with a list below it that may follow without a blank line."""
    content: list[Node] = item["content"]
    if content[0]["type"] != "paragraph" or not content[0].get("content"):
        return len(content) == 1
    if len(content) == 1:
        return True
    below = content[1]
    return (
        len(content) == 2
        and below["type"] in ("bulletList", "orderedList")
        and below.get("attrs", {}).get("start", 1) == 1  # others cannot follow a paragraph's line
        and bool(below["content"][0]["content"][0].get("content"))  # nor can an empty item
        and below["content"][0]["content"][0]["type"] == "paragraph"
    )


def _prefixed(text: str, first: str, others: str) -> str:
    lines = text.split("\n")
    return "\n".join(
        ((first if i == 0 else others) + line).rstrip(" ")
        if not line
        else (first if i == 0 else others) + line
        for i, line in enumerate(lines)
    )


def _code(node: Node, _: _Place) -> str:
    language = node.get("attrs", {}).get("language", "")
    text = "".join(n["text"] for n in node.get("content", ()))
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"


# ---- links and images ----------------------------------------------------------------------------


def _image(node: Node, _: _Place) -> str:
    attributes: dict[str, Any] = node["attrs"]
    alt = (
        inline_markdown([{"type": "text", "text": attributes["alt"]}])
        if attributes.get("alt")
        else ""
    )
    title = f' "{quoted(attributes["title"])}"' if attributes.get("title") else ""
    image = f"![{alt}]({destination(attributes['src'])}{title})"
    href = attributes.get("href")
    return f"[{image}]({destination(href)})" if href else image


def _link_to(href: str, text: str) -> str:
    return f"[{inline_markdown([{'type': 'text', 'text': text}])}]({destination(href)})"


_WRITERS: Mapping[str, Callable[[Node, _Place], str | None]] = {
    "paragraph": _paragraph,
    "heading": _heading,
    "blockquote": _quote,
    "codeBlock": _code,
    "image": _image,
    "horizontalRule": _rule,
    "button": _button,
    "columns": _columns,
    "column": _columns,
    "socialLinks": _social,
}
