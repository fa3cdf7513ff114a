from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from mailwright.errors import InvalidInput
from mailwright.mail.document import MAX_DEPTH, BodyFlags, flags, validate_document, walk
from tests.mail.documents import plain_documents


def doc(*content: dict[str, Any]) -> dict[str, Any]:
    return {"type": "doc", "content": list(content)}


def text(words: str, *marks: dict[str, Any]) -> dict[str, Any]:
    return {"type": "text", **({"marks": list(marks)} if marks else {}), "text": words}


def paragraph(*content: dict[str, Any], **attrs: Any) -> dict[str, Any]:
    return {"type": "paragraph", **({"attrs": attrs} if attrs else {}), "content": list(content)}


COLUMNS: dict[str, Any] = {
    "type": "columns",
    "content": [{"type": "column", "content": [paragraph(text("left"))]}, {"type": "column"}],
}
SOCIAL: dict[str, Any] = {
    "type": "socialLinks",
    "attrs": {"links": [{"network": "github", "href": "https://github.com/example"}]},
}
COUNTDOWN: dict[str, Any] = {"type": "countdown", "attrs": {"endsAt": "2027-05-01T18:00:00Z"}}
BUTTON: dict[str, Any] = {"type": "button", "attrs": {"text": "Go", "href": "https://example.org"}}


def image(**attrs: Any) -> dict[str, Any]:
    return {"type": "image", "attrs": {"src": "https://example.org/a.png", **attrs}}


@given(plain_documents)
def test_a_document_in_normal_form_is_returned_as_it_is(document: dict[str, Any]) -> None:
    assert validate_document(document) == document


def test_what_tiptap_adds_by_itself_is_dropped() -> None:
    link = {"type": "link", "attrs": {"href": "https://e.org", "target": "_blank", "class": None}}
    bold = {"type": "bold"}
    given = doc(
        paragraph(text("a", bold, link, {"type": "textStyle", "attrs": {"color": None}})),
        {"type": "orderedList", "attrs": {"start": 1, "type": None}, "content": [item("x")]},
    )
    clean_link = {"type": "link", "attrs": {"href": "https://e.org"}}
    assert validate_document(given) == doc(
        paragraph(text("a", clean_link, bold)), {"type": "orderedList", "content": [item("x")]}
    )


def item(words: str) -> dict[str, Any]:
    return {"type": "listItem", "content": [paragraph(text(words))]}


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ("text", "document"),
        ({"type": "paragraph"}, "document"),
        (doc({"type": "table"}), "document.content[0].type"),
        (doc(text("loose")), "document.content[0].type"),
        (doc({"type": "heading", "attrs": {"level": 7}}), "document.content[0].attrs.level"),
        (doc({"type": "heading", "attrs": {"level": True}}), "document.content[0].attrs.level"),
        (doc({"type": "heading"}), "document.content[0].attrs.level"),
        (doc(paragraph(text(""))), "document.content[0].content[0].text"),
        (doc(paragraph(text("a\0b"))), "document.content[0].content[0].text"),
        (doc(paragraph(text("\ud800"))), "document.content[0].content[0].text"),
        (doc(paragraph(colour="red")), "document.content[0].attrs.colour"),
        (doc({"type": "bulletList"}), "document.content[0].content"),
        (doc({"type": "columns", "content": [{"type": "column"}] * 5}),
         "document.content[0].content"),
        (doc({**COLUMNS, "content": [{"type": "column", "content": [COLUMNS]}]}),
         "document.content[0].content[0].content[0].type"),
        (doc(paragraph(text("x", {"type": "underline"}))),
         "document.content[0].content[0].marks[0].type"),
        (doc(paragraph(text("x", {"type": "bold"}, {"type": "bold"}))),
         "document.content[0].content[0].marks[1]"),
        (doc({"type": "codeBlock", "content": [text("x", {"type": "bold"})]}),
         "document.content[0].content[0].marks"),
        (doc({"type": "paragraph", "extra": 1}), "document.content[0].extra"),
        (doc({"type": "countdown", "attrs": {"endsAt": "2027-05-01T18:00:00"}}),
         "document.content[0].attrs.endsAt"),
        (doc({"type": "socialLinks", "attrs": {"links": []}}), "document.content[0].attrs.links"),
        (doc(paragraph(text("x", {"type": "textStyle", "attrs": {"color": "red;x:url(//e)"}}))),
         "document.content[0].content[0].marks[0].attrs.color"),
    ],
)  # fmt: skip
def test_a_fault_is_named_by_its_path(document: object, path: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        validate_document(document)
    assert list(caught.value.details) == [path]


@pytest.mark.parametrize(
    "href",
    [
        "https://example.org/a?b=1&c=2#d",
        "HTTP://EXAMPLE.ORG",
        "mailto:a@example.org",
        "{{ unsubscribeUrl }}",
        'https://example.org/{{ attributes.plan | default: "free plan" }}/x',
        "https://example.org/" + "x" * 2000,
    ],
)
def test_web_mail_and_merge_tag_addresses_are_taken(href: str) -> None:
    validate_document(doc(paragraph(text("x", {"type": "link", "attrs": {"href": href}}))))


@pytest.mark.parametrize(
    "href",
    ["javascript:alert(1)", " java\nscript:x", "data:text/html,x", "/relative", "#top", "",
     "https://example.org/a b", 'https://example.org/"onclick=x', "https://e.org/{{ open", "tel:1"],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["link", "image", "button"])
def test_other_addresses_are_refused(href: str, kind: str) -> None:
    node = {
        "link": paragraph(text("x", {"type": "link", "attrs": {"href": href}})),
        "image": {"type": "image", "attrs": {"src": href}},
        "button": {"type": "button", "attrs": {"text": "x", "href": href}},
    }[kind]
    with pytest.raises(InvalidInput):
        validate_document(doc(node))


def test_depth_and_number_of_nodes_are_limited() -> None:
    deep: dict[str, Any] = paragraph(text("x"))
    for _ in range(MAX_DEPTH):
        deep = {"type": "blockquote", "content": [deep]}
    with pytest.raises(InvalidInput, match="Nested deeper"):
        validate_document(doc(deep))
    with pytest.raises(InvalidInput, match="at most 20000"):
        validate_document(doc(*[{"type": "horizontalRule"}] * 20_001))


def test_a_document_a_hundred_thousand_levels_deep_is_refused_without_harm() -> None:
    deep: dict[str, Any] = {"type": "paragraph"}
    for _ in range(100_000):
        deep = {"type": "blockquote", "content": [deep]}
    with pytest.raises(InvalidInput, match="Nested deeper"):
        validate_document(doc(deep))
    while deep:  # take it apart: freeing it in one go would overflow the interpreter's own stack
        deep = deep.pop("content", [{}])[0]


def test_walk_yields_parents_before_children_in_reading_order() -> None:
    document = doc(paragraph(text("a"), text("b")), image())
    kinds = [node["type"] for node in walk(document)]
    assert kinds == ["doc", "paragraph", "text", "text", "image"]


PLAIN = BodyFlags(editable_via_api=True, overwrite_required=False)
STYLED = BodyFlags(editable_via_api=True, overwrite_required=True)
LAYOUT = BodyFlags(editable_via_api=False, overwrite_required=True)
RED: dict[str, Any] = {"type": "textStyle", "attrs": {"color": "#ff0000"}}
SERIF: dict[str, Any] = {"type": "textStyle", "attrs": {"fontFamily": "Georgia, serif"}}


@pytest.mark.checklist("Z66", "Z68")
@pytest.mark.parametrize(
    ("node", "expected"),
    [
        (paragraph(text("x", {"type": "bold"})), PLAIN),
        (image(), PLAIN),
        (image(alt="x", href="https://e.org"), PLAIN),
        (COLUMNS, LAYOUT),
        (SOCIAL, LAYOUT),
        (COUNTDOWN, LAYOUT),
        (BUTTON, STYLED),
        ({"type": "spacer"}, STYLED),
        (paragraph(text("x", RED)), STYLED),
        (paragraph(text("x", SERIF)), STYLED),
        (image(width=200), STYLED),
        (image(align="center"), STYLED),
        (image(radius=8), STYLED),
        (paragraph(text("x"), textAlign="center"), STYLED),
        (paragraph(text("x"), backgroundColor="#eee"), STYLED),
    ],
)
def test_flags_follow_from_the_nodes_and_marks_present(
    node: dict[str, Any], expected: BodyFlags
) -> None:
    assert flags(validate_document(doc(paragraph(text("first")), node))) == expected


def test_no_body_is_plain() -> None:
    assert flags(None) == PLAIN
