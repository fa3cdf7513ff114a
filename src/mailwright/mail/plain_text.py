"""The plain-text part, written from the document so that it reads like a letter.

Lines are wrapped at 72 characters (RFC 3676 asks for 78 at most); merge tags are never broken.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

from selectolax.lexbor import LexborHTMLParser, LexborNode

from mailwright.mail.document import Document, Node
from mailwright.mail.document_attributes import SOCIAL_NETWORKS
from mailwright.mail.html_blocks import ends_on
from mailwright.mail.merge_tags import StandIns

LINE_CHARACTERS = 72
_UNDERLINES = {1: "=", 2: "-"}
_BLANK_LINES = re.compile(r"\n{3,}")


def from_document(document: Document, *, language: str = "en") -> str:
    """The document as text: headings underlined, links as `words (address)`, quotes with `> `."""
    stand_ins = StandIns()
    text = _Writer(stand_ins, language).blocks(document.get("content", ()))
    return stand_ins.restore(text).strip("\n") + "\n"


def from_html(html: str) -> str:
    """The readable text of somebody's own HTML, with the addresses of its links.

    What is nested deeper than 200 elements loses its form and keeps its words.
    """
    stand_ins = StandIns()
    tree = LexborHTMLParser(stand_ins.hide(html))
    tree.strip_tags(["script", "style", "title", "template", "head"], recursive=True)
    pieces: list[str] = []
    if tree.body is not None:
        _read(tree.body, pieces)
    lines = [re.sub(r"[ \t\r\f\xa0]+", " ", line).strip() for line in "".join(pieces).split("\n")]
    text = _BLANK_LINES.sub("\n\n", "\n".join(_wrapped(line) for line in lines))
    return stand_ins.restore(text).strip("\n") + "\n"


class _Writer:
    """Writes the blocks of one document."""

    def __init__(self, stand_ins: StandIns, language: str) -> None:
        self._stand_ins = stand_ins
        self._language = language

    def blocks(self, nodes: Iterable[Node], width: int = LINE_CHARACTERS, gap: str = "\n\n") -> str:
        written = (self._block(node, width) for node in nodes)
        return gap.join(text for text in written if text)

    def _block(self, node: Node, width: int) -> str:
        content: Sequence[Node] = node.get("content", ())
        attributes: dict[str, Any] = node.get("attrs", {})
        match node["type"]:
            case "paragraph":
                return _wrapped(self._inline(content), width)
            case "heading":
                return self._heading(content, attributes["level"], width)
            case "bulletList" | "orderedList":
                return self._list(node, width)
            case "blockquote":
                return _indented(self.blocks(content, width - 2), "> ", "> ")
            case "codeBlock":
                return _indented(self._hide("".join(n["text"] for n in content)), "    ", "    ")
            case _:
                return self._component(node, attributes, width)

    def _component(self, node: Node, attributes: dict[str, Any], width: int) -> str:
        match node["type"]:
            case "image":
                return self._image(attributes, width)
            case "horizontalRule":
                return "-" * min(width, 24)
            case "button":
                return f"{self._hide(attributes['text'])}:\n{self._hide(attributes['href'])}"
            case "columns" | "column":
                return self.blocks(node.get("content", ()), width)
            case "socialLinks":
                return "\n".join(
                    f"{SOCIAL_NETWORKS[link['network']]}: {self._hide(link['href'])}"
                    for link in attributes["links"]
                )
            case "countdown":
                label = f"{self._hide(attributes['label'])}\n" if attributes.get("label") else ""
                return label + ends_on(attributes["endsAt"], self._language)
            case _:
                return ""

    def _heading(self, content: Sequence[Node], level: int, width: int) -> str:
        text = _wrapped(self._inline(content), width)
        if not text or level not in _UNDERLINES:
            return text
        longest = max(len(self._stand_ins.restore(line)) for line in text.split("\n"))
        return f"{text}\n{_UNDERLINES[level] * min(longest, width)}"

    def _list(self, node: Node, width: int) -> str:
        first = node.get("attrs", {}).get("start", 1)
        items: list[str] = []
        for i, item in enumerate(node["content"]):
            sign = "- " if node["type"] == "bulletList" else f"{first + i}. "
            text = self.blocks(item["content"], width - len(sign), gap="\n")
            items.append(_indented(text, sign, " " * len(sign)))
        return "\n".join(items)

    def _image(self, attributes: dict[str, Any], width: int) -> str:
        alt = self._hide(attributes.get("alt", ""))
        href = self._hide(attributes.get("href", ""))
        text = f"[{alt}]" if alt else ""
        return _wrapped(f"{text} ({href})".strip() if href else text, width)

    def _inline(self, content: Sequence[Node]) -> str:
        """The words, each link followed once by its address."""
        pieces: list[str] = []
        words, href = "", ""
        for node in (*content, {"type": "end"}):
            link = _link(node)
            if href and link != href:
                pieces.append(_with_address(words, self._hide(href)))
                words = ""
            href = link
            if node["type"] == "hardBreak":
                pieces.append("\n")
            elif link:
                words += self._hide(node["text"])
            elif node["type"] == "text":
                pieces.append(self._hide(node["text"]))
        return "".join(pieces)

    def _hide(self, text: str) -> str:
        return self._stand_ins.hide(text)


def _link(node: Node) -> str:
    for mark in node.get("marks", ()):
        if mark["type"] == "link":
            return str(mark["attrs"]["href"])
    return ""


def _with_address(words: str, href: str) -> str:
    """`words (address)`; the address alone where the words say no more than it does."""
    shown = href.removeprefix("mailto:")
    trimmed = words.strip()
    if not trimmed or trimmed in (href, shown, re.sub(r"^https?://", "", shown).rstrip("/")):
        return shown
    return f"{words} ({shown})"


def _wrapped(text: str, width: int = LINE_CHARACTERS) -> str:
    return "\n".join(_wrapped_line(line, width) for line in text.split("\n"))


def _wrapped_line(line: str, width: int) -> str:
    return "\n".join(
        textwrap.wrap(
            line, max(width, 20), break_long_words=False, break_on_hyphens=False, tabsize=1
        )
    )


def _indented(text: str, first: str, others: str) -> str:
    lines = text.split("\n")
    return "\n".join(
        ((first if i == 0 else others) + line).rstrip() for i, line in enumerate(lines)
    )


# ---- reading HTML --------------------------------------------------------------------------------

_BLOCK_TAGS = frozenset(
    {"p", "div", "table", "ul", "ol", "blockquote", "pre", "section", "article", "header"}
    | {"footer", "h1", "h2", "h3", "h4", "h5", "h6", "center", "dl", "figure"}
)
_LINE_TAGS = frozenset({"tr", "li", "dt", "dd"})
_MAX_DEPTH = 200
_HIDDEN = re.compile(r"display\s*:\s*none", re.IGNORECASE)


def _read(node: LexborNode, pieces: list[str], depth: int = 0) -> None:
    """Appends the text of this element; what is nested beyond all reason loses its form."""
    if depth > _MAX_DEPTH:
        pieces.append(node.text())
        return
    for child in node.iter(include_text=True):
        tag = child.tag
        if tag == "-text":
            pieces.append(re.sub(r"\s+", " ", child.text_content or ""))
        elif _HIDDEN.search(child.attributes.get("style") or ""):
            continue  # a preheader, a tracking block
        elif tag == "br":
            pieces.append("\n")
        elif tag == "hr":
            pieces.append(f"\n\n{'-' * 24}\n\n")
        elif tag == "img":
            alt = (child.attributes.get("alt") or "").strip()
            pieces.append(f"[{alt}]" if alt else "")
        elif tag == "a":
            _read_link(child, pieces, depth)
        else:
            _read_element(child, tag or "", pieces, depth)


def _read_link(node: LexborNode, pieces: list[str], depth: int) -> None:
    words: list[str] = []
    _read(node, words, depth + 1)
    text = "".join(words)
    href = (node.attributes.get("href") or "").strip()
    if not href or href.startswith("#"):
        pieces.append(text)
    else:
        pieces.append(_with_address(text, href))


def _read_element(node: LexborNode, tag: str, pieces: list[str], depth: int) -> None:
    edge = "\n\n" if tag in _BLOCK_TAGS else "\n" if tag in _LINE_TAGS else ""
    pieces.append(f"{edge}- " if tag == "li" else edge)
    _read(node, pieces, depth + 1)
    pieces.append(" " if tag in ("td", "th") else edge)
