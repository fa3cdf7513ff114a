"""A finished mail as the message check sees it: raw header lines, both bodies, links, hosts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.policy import compat32
from functools import cached_property
from ipaddress import ip_address
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from mailwright.mail.received import ReceivedMail, decode, read_mail

_BLANK_LINE = re.compile(rb"\r?\n\r?\n")
_NEXT_HEADER = re.compile(rb"\r?\n(?![ \t])")
_URL = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)
_HIDDEN = re.compile(r"display:none|visibility:hidden|mso-hide:all")
_FONT_SIZE = re.compile(r"(?:^|;)font-size:(0(?![.\d]*[1-9]))?")
_UNSUBSCRIBE_WORD = re.compile(r"unsubscribe|opt[ -]?out", re.IGNORECASE)
# RFC 6762, RFC 8375, ICANN's .internal, and what routers and offices use.
_PRIVATE_SUFFIXES = (".local", ".localdomain", ".internal", ".lan", ".home", ".home.arpa", ".corp")


@dataclass(frozen=True)
class CheckedMessage:
    """One mail and the circumstances of its check; a view is worked out when first asked for."""

    raw: bytes
    bulk: bool
    now: datetime | None
    allow_loopback: bool

    @cached_property
    def header_block(self) -> bytes:
        return _BLANK_LINE.split(self.raw, maxsplit=1)[0]

    @cached_property
    def headers(self) -> list[tuple[str, str]]:
        """Lower-case name and unfolded, undecoded value of each header, in their order."""
        pairs = (line.partition(b":") for line in _NEXT_HEADER.split(self.header_block))
        return [(_plain(name).lower(), _plain(value)) for name, _, value in pairs]

    def values(self, name: str) -> list[str]:
        return [value for found, value in self.headers if found == name.lower()]

    def value(self, name: str) -> str:
        """The first header of that name, or nothing."""
        return next(iter(self.values(name)), "")

    def decoded(self, name: str) -> str:
        return decode(self.value(name))

    def domain(self, name: str) -> str:
        """The domain of the address in a header, lower case, or nothing."""
        return self.value(name).rpartition("@")[2].strip("<> ").lower()

    @cached_property
    def content_types(self) -> list[str]:
        message = message_from_bytes(self.raw, policy=compat32)
        return [part.get_content_type() for part in message.walk()]

    @cached_property
    def bodies(self) -> ReceivedMail:
        return read_mail(self.raw)

    @property
    def text(self) -> str | None:
        return self.bodies.text

    @property
    def html(self) -> str | None:
        return self.bodies.html

    @cached_property
    def anchors(self) -> list[LexborNode]:
        return LexborHTMLParser(self.html or "").css("a[href], area[href]")

    @cached_property
    def urls(self) -> list[str]:
        """Where links and pictures lead, in the HTML and in the text."""
        pictures = LexborHTMLParser(self.html or "").css("img[src]")
        found = [node.attributes.get("href") for node in self.anchors]
        found += [node.attributes.get("src") for node in pictures]
        return [_without_controls(url or "") for url in found] + urls_in(self.text or "")

    @cached_property
    def unsubscribe_uris(self) -> list[str]:
        """The members of every List-Unsubscribe (RFC 2369), without their angle brackets."""
        found = ",".join(self.values("List-Unsubscribe"))
        return [uri.strip() for uri in re.findall(r"<([^<>]*)>", found)]

    def unsubscribes(self, url: str, words: str) -> bool:
        """Whether a link is for unsubscribing: beside the header's own URI, or by its words."""
        beside = {_folder(uri) for uri in self.unsubscribe_uris if host_of(uri)} - {""}
        return _folder(url) in beside or bool(_UNSUBSCRIBE_WORD.search(f"{url} {words}"))

    def is_private(self, host: str) -> bool:
        """Whether only we could reach that host; loopback too, unless `allow_loopback`."""
        if is_loopback(host):
            return not self.allow_loopback
        try:
            return not ip_address(host).is_global
        except ValueError:
            return "." not in host or host.endswith(_PRIVATE_SUFFIXES)


def is_loopback(host: str) -> bool:
    """Whether the name or address means the machine itself (RFC 6761 section 6.3)."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def host_of(url: str) -> str:
    """The host of a web link, lower case, without a dot at its end; nothing for other links."""
    try:
        return (urlsplit(url).hostname or "").rstrip(".") if _is_http(url) else ""
    except ValueError:  # an unclosed IPv6 bracket
        return ""


def urls_in(text: str) -> list[str]:
    """The web links that stand in plain text."""
    return _URL.findall(text)


def is_visible(node: LexborNode) -> bool:
    """Whether a reader finds something to click on: words or a picture, not styled away."""
    if not (node.text(deep=True).strip() or node.css_first("img")):
        return False
    above: LexborNode | None = node
    font_size = None  # the nearest one holds: MJML sets 0 on tables and a real one on the text
    while above is not None:
        style = (above.attributes.get("style") or "").lower().replace(" ", "")
        if "hidden" in above.attributes or _HIDDEN.search(style):
            return False
        font_size = font_size or _FONT_SIZE.search(style)
        if font_size is not None and font_size.group(1):
            return False
        above = above.parent
    return True


def _folder(url: str) -> str:
    """The link without its last segment, or nothing when it has no other."""
    folder = url.rpartition("/")[0]
    return folder if folder.count("/") > 2 else ""


def _is_http(url: str) -> bool:
    return url.lower().startswith(("http://", "https://"))


def _plain(line: bytes) -> str:
    return re.sub(r"\r?\n(?=[ \t])", "", line.decode("utf-8", "replace")).strip(" \t\r\n")


def _without_controls(url: str) -> str:
    """As a browser reads it (WHATWG URL, basic parser): tabs and line ends count for nothing."""
    return re.sub(r"[\t\r\n]", "", url).strip("".join(map(chr, range(33))))
