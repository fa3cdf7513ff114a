"""MJML becomes a page, and whoever writes it badly or meanly gets a sentence."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailwright.errors import InvalidInput
from mailwright.mail.html import prepare_html
from mailwright.mail.mjml import DEPTH_MAX, LENGTH_MAX, render_mjml

TEXT = "<mj-section><mj-column><mj-text>{}</mj-text></mj-column></mj-section>"


def mjml(body: str) -> str:
    return f"<mjml><mj-body>{body}</mj-body></mjml>"


def test_a_page_comes_out_with_its_merge_tags() -> None:
    tags = '{{ contact.first_name | default: "friend" }} {% if plan == "pro" %}Hi{% endif %}'
    button = '<mj-button href="{{ unsubscribeUrl }}">Leave&nbsp;us</mj-button>'
    source = mjml(
        "{% if x %}"
        + TEXT.format(tags)
        + "{% endif %}"
        + f"<mj-section><mj-column>{button}</mj-column></mj-section>"
    )
    page = render_mjml(source)
    assert page.startswith("<!doctype html>")
    assert tags in page
    assert 'href="{{ unsubscribeUrl }}"' in page
    assert "<mj-" not in page
    assert "[if mso" in prepare_html(page)


@pytest.mark.parametrize(
    "source",
    [
        "no mjml at all",
        "<mjml><mj-body>",
        mjml("<mj-include path='/etc/passwd'/>"),
        mjml("<mj-include path='http://127.0.0.1/x'/>"),
        "<!DOCTYPE mjml [<!ENTITY a 'b'>]>" + mjml(TEXT.format("&a;")),
        mjml("<mj-wrapper>" * DEPTH_MAX + "</mj-wrapper>" * DEPTH_MAX),
        "<mjml><mj-body>" + "<mj-wrapper>" * 100_000,
        mjml("<mj-raw>" + "<div>" * 100_000 + "</mj-raw>"),
        mjml("<!-- " + "-->" * 3 + "<b>" * 100_000),
        mjml("f\U00101ec9æ§\U000ef4c4Ð´\U0006debfÜ\U000e3fb6>\U0003c7df"),
        "x" * (LENGTH_MAX + 1),
    ],
)
@pytest.mark.checklist("SEC-20")
def test_what_is_no_mjml_is_refused_by_name(source: str) -> None:
    started = time.perf_counter()
    with pytest.raises(InvalidInput) as refused:
        render_mjml(source)
    assert "mjml" in refused.value.details
    assert time.perf_counter() - started < 1


_PIECES = st.sampled_from(
    [
        "<mj-section>",
        "</mj-section>",
        "<mj-column>",
        "</mj-column>",
        "<mj-text>",
        "</mj-text>",
        "<mj-image/>",
        "<br>",
        "&nbsp;",
        "{{x}}",
        "<!--",
        "-->",
        "<![CDATA[",
        "]]>",
        "'",
        ">",
    ]
)


@given(st.lists(st.one_of(_PIECES, st.text(max_size=8)), max_size=30))
@settings(max_examples=200, deadline=1_000)
def test_any_source_is_a_page_or_a_sentence(pieces: list[str]) -> None:
    try:
        render_mjml(mjml("".join(pieces)))
    except InvalidInput:
        return
