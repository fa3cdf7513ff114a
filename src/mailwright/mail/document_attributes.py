"""The attributes of document nodes and marks: one check for each kind of value.

A check takes the value from the JSON and returns it in normal form, or raises ValueError with a
sentence for the author. None of these values can break out of an HTML attribute or a style.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, cast

from mailwright.mail.merge_tags import TAG, without_tags

MAX_URL_CHARACTERS = 4_096  # 2k URLs are real; beyond 4k servers refuse them anyway
MAX_LINE_CHARACTERS = 1_000
ALIGNMENTS = ("left", "center", "right")

SOCIAL_NETWORKS = {
    "facebook": "Facebook",
    "instagram": "Instagram",
    "x": "X",
    "linkedin": "LinkedIn",
    "youtube": "YouTube",
    "tiktok": "TikTok",
    "threads": "Threads",
    "bluesky": "Bluesky",
    "mastodon": "Mastodon",
    "pinterest": "Pinterest",
    "github": "GitHub",
    "whatsapp": "WhatsApp",
    "telegram": "Telegram",
    "website": "Website",
}

# No text at all: C0 and C1 controls (but tab and line feed), lone surrogates, noncharacters
# (Unicode 23.7), and the private planes, in which merge tags travel (`merge_tags.StandIns`).
_NONCHARACTERS = "".join(
    f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0xF0000, 0x10000)
)
_CONTROLS = "\x00-\x08\x0b-\x1f\x7f-\x9f"
NOT_TEXT = re.compile(
    f"[{_CONTROLS}\ud800-\udfff\ufdd0-\ufdef\U000f0000-\U0010ffff{_NONCHARACTERS}]"
)
_NOT_IN_LINE = re.compile(NOT_TEXT.pattern + r"|[\t\n]")
# RFC 3986 has no room for these; a browser would percent-encode them, an attribute might end.
_NOT_IN_URL = re.compile(r'[\s<>"\\^`{}|]')
_COLOR = re.compile(
    r"#[0-9a-fA-F]{3}(?:[0-9a-fA-F]{3})?|[a-zA-Z]{3,20}"
    r"|rgba?\(\s*\d{1,3}\s*(?:,\s*\d{1,3}\s*){2}(?:,\s*(?:0|1|0?\.\d{1,3})\s*)?\)"
)
_FONT_FAMILY = re.compile(r"[A-Za-z0-9 ,'_-]{1,200}")
_CODE_LANGUAGE = re.compile(r"[A-Za-z0-9_+#.-]{1,40}")
_BARE_HOST = re.compile(r"[\w-]+(?:\.[\w-]+)+(?:[/:?#]\S*)?")
FONT_SIZES_PX = range(8, 97)


def line(value: object) -> str:
    """One line of text: a label, an alternative text, a title."""
    text = _string(value)
    if len(text) > MAX_LINE_CHARACTERS:
        raise ValueError(f"Keep it under {MAX_LINE_CHARACTERS} characters.")
    if _NOT_IN_LINE.search(text):
        raise ValueError("Line breaks and control characters cannot stand here.")
    return text


def link_address(value: object) -> str:
    """Where a link leads: http, https, mailto, or an address that starts with a merge tag."""
    return _address(value, ("http://", "https://", "mailto:"))


def image_address(value: object) -> str:
    """Where an image lies: http, https, or an address that starts with a merge tag."""
    return _address(value, ("http://", "https://"))


def mended_link_address(href: str) -> str | None:
    """A link from Markdown made acceptable (`www.example.org` gets https), or None."""
    candidate = f"https://{href}" if _BARE_HOST.fullmatch(href) else href
    candidate = candidate.replace(" ", "%20") if not TAG.search(candidate) else candidate
    try:
        return link_address(candidate)
    except ValueError:
        return None


def alignment(value: object) -> str:
    """left, center or right."""
    if value not in ALIGNMENTS:
        raise ValueError("Use left, center or right.")
    return str(value)


def color(value: object) -> str:
    """A CSS colour: #rgb, #rrggbb, rgb(…), rgba(…) or a name."""
    text = _string(value)
    if not _COLOR.fullmatch(text):
        raise ValueError("Use a colour such as #1d4ed8 or rgb(29, 78, 216).")
    return text


def font_family(value: object) -> str:
    """Font names separated by commas; double quotes become single ones."""
    text = _string(value).replace('"', "'")
    if not _FONT_FAMILY.fullmatch(text):
        raise ValueError("Use font names separated by commas, such as Georgia, serif.")
    return text


def font_size(value: object) -> str:
    """A size in CSS pixels, such as 18px."""
    text = _string(value)
    digits = text.removesuffix("px")
    if not re.fullmatch(r"\d{1,3}", digits) or int(digits) not in FONT_SIZES_PX:
        raise ValueError("Use a size from 8px to 96px.")
    return f"{int(digits)}px"


def code_language(value: object) -> str:
    """The language of a code block, one word."""
    text = _string(value)
    if not _CODE_LANGUAGE.fullmatch(text):
        raise ValueError("Use one short word, such as python.")
    return text


def whole_number(lowest: int, highest: int) -> Callable[[object], int]:
    """A check for a whole number in this range; digits in a string and `px` are understood."""

    def check(value: object) -> int:
        if isinstance(value, str) and re.fullmatch(r"\d{1,9}(?:px|%)?", value):
            value = int(value.removesuffix("px").removesuffix("%"))
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= highest:
            raise ValueError(f"Use a whole number from {lowest} to {highest}.")
        return value

    return check


def moment(value: object) -> str:
    """A point in time, ISO 8601 with its zone."""
    text = _string(value)
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        parsed = None
    if parsed is None or parsed.tzinfo is None:
        raise ValueError("Use a time with its zone, such as 2027-05-01T18:00:00Z.")
    return text


def social_links(value: object) -> list[dict[str, str]]:
    """The links of a social row: `[{"network": "instagram", "href": "https://…"}]`."""
    if not isinstance(value, list) or not 1 <= len(cast("list[object]", value)) <= 12:
        raise ValueError("Give one to twelve links.")
    return [_social_link(entry) for entry in cast("list[object]", value)]


def _social_link(entry: object) -> dict[str, str]:
    if not isinstance(entry, dict) or cast("dict[str, Any]", entry).keys() != {"network", "href"}:
        raise ValueError('Each link is {"network": …, "href": …}.')
    link = cast("dict[str, object]", entry)
    if link["network"] not in SOCIAL_NETWORKS:
        raise ValueError(f"The network is one of {', '.join(SOCIAL_NETWORKS)}.")
    return {"network": str(link["network"]), "href": link_address(link["href"])}


def _address(value: object, schemes: tuple[str, ...]) -> str:
    text = _string(value).strip()
    if len(text) > MAX_URL_CHARACTERS:
        raise ValueError(f"Keep addresses under {MAX_URL_CHARACTERS} characters.")
    if not (text.lower().startswith(schemes) or TAG.match(text)):
        raise ValueError(f"An address starts with {', '.join(schemes)} or a merge tag.")
    literal = without_tags(text)
    if _NOT_IN_LINE.search(text) or _NOT_IN_URL.search(literal):
        raise ValueError("An address has no spaces, quotes, backslashes or braces; encode them.")
    return text


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("This is a string.")
    return value
