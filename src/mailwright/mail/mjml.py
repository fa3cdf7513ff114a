"""MJML somebody wrote, as a page: the source is kept beside it, so that it can be written on.

MJML is XML, read by mrml, which recurses as deep as the source is nested and loads no includes. So
depth and length are looked at before; merge tags, whose quotes and brackets are no XML, are away
while it works.
"""

from __future__ import annotations

import re

import mrml

from mailwright.errors import InvalidInput
from mailwright.mail.merge_tags import StandIns

LENGTH_MAX = 500_000  # characters of the source
DEPTH_MAX = 100  # elements open at once; templates have eight

_TAG = re.compile(r"<(/?)([A-Za-z][\w-]*)[^<>]*?(/?)>")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
# mrml writes attributes the way Rust shows strings to programmers: private characters by number.
_ESCAPED = re.compile(r"\\u\{(f[0-9a-f]{4})\}")
#: HTML's elements without an end tag, which stand in texts and raw parts.
_UNENDED = frozenset({"area", "br", "col", "embed", "hr", "img", "input", "link", "meta", "wbr"})


def render_mjml(source: str) -> str:
    """The page, its merge tags where they stood. Raises InvalidInput for the field `mjml`."""
    if len(source) > LENGTH_MAX:
        raise InvalidInput.field("mjml", f"At most {LENGTH_MAX} characters.")
    stand_ins = StandIns()
    hidden = stand_ins.hide(source)
    if _is_too_deep(hidden):
        raise InvalidInput.field("mjml", f"It is nested deeper than {DEPTH_MAX} elements.")
    page = _page(hidden)
    return stand_ins.restore(_ESCAPED.sub(lambda found: chr(int(found[1], 16)), page))


def _page(source: str) -> str:
    try:
        return mrml.to_html(source).content
    except OSError as error:  # what mrml raises for everything it understands to be wrong
        raise InvalidInput.field("mjml", f"This is not MJML: {error}.") from None
    except BaseException as error:
        # Its tokenizer stumbles over some characters beside a `>`; PyO3 makes that a BaseException.
        if type(error).__name__ != "PanicException":
            raise
        raise InvalidInput.field("mjml", "This is not MJML: it cannot be read.") from None


def _is_too_deep(source: str) -> bool:
    depth = 0
    for end, name, closed in _TAG.findall(_COMMENT.sub("", source)):
        if closed or name.lower() in _UNENDED:
            continue
        depth = max(depth - 1, 0) if end else depth + 1
        if depth > DEPTH_MAX:
            return True
    return False
