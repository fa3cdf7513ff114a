from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from mailwright.mail.document import validate_document
from mailwright.mail.html import render_document
from mailwright.mail.markdown import from_markdown
from mailwright.mail.plain_text import from_document, from_html
from tests.mail.documents import plain_documents

NEWSLETTER = Path(__file__).parents[2] / "examples" / "newsletter.md"


def text(markdown: str) -> str:
    return from_document(from_markdown(markdown))


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("# Title\n\n## Sub\n\n### Small", "Title\n=====\n\nSub\n---\n\nSmall\n"),
        ("**b** and *i* and `c`", "b and i and c\n"),
        ("see [our site](https://e.org/a?b=1&c=2).", "see our site (https://e.org/a?b=1&c=2).\n"),
        (
            "[https://e.org](https://e.org) [e.org](https://e.org/)",
            "https://e.org https://e.org/\n",
        ),
        ("[**bold** and *more*](https://e.org)", "bold and more (https://e.org)\n"),
        ("[write](mailto:a@b.c)", "write (a@b.c)\n"),
        ("- a\n- b\n  - c\n- d", "- a\n- b\n  - c\n- d\n"),
        ("9. a\n10. b", "9. a\n10. b\n"),
        ("> q\n>\n> r", "> q\n>\n> r\n"),
        ("```\na\n  b\n```", "    a\n      b\n"),
        ("![Alt](https://e.org/i.png)", "[Alt]\n"),
        ("[![Alt](https://e.org/i.png)](https://e.org)", "[Alt] (https://e.org)\n"),
        ("a\n\n---\n\nb", "a\n\n------------------------\n\nb\n"),
        ("a\\\nb", "a\nb\n"),
        ("", "\n"),
    ],
)
def test_documents_read_like_a_letter(markdown: str, expected: str) -> None:
    assert text(markdown) == expected


def test_rich_blocks_have_words_too() -> None:
    document = {
        "type": "doc",
        "content": [
            {"type": "button", "attrs": {"text": "Buy now", "href": "https://e.org/buy"}},
            {"type": "countdown", "attrs": {"endsAt": "2027-05-01T18:00:00Z", "label": "Sale"}},
            {"type": "spacer"},
            {
                "type": "socialLinks",
                "attrs": {"links": [{"network": "youtube", "href": "https://y.example"}]},
            },
        ],
    }
    assert from_document(validate_document(document), language="fr") == (
        "Buy now:\nhttps://e.org/buy\n\nSale\nSe termine le 1 mai 2027, 18:00 UTC\n\n"
        "YouTube: https://y.example\n"
    )


def test_lines_are_wrapped_and_merge_tags_and_addresses_are_not_broken() -> None:
    tag = '{{ contact.first_name | default: "a dear friend of ours" }}'
    address = "https://example.org/" + "x" * 100
    found = text(f"{'word ' * 30}{tag} {'word ' * 12}[link]({address}) {'word ' * 12}")
    assert tag in found
    assert f"({address})" in found
    assert all(
        len(line) <= 72 for line in found.split("\n") if "{{" not in line and "x" not in line
    )


@settings(max_examples=100, deadline=None)
@given(plain_documents)
def test_every_word_of_a_document_is_in_its_text(document: dict[str, Any]) -> None:
    found = from_document(document)
    assert found.endswith("\n")
    assert not any(0xF0000 <= ord(c) < 0x100000 for c in found)


def test_html_of_others_is_read_in_order() -> None:
    html = """<html><head><title>no</title><style>p{}</style></head><body>
    <div style="display:none">preheader</div><h1>Big   news</h1>
    <p>Hello <b>{{ first_name | default: "you" }}</b>,<br>welcome.</p>
    <ul><li>one</li><li>two <a href="https://e.org/?a=1&amp;b=2">here</a></li></ul>
    <table><tr><td>left</td><td>right</td></tr></table><hr><img src=x alt="A lamp">
    <script>no()</script><a href="#top">top</a></body></html>"""
    found = from_html(html)
    assert found == (
        "Big news\n\n"
        'Hello {{ first_name | default: "you" }},\nwelcome.\n\n'
        "- one\n\n- two here (https://e.org/?a=1&b=2)\n\n"
        "left right\n\n"
        "------------------------\n\n[A lamp] top\n"
    )


def test_the_text_of_our_own_html_has_the_words_of_the_document() -> None:
    document = from_markdown(NEWSLETTER.read_text(encoding="utf-8"))
    ours = from_document(document)
    read = from_html(render_document(document, preheader="hidden"))
    assert "hidden" not in read
    for words in ("Slow mornings, good bread", "1 spoon of honey", "{{unsubscribeUrl}}"):
        assert words in ours
        assert words in read


def test_html_nested_without_end_does_not_crash() -> None:
    assert from_html("<div>" * 5_000 + "x") == "x\n"
