"""The document: one block tree for every body, in the JSON of TipTap (ProseMirror).

Markdown, HTML, plain text and the editor all meet here. A node is a dict with `type` and, where it
has them, `attrs`, `content`, `marks` and `text`. What may stand where, and which attributes a node
has, are the tables below; `validate_document` is the only door in.

Beside TipTap's own names there are five nodes of ours:

    button       attrs text, href, align, color, backgroundColor, radius
    columns      one to four `column` nodes, which hold any block but columns
    socialLinks  attrs links: [{"network": "instagram", "href": "https://…"}], align
    countdown    attrs endsAt (ISO 8601 with zone), label
    spacer       attrs height (px)

`image` is a block; its `href` makes it a link. Paragraphs and headings may carry `textAlign` and
`backgroundColor`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from mailwright.errors import InvalidInput
from mailwright.mail import document_attributes as attribute

Document = dict[str, Any]
Node = dict[str, Any]
Check = Callable[[object], object]

MAX_DEPTH = 48  # nodes inside nodes; far beyond any layout, far below Python's recursion limit
MAX_NODES = 20_000

PLAIN_BLOCKS = frozenset(
    {
        "paragraph",
        "heading",
        "bulletList",
        "orderedList",
        "blockquote",
        "codeBlock",
        "image",
        "horizontalRule",
    }
)
RICH_LAYOUT = frozenset({"columns", "socialLinks", "countdown"})
BLOCKS = PLAIN_BLOCKS | RICH_LAYOUT | {"button", "spacer"}
INLINE = frozenset({"text", "hardBreak"})

MARK_ORDER = ("link", "textStyle", "bold", "italic")  # the order in which TipTap lists them
STYLED_IMAGE_ATTRIBUTES = frozenset({"align", "width", "radius"})
STYLED_BLOCK_ATTRIBUTES = frozenset({"textAlign", "backgroundColor"})


@dataclass(frozen=True)
class NodeRule:
    """What one node type may hold: its children, its attributes, those it must have."""

    children: frozenset[str] = frozenset()
    at_least: int = 0
    at_most: int = MAX_NODES
    attributes: Mapping[str, Check] = field(default_factory=dict[str, Check])
    required: frozenset[str] = frozenset()
    ignored: frozenset[str] = frozenset()  # TipTap writes them; they mean nothing in a mail
    marks: bool = True  # whether text inside may be marked


_BLOCK_STYLE: Mapping[str, Check] = {
    "textAlign": attribute.alignment,
    "backgroundColor": attribute.color,
}

NODES: Mapping[str, NodeRule] = {
    "doc": NodeRule(BLOCKS),
    "paragraph": NodeRule(INLINE, attributes=_BLOCK_STYLE),
    "heading": NodeRule(
        INLINE,
        attributes={"level": attribute.whole_number(1, 6), **_BLOCK_STYLE},
        required=frozenset({"level"}),
    ),
    "bulletList": NodeRule(frozenset({"listItem"}), at_least=1),
    "orderedList": NodeRule(
        frozenset({"listItem"}),
        at_least=1,
        # CommonMark allows nine digits
        attributes={"start": attribute.whole_number(0, 999_999_999)},
        ignored=frozenset({"type"}),
    ),
    "listItem": NodeRule(PLAIN_BLOCKS, at_least=1),
    "blockquote": NodeRule(PLAIN_BLOCKS, at_least=1),
    "codeBlock": NodeRule(
        frozenset({"text"}), attributes={"language": attribute.code_language}, marks=False
    ),
    "image": NodeRule(
        attributes={
            "src": attribute.image_address,
            "alt": attribute.line,
            "title": attribute.line,
            "href": attribute.link_address,
            "align": attribute.alignment,
            "width": attribute.whole_number(1, 1200),
            "radius": attribute.whole_number(0, 200),
        },
        required=frozenset({"src"}),
        ignored=frozenset({"height"}),
    ),
    "horizontalRule": NodeRule(),
    "hardBreak": NodeRule(),
    "text": NodeRule(),
    "button": NodeRule(
        attributes={
            "text": attribute.line,
            "href": attribute.link_address,
            "align": attribute.alignment,
            "color": attribute.color,
            "backgroundColor": attribute.color,
            "radius": attribute.whole_number(0, 100),
        },
        required=frozenset({"text", "href"}),
    ),
    "columns": NodeRule(
        frozenset({"column"}),
        at_least=1,
        at_most=4,
        attributes={"backgroundColor": attribute.color},
    ),
    "column": NodeRule(BLOCKS - {"columns"}, attributes={"width": attribute.whole_number(5, 100)}),
    "socialLinks": NodeRule(
        attributes={"links": attribute.social_links, "align": attribute.alignment},
        required=frozenset({"links"}),
    ),
    "countdown": NodeRule(
        attributes={"endsAt": attribute.moment, "label": attribute.line},
        required=frozenset({"endsAt"}),
    ),
    "spacer": NodeRule(attributes={"height": attribute.whole_number(1, 400)}),
}

MARKS: Mapping[str, NodeRule] = {
    "bold": NodeRule(),
    "italic": NodeRule(),
    "link": NodeRule(
        attributes={"href": attribute.link_address},
        required=frozenset({"href"}),
        ignored=frozenset({"target", "rel", "class", "title"}),
    ),
    "textStyle": NodeRule(
        attributes={
            "color": attribute.color,
            "backgroundColor": attribute.color,
            "fontFamily": attribute.font_family,
            "fontSize": attribute.font_size,
        }
    ),
}

_DEFAULTS: Mapping[str, Mapping[str, object]] = {"orderedList": {"start": 1}}


@dataclass(frozen=True)
class BodyFlags:
    """easymail's two flags of a body: can the API author it, and would Markdown lose something?"""

    editable_via_api: bool
    overwrite_required: bool


def validate_document(value: object) -> Document:
    """The document in normal form: unset (`null`) attributes gone, marks in TipTap's order.

    Raises InvalidInput whose details name the path of the first fault, such as
    `document.content[3].attrs.level`.
    """
    return _Validator().document(value)


def walk(document: Document | None) -> Iterator[Node]:
    """Every node of the document, parents before children, in reading order."""
    if document is None:
        return
    pending: list[Node] = [document]
    while pending:
        node = pending.pop()
        yield node
        pending.extend(reversed(node.get("content", ())))


def flags(document: Document | None) -> BodyFlags:
    """What the nodes and marks present say about editing this body through the API."""
    nodes = list(walk(document))
    layout = any(node["type"] in RICH_LAYOUT for node in nodes)
    return BodyFlags(
        editable_via_api=not layout,
        overwrite_required=layout or any(_is_styled(node) for node in nodes),
    )


def _is_styled(node: Node) -> bool:
    present = node.get("attrs", {}).keys()
    match node["type"]:
        case "button" | "spacer":
            return True
        case "image":
            return bool(STYLED_IMAGE_ATTRIBUTES & present)
        case "text":
            return any(mark["type"] == "textStyle" for mark in node.get("marks", ()))
        case _:
            return bool(STYLED_BLOCK_ATTRIBUTES & present)


class _Validator:
    """One pass over one document; counts nodes as it goes."""

    def __init__(self) -> None:
        self._nodes = 0

    def document(self, value: object) -> Document:
        if not isinstance(value, dict) or cast("Node", value).get("type") != "doc":
            raise InvalidInput.field("document", 'A document is an object with "type": "doc".')
        return self._node(cast("Node", value), "document", frozenset({"doc"}), depth=0)

    def _node(
        self, value: object, path: str, allowed: frozenset[str], *, depth: int, marks: bool = True
    ) -> Node:
        self._count(path, depth)
        node = _object(value, path, keys=frozenset({"type", "attrs", "content", "marks", "text"}))
        kind = _kind(node, path, allowed)
        if kind == "text":
            return _text_node(node, path, marks=marks)
        _refuse_keys(node, path, ("text",))
        rule = NODES[kind]
        result: Node = {"type": kind}
        attributes = _attributes(node, path, rule, _DEFAULTS.get(kind, {}))
        if attributes:
            result["attrs"] = attributes
        children = self._children(node, path, rule, depth)
        if children:
            result["content"] = children
        return result

    def _count(self, path: str, depth: int) -> None:
        self._nodes += 1
        if depth > MAX_DEPTH:
            raise InvalidInput.field(path, f"Nested deeper than {MAX_DEPTH} levels.")
        if self._nodes > MAX_NODES:
            raise InvalidInput.field(path, f"A document holds at most {MAX_NODES} nodes.")

    def _children(self, node: Node, path: str, rule: NodeRule, depth: int) -> list[Node]:
        content = _list(node.get("content"), f"{path}.content")
        if not rule.at_least <= len(content) <= rule.at_most:
            raise InvalidInput.field(
                f"{path}.content",
                f"{node['type']} needs at least one child."
                if len(content) < rule.at_least
                else f"{node['type']} takes at most {rule.at_most} children.",
            )
        return [
            self._node(
                child, f"{path}.content[{i}]", rule.children, depth=depth + 1, marks=rule.marks
            )
            for i, child in enumerate(content)
        ]


def _text_node(node: Node, path: str, *, marks: bool) -> Node:
    _refuse_keys(node, path, ("attrs", "content"))
    text = node.get("text")
    if not isinstance(text, str) or not text:
        raise InvalidInput.field(f"{path}.text", "Text is a string that is not empty.")
    if attribute.NOT_TEXT.search(text):
        raise InvalidInput.field(f"{path}.text", "Text holds a control character; remove it.")
    found = _marks(node, path)
    if found and not marks:
        raise InvalidInput.field(f"{path}.marks", "Text in a code block carries no marks.")
    return (
        {"type": "text", "marks": found, "text": text} if found else {"type": "text", "text": text}
    )


def _marks(node: Node, path: str) -> list[Node]:
    found: dict[str, Node] = {}
    for i, value in enumerate(_list(node.get("marks"), f"{path}.marks")):
        at = f"{path}.marks[{i}]"
        mark = _object(value, at, keys=frozenset({"type", "attrs"}))
        kind = _kind(mark, at, frozenset(MARKS))
        if kind in found:
            raise InvalidInput.field(at, f"The mark {kind} is set twice.")
        attributes = _attributes(mark, at, MARKS[kind], {})
        if kind == "textStyle" and not attributes:
            continue  # TipTap leaves an empty one behind when a colour is removed
        found[kind] = {"type": kind, "attrs": attributes} if attributes else {"type": kind}
    return [found[kind] for kind in MARK_ORDER if kind in found]


def _attributes(
    node: Node, path: str, rule: NodeRule, defaults: Mapping[str, object]
) -> dict[str, object]:
    given = _object(node.get("attrs") or {}, f"{path}.attrs")
    result: dict[str, object] = {}
    for name, value in given.items():
        if value is None or name in rule.ignored:
            continue
        check = rule.attributes.get(name)
        if check is None:
            known = ", ".join(sorted(rule.attributes)) or "none"
            raise InvalidInput.field(
                f"{path}.attrs.{name}",
                f"{node['type']} has no attribute {name!r}; it has: {known}.",
            )
        try:
            result[name] = check(value)
        except ValueError as problem:
            raise InvalidInput.field(f"{path}.attrs.{name}", str(problem)) from None
    for name in sorted(rule.required - result.keys()):
        raise InvalidInput.field(f"{path}.attrs.{name}", f"{node['type']} needs {name!r}.")
    return {name: value for name, value in result.items() if defaults.get(name) != value}


def _kind(node: Node, path: str, allowed: frozenset[str]) -> str:
    kind = node.get("type")
    if isinstance(kind, str) and kind in allowed:
        return kind
    choices = ", ".join(sorted(allowed)) or "nothing"
    raise InvalidInput.field(f"{path}.type", f"{kind!r} is not allowed here; allowed: {choices}.")


def _object(value: object, path: str, keys: frozenset[str] | None = None) -> Node:
    if not isinstance(value, dict):
        raise InvalidInput.field(path, "This is an object.")
    node = cast("Node", value)
    for key in node:
        if not isinstance(key, str) or (keys is not None and key not in keys):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise InvalidInput.field(f"{path}.{key}", "No such field in a document.")
    return node


def _refuse_keys(node: Node, path: str, keys: tuple[str, ...]) -> None:
    for key in keys:
        if node.get(key) is not None:
            raise InvalidInput.field(f"{path}.{key}", f"{node['type']} has no {key!r}.")


def _list(value: object, path: str) -> list[object]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise InvalidInput.field(path, "This is a list.")
    return cast("list[object]", value)
