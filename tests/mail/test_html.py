from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from selectolax.lexbor import LexborHTMLParser

from mailwright.errors import InvalidInput
from mailwright.mail.document import validate_document
from mailwright.mail.html import (
    ensure_unsubscribe_footer,
    prepare_html,
    render_document,
    sanitize_preview,
    with_preheader,
)
from mailwright.mail.html_footer import WORDS
from mailwright.mail.markdown import from_markdown
from mailwright.mail.merge import check, compile_template, values_for
from tests.mail.documents import plain_documents

NEWSLETTER = Path(__file__).parents[2] / "examples" / "newsletter.md"


def page(
    markdown: str, *, preheader: str | None = None, language: str = "en", title: str = ""
) -> str:
    document = from_markdown(markdown)
    return render_document(document, preheader=preheader, language=language, title=title)


def parsed(html: str) -> LexborHTMLParser:
    return LexborHTMLParser(html)


def node(kind: str, *content: dict[str, Any], **attrs: Any) -> dict[str, Any]:
    return {"type": kind, "attrs": attrs, "content": list(content)}


def text(words: str, *marks: dict[str, Any]) -> dict[str, Any]:
    return {"type": "text", "marks": list(marks), "text": words}


def rich_page(*content: dict[str, Any], language: str = "en") -> str:
    document = validate_document({"type": "doc", "content": list(content)})
    return render_document(document, preheader=None, language=language)


# ---- Markdown constructs -------------------------------------------------------------------------


@pytest.mark.checklist("Z51", "Z52", "Z53", "Z54", "Z55", "Z56", "Z57", "Z58", "Z59")
@pytest.mark.parametrize(
    ("markdown", "selector"),
    [
        *[(f"{'#' * level} Title", f"h{level}") for level in range(1, 7)],
        ("**strong**", "p > strong"),
        ("*soft*", "p > em"),
        ("[x](https://example.org/?a=1&b=2)", 'a[href="https://example.org/?a=1&b=2"]'),
        ("- a\n  - b", "ul > li > ul > li"),
        ("3. a\n4. b", 'ol[start="3"] > li'),
        ("> quoted", "blockquote > p"),
        ("```\ncode\n```", "pre"),
        ("    code", "pre"),
        (
            '![Alt](https://example.org/i.png "T")',
            'img[src="https://example.org/i.png"][alt="Alt"]',
        ),
        ("[![A](https://e.org/i.png)](https://e.org)", 'a[href="https://e.org"] > img'),
        ("a\n\n---\n\nb", 'p[style*="border-top"]'),
        ("a\\\nb", "p > br"),
    ],
)
def test_each_construct_renders(markdown: str, selector: str) -> None:
    assert parsed(page(markdown)).css_first(selector) is not None


@pytest.mark.checklist("Z64")
def test_what_looks_like_html_in_text_is_shown_not_run() -> None:
    html = page("\\<script>alert(1)\\</script> <b onclick=x>bold</b>")
    tree = parsed(html)
    assert tree.css_first("script") is None
    assert "onclick" not in html
    assert "<script>alert(1)</script>" in (tree.body.text() if tree.body else "")


@settings(max_examples=60, deadline=None)
@given(plain_documents)
def test_every_plain_document_renders_with_its_words(document: dict[str, Any]) -> None:
    html = render_document(document, preheader=None)
    tree = parsed(html)
    assert tree.body is not None
    assert "\U000f0000" not in html
    assert html.count("<body") == 1


# ---- the page ------------------------------------------------------------------------------------


def test_the_page_holds_in_clients_that_cut_style_sheets() -> None:
    html = page("# Title\n\nHello [x](https://example.org)")
    tree = parsed(html)
    for selector in ("h1", "p", "a"):
        found = tree.css_first(selector)
        assert found is not None
        assert "font-size" in (found.attributes["style"] or "") or selector == "a"
    assert "<!--[if mso" in html  # tables for Outlook
    assert 'name="viewport"' in html
    assert 'content="light dark"' in html
    assert "prefers-color-scheme: dark" in html
    assert "max-width:600px" in html.replace(" ", "")
    assert len(html) < 102_000  # Gmail clips beyond


def test_the_page_carries_its_language_and_title() -> None:
    html = page("Bonjour", language="fr", title="Lettre & co")
    assert '<html lang="fr"' in html
    assert "<title>Lettre &amp; co</title>" in html


def test_merge_tags_survive_in_text_and_addresses() -> None:
    html = page(
        'Hi {{ contact.first_name | default: "dear friend" }}, [out]({{ unsubscribeUrl }}) '
        "![x](https://e.org/{{ attributes.pic }}.png) [shop](https://e.org/?c={{ email }}&a=1)"
    )
    assert check(html, where="html") == []
    values = values_for(
        {"email": "a@b.c", "first_name": "<Ana>", "attributes": {"pic": "7"}},
        {"unsubscribeUrl": "https://u.example/?a=1&b=2"},
    )
    tree = parsed(compile_template(html, escape="html").render(values))
    assert "Hi <Ana>," in (tree.body.text() if tree.body else "")
    hrefs = [a.attributes["href"] for a in tree.css("a")]
    assert hrefs == ["https://u.example/?a=1&b=2", "https://e.org/?c=a@b.c&a=1"]
    image = tree.css_first("img")
    assert image is not None
    assert image.attributes["src"] == "https://e.org/7.png"


def test_logic_between_paragraphs_leaves_no_empty_ones() -> None:
    html = page("{% if attributes.vip %}\n\nDear **VIP**\n\n{% endif %}\n\nBye")
    template = compile_template(html, escape="html")
    vip = parsed(template.render(values_for({"attributes": {"vip": True}}, {})))
    other = parsed(template.render(values_for({}, {})))
    assert [p.text() for p in vip.css("p")] == ["Dear VIP", "Bye"]
    assert [p.text() for p in other.css("p")] == ["Bye"]


def test_rich_blocks_render() -> None:
    html = rich_page(
        node(
            "columns",
            node("column", node("paragraph", text("left"))),
            node("column", node("paragraph", text("right"))),
        ),
        node("button", text="Go é", href="https://e.org/{{ email }}", backgroundColor="#0f766e"),
        node("socialLinks", links=[{"network": "github", "href": "https://github.com/e"}]),
        node("countdown", endsAt="2027-05-01T18:00:00Z", label="Sale"),
        node("spacer", height=33),
        node("image", src="https://e.org/ü.png", alt="Ünï “q”", width=200, radius=3, align="left"),
        node("paragraph", text("red", {"type": "textStyle", "attrs": {"color": "#ff0000"}})),
    )
    tree = parsed(html)
    assert len(tree.css('div[class*="mj-column-per-50"]')) == 2
    button = tree.css_first('a[href="https://e.org/{{ email }}"]')
    assert button is not None
    assert button.text() == "Go é"
    assert "#0f766e" in (button.attributes["style"] or "")
    assert tree.css_first('a[href="https://github.com/e"]') is not None
    assert "Ends on May 1, 2027, 18:00 UTC" in html
    assert "height:33px" in html
    image = tree.css_first("img")
    assert image is not None
    assert image.attributes["alt"] == "Ünï “q”"
    assert image.attributes["width"] == "200"
    assert image.attributes["src"] == "https://e.org/ü.png"
    assert 'style="color:#ff0000' in html.replace(": ", ":")


def test_coloured_blocks_keep_dark_ink_in_dark_mode() -> None:
    column = node("column", node("paragraph", text("in a column")))
    html = rich_page(
        node("paragraph", text("note"), backgroundColor="#fef3c7"),
        node("columns", column, column, backgroundColor="#e0f2fe"),
    )
    assert parsed(html).css_first('div.n[style*="#e0f2fe"] p') is not None
    note = parsed(html).css_first('p.n[style*="#fef3c7"]')
    assert note is not None
    assert ".n p" in html[html.index("prefers-color-scheme") :]


def test_a_countdown_speaks_the_readers_language() -> None:
    countdown = node("countdown", endsAt="2027-05-01T18:00:00+02:00")
    assert "Endet am 1. Mai 2027, 18:00 UTC+02:00" in rich_page(countdown, language="de-AT")
    assert "Ends on May 1, 2027" in rich_page(countdown, language="xx")


def test_an_empty_document_is_an_empty_page() -> None:
    assert parsed(page("")).body is not None


def test_the_sample_newsletter_is_valid_in_every_way() -> None:
    markdown = NEWSLETTER.read_text(encoding="utf-8")
    html = page(markdown)
    assert check(markdown, where="content") == []
    assert check(html, where="html") == []
    assert 2_000 <= len(markdown) <= 4_000


# ---- preheader -----------------------------------------------------------------------------------


@pytest.mark.checklist("Z12")
def test_the_preheader_is_the_first_text_and_hidden() -> None:
    html = page("# Title", preheader='News & {{ first_name | default: "more" }} <b>')
    body = html[html.index("<body") :]
    first = re.search(r"^<body[^>]*>(<div style=\"([^\"]*)\">(.*?)</div>)", body)
    assert first is not None
    assert "display:none" in first.group(2)
    assert first.group(3).startswith('News &amp; {{ first_name | default: "more" }} &lt;b&gt;')
    # An inbox shows about 150 characters: the padding must outlast it.
    assert first.group(3).count("&zwnj;") >= 80


@pytest.mark.parametrize("preheader", [None, "", "   "])
def test_no_preheader_leaves_the_page_alone(preheader: str | None) -> None:
    assert with_preheader("<p>x</p>", preheader) == "<p>x</p>"


# ---- footer --------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", list(WORDS))
def test_a_body_without_way_out_gets_one(language: str) -> None:
    html, plain = ensure_unsubscribe_footer(
        "<html><body><p>x</p></body></html>", "x", language=language
    )
    assert html is not None
    assert html.index("unsubscribeUrl") < html.index("</body>")
    assert WORDS[language][1] in html
    assert f"{WORDS[language][1]}: {{{{unsubscribeUrl}}}}" in plain


def test_a_body_with_a_way_out_is_left_alone() -> None:
    html, plain = "<a href='{{ unsubscribe_url }}'>x</a>", "{{unsubscribeUrl}}"
    assert ensure_unsubscribe_footer(html, plain, language="en") == (html, plain)
    assert ensure_unsubscribe_footer(None, plain, language="en") == (None, plain)


def test_only_the_part_that_lacks_the_way_out_gets_it() -> None:
    html, plain = ensure_unsubscribe_footer("<p>x</p>", "{{unsubscribeUrl}}", language="pt-BR")
    assert html is not None
    assert "Cancelar a subscrição" in html
    assert plain == "{{unsubscribeUrl}}"


ADDRESS = "Ada & Sons\n1 High Street <b>\r\n\nHarbour"


@pytest.mark.checklist("OUT-11")
def test_the_senders_address_stands_at_the_foot() -> None:
    html, plain = ensure_unsubscribe_footer(
        "<html><body><p>x</p></body></html>", "x", postal_address=ADDRESS
    )
    assert html is not None
    shown = "Ada &amp; Sons<br>1 High Street &lt;b&gt;<br>Harbour</p>"
    assert html.index("unsubscribeUrl") < html.index(shown) < html.index("</body>")
    assert plain.endswith("{{unsubscribeUrl}}\n\nAda & Sons\n1 High Street <b>\nHarbour\n")


@pytest.mark.checklist("OUT-11")
def test_a_body_that_says_the_address_itself_is_left_alone() -> None:
    html = (
        "<html><body><a href='{{unsubscribeUrl}}'>x</a><table><tr><td>ADA &amp; Sons</td>"
        "<td>1 High Street &lt;b&gt;, Harbour</td></tr></table></body></html>"
    )
    plain = "{{unsubscribeUrl}} ada & sons - 1 High Street <b> - Harbour"
    assert ensure_unsubscribe_footer(html, plain, postal_address=ADDRESS) == (html, plain)
    hidden = html.replace("<table>", "<style>Ada{}</style><!-- ").replace("</table>", " -->")
    assert ensure_unsubscribe_footer(hidden, plain, postal_address=ADDRESS) != (hidden, plain)


@pytest.mark.parametrize("address", [None, "", " \n "])
def test_without_an_address_nothing_is_added(address: str | None) -> None:
    html, plain = "<p>{{unsubscribeUrl}}</p>", "{{unsubscribeUrl}}"
    assert ensure_unsubscribe_footer(html, plain, postal_address=address) == (html, plain)


def test_an_address_begins_no_merge_tag() -> None:
    html, plain = ensure_unsubscribe_footer(
        "<p>{{unsubscribeUrl}}</p>", "{{unsubscribeUrl}}", postal_address="{{ x }} {% y %}"
    )
    assert html is not None
    assert "((" in html
    assert plain.endswith("(( x )) (% y %)\n")


# ---- raw HTML and previews -----------------------------------------------------------------------

RAW = """<html><head><link rel="stylesheet" href="http://127.0.0.1:9/x.css">
<style>p { color: red } @media (max-width: 400px) { p { color: blue } }</style></head>
<body><!--[if mso]><table><tr><td><![endif]--><p>Hi {{ first_name | default: "x < y" }}</p>
<a href="https://e.org/{{ attributes.plan | default: 'a b' }}">x</a></body></html>"""


def test_raw_html_is_inlined_without_a_request() -> None:
    html = prepare_html(RAW)  # a request to the closed port would raise
    assert '<p style="color: red' in html
    assert "@media" in html
    assert "<!--[if mso]><table><tr><td><![endif]-->" in html
    assert "{{ first_name | default: 'x < y' }}" in html
    assert "https://e.org/{{ attributes.plan | default: 'a b' }}" in html


def test_entities_inside_merge_tags_are_mended() -> None:
    html = prepare_html('<a href="{{ attributes.a | default: &quot;https://e.org&quot; }}">x</a>')
    assert "{{ attributes.a | default: 'https://e.org' }}" in html
    assert check(html, where="html") == []


@pytest.mark.parametrize("bomb", ["<div>", "<table><tr><td>", "<b><p>", "<a href='https://e.org'>"])
def test_pages_nested_without_end_are_refused_before_they_can_crash_us(bomb: str) -> None:
    with suppress(InvalidInput):
        prepare_html(bomb * 100_000)
    assert sanitize_preview(bomb * 100_000)
    assert "x" in prepare_html("<div>" * 400 + "x")


def test_a_raw_fragment_becomes_a_page() -> None:
    assert "<body><p>Hi {{ x }}</p></body>" in prepare_html("<p>Hi {{ x }}</p>")


@pytest.mark.parametrize(
    "payload",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<a href='javascript:alert(1)'>x</a>",
        "<a href='java&#10;script:alert(1)'>x</a>",
        "<svg onload=alert(1)><script>alert(1)</script></svg>",
        "<math><mtext><style><img src=x onerror=alert(1)></style></mtext></math>",
        "<iframe src='https://e.org'></iframe><object data=x></object><embed src=x>",
        "<form action='https://e.org'><input name=x><button>go</button></form>",
        "<p style='background:url(javascript:alert(1))'>x</p>",
        "<p style='color:red;background-color:url(//e.org)'>x</p>",
        "<meta http-equiv=refresh content='0;url=//e.org'><base href='//e.org'>",
        "<!--[if mso]><img src=x onerror=alert(1)><![endif]-->",
        "<div id=x class=y name=z>x</div>",
    ],
)
def test_previews_hold_nothing_that_acts(payload: str) -> None:
    html = sanitize_preview(f"<p style='color:red'>before</p>{payload}<p>after</p>")
    assert "before" in html
    assert "after" in html
    assert 'style="color:red"' in html
    for word in ("script", "onerror", "onload", "iframe", "form", "url(", "svg", "math", "<!--"):
        assert word not in html
    assert "class=" not in html


def test_previews_keep_the_look_of_a_mail() -> None:
    html = sanitize_preview(page("# Title\n\nHello **you** [x](https://e.org)", preheader="pre"))
    assert "font-size:30px" in html.replace(": ", ":")
    assert 'href="https://e.org"' in html
    assert "<table" in html
