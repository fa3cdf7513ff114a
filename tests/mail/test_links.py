from __future__ import annotations

from html import escape

import pytest
from selectolax.lexbor import LexborHTMLParser

from mailwright.mail.links import compile_address, extract, pixel_slot, slot_links
from mailwright.mail.merge import compile_template, values_for
from mailwright.mail.merge_tags import StandIns

VALUES = values_for(
    {
        "email": "a+b@example.org",
        "attributes": {
            "shop": "my.shop.example", "site": "https://ana.example/x?y=1", "path": "a/b c",
            "bare": "www.example.org/x", "evil": "javascript:alert(1)", "data": "data:text/html,x",
        },
    },
    {"unsubscribeUrl": "https://u.example"},
)  # fmt: skip

# What broke elsewhere: fragments, entities, non-ASCII, long ones, templated hosts, doubled dots.
CORPUS = [
    "https://example.org",
    "http://example.org/a..b/./c?utm_source=a&utm_medium=b#part-2",
    "https://example.org/?q=a&copy=1&lt=2&amp;x=3",
    "https://münchen.example/straße?ö=ü#ß",
    "https://example.org/" + "x" * 2_000,
    "https://example.org/a%20b?c=%E2%82%AC&d=%2F",
    "https://example.org/(a)_[b]?x={1}",
    "HTTPS://EXAMPLE.ORG/CaSe",
    "https://user@example.org:8443/~x;y=1,2!$*'",
    "https://{{ attributes.shop }}/cart?mail={{ email }}",
    '{{ attributes.site | default: "https://fallback.example/?a=1" }}/x',
    "https://example.org/{% if attributes.vip %}gold{% else %}free{% endif %}",
]


def in_attribute(address: str) -> str:
    """Escaped, but for the merge tags, which stand in a template as they are."""
    stand_ins = StandIns()
    return stand_ins.restore(escape(stand_ins.hide(address)))


def page(*addresses: str) -> str:
    links = "".join(f'<a class="x" href="{in_attribute(a)}">l</a>' for a in addresses)
    return f"<!DOCTYPE html><html><head></head><body>{links}</body></html>"


@pytest.mark.parametrize("address", CORPUS)
def test_the_corpus_comes_out_as_it_went_in(address: str) -> None:
    slotted, links = slot_links(page(address))
    assert links == (address,)
    assert 'href="{{__link_0}}"' in slotted
    target = "https://t.example/c/1?a=1&b=2"
    html = compile_template(slotted, escape="html").render({"__link_0": target})
    found = LexborHTMLParser(html).css_first("a")
    assert found is not None
    assert found.attributes["href"] == target


@pytest.mark.parametrize(
    "address",
    ["mailto:a@b.c", "tel:+123", "#top", "", "{{unsubscribeUrl}}", "{{ unsubscribe_url }}",
     "{{ viewInBrowserUrl }}", "{{view_in_browser_url}}", "/relative", "javascript:x", "https://"],
)  # fmt: skip
def test_what_is_no_web_link_is_left_alone(address: str) -> None:
    html = page(address)
    assert slot_links(html) == (html, ())


def test_links_are_numbered_once_each_in_order() -> None:
    html = page("https://b.example", "https://a.example", "https://b.example")
    slotted, links = slot_links(html)
    assert links == extract(html) == ("https://b.example", "https://a.example")
    assert [slotted.count(f"{{{{__link_{n}}}}}") for n in (0, 1, 2)] == [2, 1, 0]


def test_comments_for_outlook_and_the_rest_of_the_page_stay() -> None:
    html = (
        "<!DOCTYPE html><html><head><title>é</title></head><body>"
        '<!--[if mso]><v:roundrect href="https://e.org"><![endif]-->'
        '<a href="https://e.org">x</a><!--[if mso]></v:roundrect><![endif]-->'
        '<p>{{ first_name | default: "a & b" }}&nbsp;ü</p></body></html>'
    )
    expected = html.replace('<a href="https://e.org">', '<a href="{{__link_0}}">')
    assert slot_links(html) == (expected, ("https://e.org",))


def test_a_fragment_stays_a_fragment() -> None:
    slotted, _ = slot_links('Hi <a href="https://e.org">x</a> there<br>')
    assert slotted == 'Hi <a href="{{__link_0}}">x</a> there<br>'


def test_links_made_from_a_loops_variable_are_left_alone() -> None:
    html = page("https://e.org")[:-14] + (
        "{% for o in attributes.offers %}<a href='{{ o.url }}'>x</a>{% endfor %}</body></html>"
    )
    slotted, links = slot_links(html)
    assert links == ("https://e.org",)
    assert 'href="{{ o.url }}"' in slotted


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://e.org/?a=1&b=2#c", "https://e.org/?a=1&b=2#c"),
        ("https://e.org/ü b", "https://e.org/%C3%BC%20b"),
        ("https://{{ attributes.shop }}/x?m={{ email }}", "https://my.shop.example/x?m=a%2Bb%40example.org"),
        ("https://e.org/{{ attributes.path }}?p={{ attributes.path }}", "https://e.org/a/b%20c?p=a%2Fb%20c"),
        ("{{ attributes.site }}", "https://ana.example/x?y=1"),
        ("{{ attributes.site }}&z={{ email | url_encode }}", "https://ana.example/x?y=1&z=a%2Bb%40example.org"),
        ("{{ attributes.bare }}", "https://www.example.org/x"),
        ("{{ attributes.evil }}", "#"),
        ("{{ attributes.data }}", "#"),
        ("{{ attributes.nothing }}", "#"),
    ],
)  # fmt: skip
def test_addresses_with_values_are_encoded_and_safe(address: str, expected: str) -> None:
    assert compile_address(address)(VALUES) == expected


def test_the_pixel_comes_last_in_the_body() -> None:
    html = pixel_slot("<html><body><p>x</p></body></html>")
    assert html.endswith("</body></html>")
    image = LexborHTMLParser(html).css_first("body > :last-child")
    assert image is not None
    assert image.tag == "img"
    assert image.attributes["src"] == "{{__open}}"
    assert "{{__open}}" in pixel_slot("<p>fragment</p>")
