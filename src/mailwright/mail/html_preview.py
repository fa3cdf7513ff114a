"""HTML made harmless for previews: what a browser of ours may show of other people's mail.

nh3 filters style *properties*, not their values: `background: url(javascript:…)` would pass. So no
shorthand that takes a url is on the list, and declarations with one are dropped besides.
"""

from __future__ import annotations

import re

import nh3

from mailwright.mail.html_depth import is_too_deep

_TAGS = {
    "a", "abbr", "address", "article", "b", "big", "blockquote", "br", "caption", "center", "code",
    "col", "colgroup", "dd", "div", "dl", "dt", "em", "figcaption", "figure", "font",
    "footer", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "i", "img", "ins", "li", "main",
    "ol", "p", "pre",
    "s", "section", "small", "span", "strike", "strong", "sub", "sup", "table", "tbody", "td",
    "tfoot", "th", "thead", "tr", "u", "ul",
}  # fmt: skip
_ANYWHERE = {
    "style",
    "align",
    "valign",
    "width",
    "height",
    "bgcolor",
    "dir",
    "lang",
    "title",
    "role",
}
_ATTRIBUTES = {
    "*": _ANYWHERE,
    "a": {"href"},
    "img": {"src", "alt", "border"},
    "table": {"border", "cellpadding", "cellspacing"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
    "ol": {"start"},
    "font": {"color", "face", "size"},
}
_STYLES = {
    "background-color", "border", "border-bottom", "border-collapse", "border-color", "border-left",
    "border-radius", "border-right", "border-spacing", "border-style", "border-top", "border-width",
    "color", "direction", "display", "font-family", "font-size", "font-style", "font-weight",
    "height", "letter-spacing", "line-height", "margin", "margin-bottom", "margin-left",
    "margin-right", "margin-top", "max-height", "max-width", "min-width", "opacity", "overflow",
    "padding", "padding-bottom", "padding-left", "padding-right", "padding-top", "text-align",
    "text-decoration", "text-transform", "vertical-align", "white-space", "width", "word-break",
    "word-spacing",
}  # fmt: skip
_SUSPECT = re.compile(r"url\s*\(|expression|javascript|@import|\\|/\*", re.IGNORECASE)


def sanitize_preview(html: str) -> str:
    """The visible part of a mail as a fragment without scripts, forms, frames, SVG or MathML.

    Of a page nested deeper than 500 elements it is a sentence that says so.
    """
    if is_too_deep(html):
        return "<p>This page is nested too deeply to be shown.</p>"
    return nh3.clean(
        html,
        tags=_TAGS,
        clean_content_tags={"script", "style", "title", "head", "template"},
        attributes=_ATTRIBUTES,
        attribute_filter=_attribute,
        filter_style_properties=_STYLES,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
        strip_comments=True,
    )


def _attribute(_: str, name: str, value: str) -> str | None:
    if name == "style":
        return ";".join(part for part in value.split(";") if not _SUSPECT.search(part))
    return value
