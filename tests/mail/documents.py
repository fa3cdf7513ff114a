"""Hypothesis strategies for documents: plain ones in the normal form that Markdown can carry."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from mailwright.mail.document import MARK_ORDER, Document, Node

TAGS = ("{{ contact.first_name }}", '{{ first_name | default: "a*b_c" }}', "{% if email %}")
LINKS = (
    "https://example.org/",
    "http://example.org/a_(b)?x=1&lt;=2&y=*#frag",
    "mailto:someone@example.org",
    "{{unsubscribeUrl}}",
    'https://example.org/{{ attributes.plan | default: "free plan" }}?x=1',
)
_MARKUP = "*_`[]()<>&#!~|\\+-=:;{}%.\"' \u00a0\tabcé1"
words = st.one_of(
    st.text(st.sampled_from(_MARKUP), min_size=1, max_size=8),
    st.text(st.characters(exclude_categories=["Cc", "Cs", "Co", "Cn"]), min_size=1, max_size=8),
    st.sampled_from(TAGS),
    st.sampled_from(("1. x", "- x", "---", "===", "&copy;", "<b>", "    x", "| a | b |", "~~~")),
)


@st.composite
def _marks(draw: st.DrawFn) -> list[Node]:
    kinds = draw(st.sets(st.sampled_from(("link", "bold", "italic"))))
    found: list[Node] = [{"type": kind} for kind in MARK_ORDER if kind in kinds]
    for mark in found:
        if mark["type"] == "link":
            mark["attrs"] = {"href": draw(st.sampled_from(LINKS))}
    return found


@st.composite
def inline(draw: st.DrawFn, *, breaks: bool) -> list[Node]:
    """Text in normal form: no two neighbours alike, no break at an end, not only blanks."""
    found: list[Node] = []
    for text in draw(st.lists(words, min_size=1, max_size=5)):
        marks = draw(_marks())
        if found and found[-1]["type"] == "text" and found[-1].get("marks", []) == marks:
            found[-1]["text"] += text
        else:
            found.append({"type": "text", **({"marks": marks} if marks else {}), "text": text})
        if breaks and draw(st.integers(0, 4)) == 0:
            found.append({"type": "hardBreak"})
    if found[-1]["type"] == "hardBreak":
        found.pop()
    if not any(node.get("text", "").strip() for node in found):
        return [{"type": "text", "text": "x"}]
    return found


@st.composite
def paragraphs(draw: st.DrawFn) -> Node:
    return {"type": "paragraph", "content": draw(inline(breaks=True))}


@st.composite
def headings(draw: st.DrawFn) -> Node:
    node: Node = {"type": "heading", "attrs": {"level": draw(st.integers(1, 6))}}
    if draw(st.booleans()):
        node["content"] = draw(inline(breaks=False))
    return node


@st.composite
def code_blocks(draw: st.DrawFn) -> Node:
    node: Node = {"type": "codeBlock"}
    language = draw(st.sampled_from(("", "python", "c++")))
    if language:
        node["attrs"] = {"language": language}
    text = draw(st.text(st.sampled_from("ab`~{}*<&#- \n"), max_size=20))
    if text:
        node["content"] = [{"type": "text", "text": text}]
    return node


@st.composite
def images(draw: st.DrawFn) -> Node:
    attributes: dict[str, Any] = {"src": draw(st.sampled_from((LINKS[0], LINKS[1], LINKS[3])))}
    for name in ("alt", "title"):
        text = draw(st.one_of(st.just(""), words)).replace("\t", " ")
        if text.strip():
            attributes[name] = text
    if draw(st.booleans()):
        attributes["href"] = draw(st.sampled_from(LINKS))
    return {"type": "image", "attrs": attributes}


def _empty_paragraph() -> st.SearchStrategy[list[Node]]:
    return st.just([{"type": "paragraph"}])


def _containers(children: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    held = st.one_of(_empty_paragraph(), st.lists(children, min_size=1, max_size=3))
    items = st.lists(
        held.map(lambda content: {"type": "listItem", "content": content}), min_size=1, max_size=3
    )
    return st.one_of(
        held.map(lambda content: {"type": "blockquote", "content": content}),
        items.map(lambda content: {"type": "bulletList", "content": content}),
        st.tuples(st.sampled_from((1, 0, 7)), items).map(_ordered),
    )


def _ordered(drawn: tuple[int, list[Node]]) -> Node:
    start, items = drawn
    attributes = {} if start == 1 else {"attrs": {"start": start}}
    return {"type": "orderedList", **attributes, "content": items}


blocks: st.SearchStrategy[Node] = st.recursive(
    st.one_of(
        paragraphs(), headings(), code_blocks(), images(), st.just({"type": "horizontalRule"})
    ),
    _containers,
    max_leaves=8,
)


def _document(content: list[Node]) -> Document:
    return {"type": "doc", "content": content} if content else {"type": "doc"}


plain_documents: st.SearchStrategy[Document] = st.lists(blocks, max_size=4).map(_document)
