"""A document's blocks as MJML: text in runs, and a component where Outlook needs a table.

MJML is XML: fragments are serialised as XHTML here, because an unclosed `<br>` breaks the parser.
In attributes everything beyond ASCII travels as character references: mrml rewrites it there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from html import escape
from typing import Any

from babel import UnknownLocaleError
from babel.dates import format_date

from mailwright.mail import html_style as style
from mailwright.mail.document import Document, Node
from mailwright.mail.document_attributes import SOCIAL_NETWORKS

ENDS_ON = {
    "en": "Ends on", "es": "Termina el", "de": "Endet am", "fr": "Se termine le",
    "it": "Termina il", "pt": "Termina em", "pl": "Kończy się", "nl": "Eindigt op",
    "ca": "Acaba el",
}  # fmt: skip

_LOGIC_TAG = re.compile(r"\{%[^\n]*?%\}")
_MARK_TAGS = {"bold": "strong", "italic": "em"}
_STYLE_PROPERTIES = {
    "color": "color",
    "backgroundColor": "background-color",
    "fontFamily": "font-family",
    "fontSize": "font-size",
    "textAlign": "text-align",
}


def sections(document: Document, *, language: str) -> str:
    """The MJML sections of the document's body, in order."""
    return _Blocks(language).sections(document.get("content", ()))


def moment_in_words(ends_at: str, language: str) -> str:
    """A point in time as a reader of this language writes it: `May 1, 2027, 18:00 UTC`."""
    moment = datetime.fromisoformat(ends_at)
    locale = language.replace("-", "_")
    for name in (locale, locale.split("_")[0], "en"):
        try:
            day = format_date(moment, "long", locale=name)
        except (UnknownLocaleError, ValueError):
            continue
        return f"{day}, {moment:%H:%M} {moment.tzname()}"
    return ends_at


def ends_on(ends_at: str, language: str) -> str:
    """`Ends on May 1, 2027, 18:00 UTC` in the reader's language."""
    lead = ENDS_ON.get(language.split("-")[0].split("_")[0], ENDS_ON["en"])
    return f"{lead} {moment_in_words(ends_at, language)}"


class _Blocks:
    """Writes the blocks of one document."""

    def __init__(self, language: str) -> None:
        self._language = language
        self._components: Mapping[str, Callable[[dict[str, Any]], str]] = {
            "image": _image,
            "button": _button,
            "spacer": _spacer,
            "horizontalRule": _divider,
            "socialLinks": _social,
            "countdown": self._countdown,
        }

    def sections(self, nodes: Iterable[Node]) -> str:
        written: list[str] = []
        run: list[Node] = []
        for node in nodes:
            if node["type"] == "columns":
                written += [self._single(run), self._columns(node)]
                run = []
            else:
                run.append(node)
        return "".join((*written, self._single(run)))

    def _single(self, nodes: list[Node]) -> str:
        if not nodes:
            return ""
        return f'<mj-section padding="0"><mj-column>{self._stack(nodes)}</mj-column></mj-section>'

    def _columns(self, node: Node) -> str:
        color = node.get("attrs", {}).get("backgroundColor")
        side = style.PADDING_PX - 12
        given = {
            "padding": f"24px {side}px 6px" if color else f"0 {side}px",
            "background-color": color,
            "css-class": "n" if color else None,
        }
        columns = "".join(self._column(column) for column in node["content"])
        return f"<mj-section{_attributes(given)}>{columns}</mj-section>"

    def _column(self, column: Node) -> str:
        width = column.get("attrs", {}).get("width")
        attribute = f' width="{width}%"' if width else ""
        return f"<mj-column{attribute}>{self._stack(column.get('content', ()), '12px')}</mj-column>"

    def _stack(self, nodes: Iterable[Node], side: str = f"{style.PADDING_PX}px") -> str:
        """The components of one column; neighbouring text shares one."""
        written: list[str] = []
        text: list[str] = []

        def flush() -> None:
            if text:
                written.append(_mj_text("".join(text), side))
                text.clear()

        for node in nodes:
            component = self._components.get(node["type"])
            if component is None:
                text.append(block(node))
            else:
                flush()
                attributes = {**node.get("attrs", {}), "side": side}
                written.append(component(attributes))
        flush()
        return "".join(written)

    def _countdown(self, attributes: dict[str, Any]) -> str:
        label = attributes.get("label")
        lead = f"{escape(label, quote=False)}<br/>" if label else ""
        words = escape(ends_on(attributes["endsAt"], self._language), quote=False)
        return _mj_text(f'<p class="c">{lead}<strong>{words}</strong></p>', attributes["side"])


# ---- components ----------------------------------------------------------------------------------


def _mj_text(content: str, side: str, align: str = "left") -> str:
    return f'<mj-text css-class="t" padding="0 {side}" align="{align}">{content}</mj-text>'


def _image(attributes: dict[str, Any]) -> str:
    side = attributes["side"]
    given = {
        "src": attributes["src"],
        "alt": attributes.get("alt", ""),
        "title": attributes.get("title"),
        "href": attributes.get("href"),
        "align": attributes.get("align", "center"),
        "width": f"{min(attributes['width'], style.CONTENT_PX)}px"
        if "width" in attributes
        else None,
        "border-radius": f"{attributes.get('radius', 8)}px",
        "padding": f"6px {side} 24px",
        "css-class": "t",
    }
    return f"<mj-image{_attributes(given)}/>"


def _button(attributes: dict[str, Any]) -> str:
    given = {
        "href": attributes["href"],
        "align": attributes.get("align", "center"),
        "color": attributes.get("color", "#ffffff"),
        "background-color": attributes.get("backgroundColor", style.ACCENT),
        "border-radius": f"{attributes.get('radius', 8)}px",
        "font-size": "16px",
        "font-weight": "600",
        "line-height": "24px",
        "inner-padding": "12px 28px",
        "padding": f"6px {attributes['side']} 26px",
    }
    return f"<mj-button{_attributes(given)}>{escape(attributes['text'], quote=False)}</mj-button>"


def _spacer(attributes: dict[str, Any]) -> str:
    return f'<mj-spacer height="{attributes.get("height", 24)}px"/>'


def _divider(attributes: dict[str, Any]) -> str:
    return (
        f'<mj-divider border-width="1px" border-color="{style.LINE}" '
        f'padding="10px {attributes["side"]} 26px"/>'
    )


def _social(attributes: dict[str, Any]) -> str:
    links = " ".join(
        f'<a class="s" href="{_attribute(link["href"])}">{SOCIAL_NETWORKS[link["network"]]}</a>'
        for link in attributes["links"]
    )
    return _mj_text(f"<p>{links}</p>", attributes["side"], attributes.get("align", "center"))


# ---- text ----------------------------------------------------------------------------------------


def block(node: Node) -> str:
    """A block of text as XHTML: paragraphs, headings, lists, quotes, code, and what they hold."""
    write = _TEXT_BLOCKS.get(node["type"])
    return write(node) if write else ""


def _paragraph(node: Node) -> str:
    content: Sequence[Node] = node.get("content", ())
    text = inline(content)
    if content and _is_logic(content):
        return text  # `{% if … %}` alone in its line: no empty paragraph in its place
    return f"<p{_block_style(node)}>{text or '&#160;'}</p>"


def _is_logic(content: Sequence[Node]) -> bool:
    """Whether the line is one stand-in for a `{% … %}` tag; those were marked by a first pass."""
    return len(content) == 1 and bool(content[0].get("logic"))


def _heading(node: Node) -> str:
    level = node["attrs"]["level"]
    return f"<h{level}{_block_style(node)}>{inline(node.get('content', ()))}</h{level}>"


def _list(node: Node) -> str:
    tag = "ul" if node["type"] == "bulletList" else "ol"
    start = node.get("attrs", {}).get("start", 1)
    first = f' start="{start}"' if start != 1 else ""
    items = "".join(f"<li>{_item(item)}</li>" for item in node["content"])
    return f"<{tag}{first}>{items}</{tag}>"


def _item(item: Node) -> str:
    """An item's blocks; a leading paragraph goes without its own element, as lists look tight."""
    content: list[Node] = item["content"]
    head, *rest = content
    if head["type"] == "paragraph" and not head.get("attrs"):
        return inline(head.get("content", ())) + "".join(block(node) for node in rest)
    return "".join(block(node) for node in content)


def _quote(node: Node) -> str:
    return f"<blockquote>{''.join(block(child) for child in node['content'])}</blockquote>"


def _code(node: Node) -> str:
    text = "".join(child["text"] for child in node.get("content", ()))
    return f"<pre>{escape(text, quote=False)}</pre>"


def _inner_image(node: Node) -> str:
    attributes = node["attrs"]
    given = {
        "src": attributes["src"],
        "alt": attributes.get("alt", ""),
        "title": attributes.get("title"),
        "width": attributes.get("width"),
    }
    image = f"<img{_attributes(given)}/>"
    href = attributes.get("href")
    return f'<p><a href="{_attribute(href)}">{image}</a></p>' if href else f"<p>{image}</p>"


_TEXT_BLOCKS: Mapping[str, Callable[[Node], str]] = {
    "paragraph": _paragraph,
    "heading": _heading,
    "bulletList": _list,
    "orderedList": _list,
    "blockquote": _quote,
    "codeBlock": _code,
    "image": _inner_image,
    "horizontalRule": lambda _: "<hr/>",
}


def inline(content: Iterable[Node]) -> str:
    """Text with its marks as XHTML."""
    return "".join(_inline_node(node) for node in content)


def _inline_node(node: Node) -> str:
    if node["type"] == "hardBreak":
        return "<br/>"
    text = escape(node["text"], quote=False)
    for mark in reversed(node.get("marks", ())):
        kind = mark["type"]
        if kind == "link":
            text = f'<a href="{_attribute(mark["attrs"]["href"])}">{text}</a>'
        elif kind == "textStyle":
            text = f'<span style="{_css(mark["attrs"])}">{text}</span>'
        else:
            text = f"<{_MARK_TAGS[kind]}>{text}</{_MARK_TAGS[kind]}>"
    return text


def _block_style(node: Node) -> str:
    attributes = node.get("attrs", {})
    css = _css(attributes)
    if "backgroundColor" in attributes:  # `n`: dark mode leaves the author's colour and its ink
        return f' class="n" style="{css};padding:14px 18px;border-radius:8px"'
    return f' style="{css}"' if css else ""


def _css(attributes: Mapping[str, Any]) -> str:
    return ";".join(
        f"{_STYLE_PROPERTIES[name]}:{_attribute(str(value))}"
        for name, value in attributes.items()
        if name in _STYLE_PROPERTIES
    )


def _attributes(given: Mapping[str, Any]) -> str:
    return "".join(
        f' {name}="{_attribute(str(value))}"' for name, value in given.items() if value is not None
    )


def _attribute(value: str) -> str:
    return "".join(c if c < "\x7f" else f"&#{ord(c)};" for c in escape(value))


def is_logic(text: str) -> bool:
    """Whether a text is nothing but `{% … %}` tags and blanks."""
    return "{%" in text and not _LOGIC_TAG.sub("", text).strip()
