from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailwright.errors import InvalidInput
from mailwright.mail.document import flags, validate_document, walk
from mailwright.mail.markdown import (
    MARKDOWN_LIMIT_CHARACTERS,
    check_length,
    from_markdown,
    to_markdown,
)
from tests.mail.documents import plain_documents


def content(markdown: str) -> list[dict[str, Any]]:
    return validate_document(from_markdown(markdown)).get("content", [])


def words(markdown: str) -> str:
    return "".join(node.get("text", "") for node in walk(from_markdown(markdown)))


def kinds(markdown: str) -> set[str]:
    nodes = list(walk(from_markdown(markdown)))
    return {n["type"] for n in nodes} | {m["type"] for n in nodes for m in n.get("marks", ())}


@pytest.mark.checklist("Z48")
@settings(max_examples=200, deadline=None)
@given(plain_documents)
def test_a_plain_document_survives_markdown_exactly(document: dict[str, Any]) -> None:
    assert from_markdown(to_markdown(document) or "") == document


_NASTY = st.text(st.sampled_from("*_`[]()<>&#!~|\\+-=:;{}%. \n\tab1\"'"), max_size=60)


@pytest.mark.checklist("Z48")
@settings(max_examples=200, deadline=None)
@given(st.one_of(_NASTY, st.text(max_size=80)))
def test_any_text_gives_a_valid_document_that_reads_back(text: str) -> None:
    document = from_markdown(text)
    assert validate_document(document) == document
    assert from_markdown(to_markdown(document) or "") == document
    assert not flags(document).overwrite_required


@pytest.mark.checklist("Z48")
@pytest.mark.parametrize(
    "markdown",
    [
        "# Spring news\n\nHello **there**, dear *friend*.",
        "- one\n- two\n  - deeper\n- three",
        "3. three\n4. four",
        "> A quote\n>\n> in two paragraphs",
        "```python\nprint('{{ not_touched }}')\n```",
        "![A lamp](https://example.org/lamp.png)",
        "Read [our blog](https://example.org/blog?a=1&b=2).",
        "First\\\nsecond",
        'Hello {{ contact.first_name | default: "friend" }}!\n\n[Leave]({{unsubscribeUrl}})',
        "over\n\n---\n\nunder",
        "It costs 3.50 €, snake_case and 5 x 3 < 20 & more.",
    ],
)
def test_ordinary_markdown_reads_back_word_for_word(markdown: str) -> None:
    assert to_markdown(from_markdown(markdown)) == markdown


@pytest.mark.checklist("Z50")
def test_65000_characters_pass_and_one_more_is_refused() -> None:
    assert MARKDOWN_LIMIT_CHARACTERS == 65_000
    check_length("é" * 65_000)
    with pytest.raises(InvalidInput, match="65001") as caught:
        check_length("é" * 65_001, where="content")
    assert list(caught.value.details) == ["content"]


@pytest.mark.checklist("Z51")
@pytest.mark.parametrize("level", range(1, 7))
def test_headings_of_every_level(level: int) -> None:
    assert content(f"{'#' * level} Title") == [
        {
            "type": "heading",
            "attrs": {"level": level},
            "content": [{"type": "text", "text": "Title"}],
        }
    ]


@pytest.mark.checklist("Z52", "Z53")
def test_bold_italic_and_links_are_marks() -> None:
    (paragraph,) = content("**b** *i* [l **b**](https://example.org)")
    link = {"type": "link", "attrs": {"href": "https://example.org"}}
    assert paragraph["content"] == [
        {"type": "text", "marks": [{"type": "bold"}], "text": "b"},
        {"type": "text", "text": " "},
        {"type": "text", "marks": [{"type": "italic"}], "text": "i"},
        {"type": "text", "text": " "},
        {"type": "text", "marks": [link], "text": "l "},
        {"type": "text", "marks": [link, {"type": "bold"}], "text": "b"},
    ]


@pytest.mark.checklist("Z54")
def test_lists_nest_and_keep_their_first_number() -> None:
    (numbered,) = content("4. four\n5. five\n   - inner")
    assert numbered["type"] == "orderedList"
    assert numbered["attrs"] == {"start": 4}
    assert [node["type"] for node in numbered["content"][1]["content"]] == [
        "paragraph",
        "bulletList",
    ]


@pytest.mark.checklist("Z55", "Z56", "Z58", "Z59")
def test_quotes_code_rules_and_breaks() -> None:
    found = content("> quoted\n\n```py\na = 1\n\n```\n\n    b = 2\n\n---\n\none\\\ntwo  \nthree")
    assert [node["type"] for node in found] == [
        "blockquote",
        "codeBlock",
        "codeBlock",
        "horizontalRule",
        "paragraph",
    ]
    assert found[1]["content"][0]["text"] == "a = 1\n"
    assert found[2]["content"][0]["text"] == "b = 2"
    assert [node["type"] for node in found[4]["content"]] == [
        "text", "hardBreak", "text", "hardBreak", "text",
    ]  # fmt: skip


@pytest.mark.checklist("Z57")
def test_an_image_is_a_block_and_may_be_a_link() -> None:
    found = content('a ![alt *text*](https://e.org/i.png "Title") b')
    assert [node["type"] for node in found] == ["paragraph", "image", "paragraph"]
    assert found[1]["attrs"] == {
        "src": "https://e.org/i.png",
        "alt": "alt text",
        "title": "Title",
    }
    (linked,) = content("[![x](https://e.org/i.png)](https://e.org)")
    assert linked["attrs"]["href"] == "https://e.org"


@pytest.mark.checklist("Z60")
def test_a_table_becomes_paragraphs() -> None:
    table = "| Plan | Price |\n|---|---:|\n| **Free** | 0 |"
    assert kinds(table) == {"doc", "paragraph", "text", "bold"}
    assert words(table) == "Plan – PriceFree – 0"


@pytest.mark.checklist("Z61", "Z63")
@pytest.mark.parametrize("markdown", ["a ~~b~~ c", "a `b` c", "~~a `b` c~~"])
def test_strikethrough_and_inline_code_keep_their_words(markdown: str) -> None:
    assert kinds(markdown) == {"doc", "paragraph", "text"}
    assert words(markdown) == "a b c"


@pytest.mark.checklist("Z62")
def test_a_task_list_becomes_a_plain_list() -> None:
    assert words("- [ ] open\n- [x] done") == "☐ open☑ done"
    assert kinds("- [ ] open") == {"doc", "bulletList", "listItem", "paragraph", "text"}


@pytest.mark.checklist("Z64")
@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("a <b onclick=x()>b</b> c", "a b c"),
        ("<div>\nHello <i>you</i>\n</div>", "Hello you"),
        ("<script>\nalert(1)\n</script>\n\nafter", "after"),
        ("<!-- secret -->\n\nafter", "after"),
        ("<style>p{}</style>\n\nafter", "after"),
    ],
)
def test_raw_html_never_passes(markdown: str, expected: str) -> None:
    assert words(markdown) == expected


def test_merge_tags_survive_text_addresses_tables_and_code() -> None:
    tag = '{{ contact.first_name | default: "a*b*|c" }}'
    (paragraph,) = content(f"**{tag}** [x]({{{{ unsubscribeUrl }}}})")
    assert paragraph["content"][0]["text"] == tag
    assert paragraph["content"][2]["marks"][0]["attrs"]["href"] == "{{ unsubscribeUrl }}"
    assert words(f"| a |\n|---|\n| {tag} |") == f"a{tag}"
    assert words(f"`{tag}`") == tag
    assert words(f"    {tag}") == tag


def test_a_link_that_leads_nowhere_keeps_its_words() -> None:
    assert kinds("[x](javascript:alert(1)) [y](#top)") == {"doc", "paragraph", "text"}
    assert words("![alt](data:image/png;base64,AAAA)") == "alt"


def test_a_link_without_scheme_gets_https() -> None:
    (paragraph,) = content("[us](www.example.org/a)")
    assert paragraph["content"][0]["marks"][0]["attrs"]["href"] == "https://www.example.org/a"


@pytest.mark.checklist("Z67")
def test_a_rich_document_is_approximated() -> None:
    text = {"type": "paragraph", "content": [{"type": "text", "text": "left"}]}
    links = [
        {"network": "x", "href": "https://x.com/a"},
        {"network": "github", "href": "https://g.co"},
    ]
    countdown = {"type": "countdown", "attrs": {"endsAt": "2027-05-01T18:00:00Z"}}
    button = {"type": "button", "attrs": {"text": "Go!", "href": "https://example.org"}}
    document = {
        "type": "doc",
        "content": [
            {"type": "columns", "content": [{"type": "column", "content": [text, button]}]},
            {"type": "socialLinks", "attrs": {"links": links}},
            countdown,
        ],
    }
    expected = "left\n\n[Go!](https://example.org)\n\n[X](https://x.com/a) · [GitHub](https://g.co)"
    assert to_markdown(validate_document(document)) == expected
    assert to_markdown({"type": "doc", "content": [countdown, {"type": "spacer"}]}) is None
    assert to_markdown(None) is None


def test_nesting_without_end_is_cut_not_crashed() -> None:
    for markdown in ("> " * 5_000 + "x", "- " * 5_000 + "x", "*" * 60_000, "[" * 60_000):
        validate_document(from_markdown(markdown))
