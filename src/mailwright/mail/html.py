"""HTML for mail: a document, or somebody's own HTML, as a template that holds in Gmail and Outlook.

Documents go through MJML (tables and conditional comments for Outlook) and css-inline (rules into
`style` attributes). What comes out is still a template: its merge tags stand where they stood.
"""

from __future__ import annotations

import re
from html import escape, unescape
from typing import Any

import mrml
from css_inline import CSSInliner

from mailwright.errors import InvalidInput
from mailwright.mail import html_style as style
from mailwright.mail.document import Document, Node
from mailwright.mail.html_blocks import is_logic, sections
from mailwright.mail.html_depth import MAX_DEPTH, is_too_deep
from mailwright.mail.html_footer import ensure_unsubscribe_footer, has_unsubscribe_tag
from mailwright.mail.html_preview import sanitize_preview
from mailwright.mail.merge_tags import StandIns

__all__ = [
    "ensure_unsubscribe_footer", "has_unsubscribe_tag", "prepare_html", "render_document",
    "sanitize_preview", "with_preheader",
]  # fmt: skip

_BODY = re.compile(r"<body\b[^>]*>", re.IGNORECASE)
# Invisible and as wide as a preview line: without it the inbox shows the body after the preheader.
_PADDING = "&#847;&zwnj;&nbsp;" * 90
_HIDDEN = (
    "display:none;font-size:1px;line-height:1px;max-height:0;max-width:0;opacity:0;"
    "overflow:hidden;mso-hide:all;color:transparent"
)
_INLINER = CSSInliner(
    load_remote_stylesheets=False,  # or a tenant's style sheet link becomes a request of ours
    keep_style_tags=False,
    keep_at_rules=True,
)


def render_document(
    document: Document, *, preheader: str | None, language: str = "en", title: str = ""
) -> str:
    """The document as an HTML template, merge tags intact, the preheader as hidden preview text.

    `language` is a BCP 47 tag, set on the page and used for dates. `title` names the page.
    """
    stand_ins = StandIns()
    hidden = _with_stand_ins(document, stand_ins)
    body = sections(hidden, language=language)
    mjml = _page(body, language=language, title=stand_ins.hide(title))
    html = _INLINER.inline(mrml.to_html(mjml).content)
    html = html.replace("<body ", '<body class="ground" ', 1)
    html = stand_ins.restore(html, _for_attributes)
    return with_preheader(html, preheader)


def prepare_html(raw_html: str) -> str:
    """Somebody's own HTML as a whole page with its rules inlined; nothing is fetched.

    Merge tags stay as they are. Media rules stay a style sheet. Raises InvalidInput for a page
    nested deeper than 500 elements.
    """
    if is_too_deep(raw_html):
        raise InvalidInput.field("html", f"The page is nested deeper than {MAX_DEPTH} elements.")
    stand_ins = StandIns()
    # Editors write `&quot;` also inside the tags of an attribute; Liquid would not understand it.
    html = _INLINER.inline(stand_ins.hide(raw_html))
    return stand_ins.restore(html, lambda tag: _for_attributes(unescape(tag)))


def with_preheader(html: str, preheader: str | None) -> str:
    """The page with this line as its hidden preview text, directly after `<body>`."""
    if not preheader or not preheader.strip():
        return html
    stand_ins = StandIns()
    text = stand_ins.restore(escape(stand_ins.hide(preheader.strip()), quote=False))
    block = f'<div style="{_HIDDEN}">{text}{_PADDING}</div>'
    body = _BODY.search(html)
    at = body.end() if body else 0
    return html[:at] + block + html[at:]


def _page(body: str, *, language: str, title: str) -> str:
    return f"""<mjml lang="{escape(language)}"><mj-head>
<mj-title>{escape(title, quote=False)}</mj-title>
<mj-raw><meta name="color-scheme" content="light dark"/>
<meta name="supported-color-schemes" content="light dark"/>
<meta name="format-detection" content="telephone=no,date=no,address=no,email=no"/></mj-raw>
<mj-attributes><mj-all font-family="{style.FONTS}"/>
<mj-text font-size="16px" line-height="27px" color="{style.INK}"/></mj-attributes>
<mj-style>{style.RULES}{style.MEDIA}</mj-style></mj-head>
<mj-body width="{style.WIDTH_PX}px" background-color="{style.GROUND}" css-class="ground">
<mj-section padding="0"><mj-column><mj-spacer height="24px"/></mj-column></mj-section>
<mj-wrapper css-class="card" background-color="{style.PAPER}" border-radius="12px"
 padding="34px 0 22px">{body or "<mj-section/>"}</mj-wrapper>
<mj-section padding="0"><mj-column><mj-spacer height="24px"/></mj-column></mj-section>
</mj-body></mjml>"""


def _with_stand_ins(node: Node, stand_ins: StandIns) -> Node:
    """A copy whose strings carry stand-ins; lines of nothing but `{% … %}` are marked."""
    copy: Node = {"type": node["type"]}
    for key in ("attrs", "marks"):
        if key in node:
            copy[key] = _hidden(node[key], stand_ins)
    if "text" in node:
        copy["text"] = stand_ins.hide(node["text"])
        copy["logic"] = is_logic(node["text"])
    if "content" in node:
        copy["content"] = [_with_stand_ins(child, stand_ins) for child in node["content"]]
    return copy


def _hidden(value: Any, stand_ins: StandIns) -> Any:
    if isinstance(value, str):
        return stand_ins.hide(value)
    if isinstance(value, list):
        return [_hidden(entry, stand_ins) for entry in value]  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, dict):
        return {key: _hidden(entry, stand_ins) for key, entry in value.items()}  # pyright: ignore[reportUnknownVariableType]
    return value


def _for_attributes(tag: str) -> str:
    """A tag may stand in an attribute: single quotes in it, where that is possible."""
    return tag if "'" in tag else tag.replace('"', "'")
