"""Markdown in: CommonMark to a document, with nothing left that the document cannot say.

Supported (easymail's list): headings 1–6, bold, italic, links, bullet and numbered lists,
blockquotes, fenced and indented code, images, rules, hard breaks. Tables, strikethrough, task
lists, inline code and raw HTML lose their form and keep their words. Merge tags pass untouched,
also inside addresses, because the parser never sees them (`merge_tags.StandIns`).

The way back is `markdown_writer.to_markdown`; for plain documents the two are exact inverses.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode
from selectolax.lexbor import LexborHTMLParser

from mailwright.errors import InvalidInput
from mailwright.mail import document_attributes as attribute
from mailwright.mail.document import MARK_ORDER, MAX_DEPTH, Document, Node
from mailwright.mail.html_depth import is_too_deep
from mailwright.mail.markdown_writer import to_markdown
from mailwright.mail.merge_tags import StandIns

__all__ = ["MARKDOWN_LIMIT_CHARACTERS", "check_length", "from_markdown", "to_markdown"]

MARKDOWN_LIMIT_CHARACTERS = 65_000  # easymail's limit; ours as well

_CHECKBOX = re.compile(r"\[([ xX])\][ \t]+")


def check_length(text: str, *, where: str = "content") -> None:
    """Raises InvalidInput when the Markdown is longer than 65,000 characters."""
    if len(text) > MARKDOWN_LIMIT_CHARACTERS:
        raise InvalidInput.field(
            where,
            f"A body holds at most {MARKDOWN_LIMIT_CHARACTERS} characters; this has {len(text)}.",
        )


def from_markdown(text: str) -> Document:
    """The document that this Markdown describes. Every text is valid Markdown: it never fails."""
    stand_ins = StandIns()
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    hidden = stand_ins.hide(attribute.NOT_TEXT.sub("", lines))
    tree = SyntaxTreeNode(_parser().parse(hidden))
    return _Reader(stand_ins).document(tree)


def _parser() -> MarkdownIt:
    # Each nested list takes two levels of the parser and two nodes of the document.
    parser = MarkdownIt("commonmark", {"maxNesting": MAX_DEPTH - 8})
    parser.enable(["table", "strikethrough"])
    # Addresses are judged by the document's own rule; the parser would mangle merge tags in them.
    parser.validateLink = lambda url: True  # noqa: ARG005 - markdown-it calls it with the address
    parser.normalizeLink = lambda url: url
    return parser


class _Reader:
    """Turns one syntax tree into a document."""

    def __init__(self, stand_ins: StandIns) -> None:
        self._stand_ins = stand_ins
        self._readers: Mapping[str, Callable[[SyntaxTreeNode], list[Node]]] = {
            "paragraph": self._paragraph,
            "heading": self._heading,
            "bullet_list": self._list,
            "ordered_list": self._list,
            "blockquote": self._quote,
            "fence": self._code,
            "code_block": self._code,
            "hr": self._rule,
            "html_block": self._html,
            "table": self._table,
        }

    def document(self, tree: SyntaxTreeNode) -> Document:
        content = self._blocks(tree)
        return {"type": "doc", "content": content} if content else {"type": "doc"}

    def _blocks(self, parent: SyntaxTreeNode) -> list[Node]:
        found: list[Node] = []
        for child in parent.children:
            read = self._readers.get(child.type)
            found.extend(read(child) if read else ())
        return found

    def _paragraph(self, node: SyntaxTreeNode) -> list[Node]:
        return self._text_block(node, {"type": "paragraph"})

    def _heading(self, node: SyntaxTreeNode) -> list[Node]:
        heading: Node = {"type": "heading", "attrs": {"level": int(node.tag[1])}}
        return self._text_block(node, heading, keep_empty=True)

    def _text_block(
        self, node: SyntaxTreeNode, shape: Node, *, keep_empty: bool = False
    ) -> list[Node]:
        """The block's text in nodes of this shape; an image ends one and begins the next."""
        single_line = shape["type"] == "heading"
        blocks: list[Node] = []
        run: list[Node] = []
        pieces = _Inline(self._stand_ins).read(node.children[0]) if node.children else []
        for piece in pieces:
            if piece["type"] == "image":
                blocks.extend(_filled(shape, run, single_line=single_line))
                blocks.append(piece)
                run = []
            else:
                run.append(piece)
        blocks.extend(_filled(shape, run, single_line=single_line))
        return blocks or ([shape] if keep_empty else [])

    def _list(self, node: SyntaxTreeNode) -> list[Node]:
        items: list[Node] = [{"type": "listItem", "content": self._held(i)} for i in node.children]
        if node.type == "bullet_list":
            return [{"type": "bulletList", "content": items}]
        start = int(node.attrs.get("start", 1))
        attributes = {} if start == 1 else {"attrs": {"start": start}}
        return [{"type": "orderedList", **attributes, "content": items}]

    def _held(self, node: SyntaxTreeNode) -> list[Node]:
        """The blocks of an item or quote; an empty paragraph where there is nothing."""
        return self._blocks(node) or [{"type": "paragraph"}]

    def _quote(self, node: SyntaxTreeNode) -> list[Node]:
        return [{"type": "blockquote", "content": self._held(node)}]

    def _code(self, node: SyntaxTreeNode) -> list[Node]:
        block: Node = {"type": "codeBlock"}
        language = self._stand_ins.restore(node.info).split(" ")[0] if node.info else ""
        if language and _valid(attribute.code_language, language):
            block["attrs"] = {"language": language}
        text = self._stand_ins.restore(node.content).removesuffix("\n")
        if text:
            block["content"] = [{"type": "text", "text": text}]
        return [block]

    def _rule(self, _: SyntaxTreeNode) -> list[Node]:
        return [{"type": "horizontalRule"}]

    def _html(self, node: SyntaxTreeNode) -> list[Node]:
        words = " ".join(_words_of_html(node.content).split())
        text = self._stand_ins.restore(words)
        return [{"type": "paragraph", "content": [{"type": "text", "text": text}]}] if text else []

    def _table(self, node: SyntaxTreeNode) -> list[Node]:
        """One paragraph a row, the cells parted by a dash."""
        rows = [row for section in node.children for row in section.children]
        found: list[Node] = []
        for row in rows:
            content: list[Node] = []
            for cell in row.children:
                pieces = _Inline(self._stand_ins).read(cell.children[0]) if cell.children else []
                pieces = [piece for piece in pieces if piece["type"] != "image"]
                if content and pieces:
                    content.append({"type": "text", "text": " – "})
                content.extend(pieces)
            found.extend(_filled({"type": "paragraph"}, content, single_line=True))
        return found


class _Inline:
    """Turns the inline tokens of one block into text, breaks and images."""

    def __init__(self, stand_ins: StandIns) -> None:
        self._stand_ins = stand_ins
        self._out: list[Node] = []

    def read(self, inline: SyntaxTreeNode) -> list[Node]:
        checkbox = _CHECKBOX.match(inline.content) if _is_item_text(inline) else None
        self._children(inline, {})
        if checkbox and self._out:
            sign = "☐" if checkbox.group(1) == " " else "☑"
            self._out[0]["text"] = sign + self._out[0]["text"][len("[ ]") :]
        return self._out

    def _children(self, node: SyntaxTreeNode, marks: Mapping[str, Node]) -> None:
        for child in node.children:
            self._one(child, marks)

    def _one(self, node: SyntaxTreeNode, marks: Mapping[str, Node]) -> None:
        match node.type:
            case "text" | "code_inline" | "text_special":
                self._text(node.content, marks)
            case "softbreak":
                self._text(" ", marks)
            case "hardbreak":
                self._out.append({"type": "hardBreak"})
            case "strong":
                self._children(node, {**marks, "bold": {"type": "bold"}})
            case "em":
                self._children(node, {**marks, "italic": {"type": "italic"}})
            case "link":
                self._children(node, self._linked(node, marks))
            case "image":
                self._image(node, marks)
            case "html_inline":
                pass
            case _:
                self._children(node, marks)

    def _linked(self, node: SyntaxTreeNode, marks: Mapping[str, Node]) -> Mapping[str, Node]:
        href = attribute.mended_link_address(self._stand_ins.restore(str(node.attrs["href"])))
        return {**marks, "link": {"type": "link", "attrs": {"href": href}}} if href else marks

    def _image(self, node: SyntaxTreeNode, marks: Mapping[str, Node]) -> None:
        restore = self._stand_ins.restore
        alt = _single_line(restore(_plain(node)))
        source = restore(str(node.attrs["src"]))
        if not _valid(attribute.image_address, source):
            self._text(alt, marks)
            return
        attributes: dict[str, Any] = {"src": source.strip(), "alt": alt}
        attributes["title"] = _single_line(restore(str(node.attrs.get("title") or "")))
        attributes["href"] = marks["link"]["attrs"]["href"] if "link" in marks else ""
        kept = {name: value for name, value in attributes.items() if value}
        self._out.append({"type": "image", "attrs": kept})

    def _text(self, text: str, marks: Mapping[str, Node]) -> None:
        text = attribute.NOT_TEXT.sub("", self._stand_ins.restore(text))
        if not text:
            return
        ordered = [dict(marks[kind]) for kind in MARK_ORDER if kind in marks]
        last = self._out[-1] if self._out else None
        if last and last["type"] == "text" and last.get("marks", []) == ordered:
            last["text"] += text
        elif ordered:
            self._out.append({"type": "text", "marks": ordered, "text": text})
        else:
            self._out.append({"type": "text", "text": text})


def _filled(shape: Node, run: list[Node], *, single_line: bool) -> list[Node]:
    """The shape around this run, without breaks and blanks at its ends; nothing if it is empty."""
    if single_line:
        run = [{"type": "text", "text": " "} if p["type"] == "hardBreak" else p for p in run]
    while run and run[-1]["type"] == "hardBreak":
        run.pop()
    while run and run[0]["type"] == "hardBreak":
        run.pop(0)
    run = _merged(run)
    if not any(p["type"] == "hardBreak" or p["text"].strip() for p in run):
        return []
    return [{**shape, "content": run}]


def _merged(run: list[Node]) -> list[Node]:
    merged: list[Node] = []
    for piece in run:
        last = merged[-1] if merged else None
        if (
            last is not None
            and last["type"] == piece["type"] == "text"
            and last.get("marks") == piece.get("marks")
        ):
            merged[-1] = {**last, "text": last["text"] + piece["text"]}
        else:
            merged.append(piece)
    return merged


def _is_item_text(inline: SyntaxTreeNode) -> bool:
    paragraph = inline.parent
    item = paragraph.parent if paragraph else None
    return bool(item and item.type == "list_item" and item.children[0] is paragraph)


def _plain(node: SyntaxTreeNode) -> str:
    """The words of an image's description (CommonMark 6.4: its plain string content)."""
    if node.type in ("softbreak", "hardbreak"):
        return " "
    if node.type in ("text", "code_inline", "text_special"):
        return node.content
    return "".join(_plain(child) for child in node.children)


def _single_line(text: str) -> str:
    flat = attribute.NOT_TEXT.sub("", text.replace("\n", " ").replace("\t", " "))
    return flat[: attribute.MAX_LINE_CHARACTERS]


def _words_of_html(html: str) -> str:
    if is_too_deep(html):
        return ""
    tree = LexborHTMLParser(html)
    tree.strip_tags(["script", "style", "template", "title"], recursive=True)
    return tree.body.text(separator=" ") if tree.body else ""


def _valid(check: Callable[[object], object], value: object) -> bool:
    try:
        check(value)
    except ValueError:
        return False
    return True
