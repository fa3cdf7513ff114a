"""The message check: what must hold of the final bytes of a mail, one small rule per id.

The ids are those of the trust rules (OUT-01 …). A rule gets the mail and yields a sentence for
each thing that is wrong; `RULES` lists them. What needs more than the mail itself (DNS, the
database, the signature) is checked elsewhere under the other ids.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from itertools import pairwise

from mailwright.mail.checked_message import (
    CheckedMessage,
    host_of,
    is_loopback,
    is_visible,
    urls_in,
)
from mailwright.mail.received import decode

DATE_TOLERANCE = timedelta(minutes=5)
LINE_BYTES = 78  # RFC 5322 section 2.1.1
LINE_BYTES_MAX = 998
HTML_BYTES_MAX = 102 * 1024  # Gmail cuts a longer mail off behind a link

_ONCE = ("Date", "From", "Subject", "Message-ID", "MIME-Version", "To")
_ADDRESS_HEADERS = ("From", "To", "Reply-To", "Sender")
_NUMERIC_ZONE = re.compile(r"[+-]\d{4}(?: \([^)]*\))?")
_MESSAGE_ID = re.compile(r"<[!-;=?A-Z\[-~^]+@[!-;=?A-Z\[-~^]+>")
_STRAY_LINE_END = re.compile(rb"\r(?!\n)|(?<!\r)\n")
_ENCODED_WORD = re.compile(r"=\?[^?\s]+\?[^?\s]+\?[^?\s]*\?=")
_ASCII_MAILBOX = re.compile(r"(?:^|<|\s)[!-;=?-~]+@[A-Za-z0-9.-]+>?$")
_LIST_ID = re.compile(r"<[^\s<>@]+\.[^\s<>@]+>$")
_FEEDBACK_ID = re.compile(r"[^:\s@]*:[^:\s@]*:[^:\s@]*:[^:\s@]{5,15}")
_TAG = re.compile(r"\{\{|\{%")
_DEAD_LINKS = frozenset({"", "#"})
_SAFE_SCHEMES = frozenset({"http", "https", "mailto", "tel", "sms", "cid"})
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
# Shorteners hide where a link leads and share their reputation with every spammer who uses them.
_SHORTENERS = frozenset(
    {"bit.ly", "buff.ly", "cutt.ly", "goo.gl", "is.gd", "ow.ly", "rb.gy", "rebrand.ly", "t.co"}
    | {"shorturl.at", "t.ly", "tiny.cc", "tinyurl.com", "v.gd"}
)
_TRACE_HEADERS = frozenset({"received", "x-originating-ip", "x-sender-ip", "x-php-script"})
_RAW_ID = re.compile(
    r"(?<![\w.])\d+(?![\w.])|[\w.+-]+@[\w-]+\.\w+"
    r"|\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b",
    re.IGNORECASE,
)
_NUMERIC_X_HEADERS = frozenset({"x-priority"})  # numbers that are no ids
_PATH = re.compile(r"(?:^|[\s=(\"'])/(?:etc|home|opt|srv|usr|var)/")
_IP_CANDIDATE = re.compile(
    r"(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f:]*:[0-9a-f:.]+)(?![\w:])"
)
_WITHOUT_TRACES = frozenset({"subject", "list-unsubscribe", "message-id", "dkim-signature"})


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with a mail, under the id of its rule."""

    id: str
    message: str


Rule = Callable[[CheckedMessage], Iterator[str]]


def check_message(
    raw: bytes, *, bulk: bool, now: datetime | None = None, allow_loopback: bool = False
) -> list[Finding]:
    """What is wrong with the mail, in the order of the ids; nothing when it may go out.

    `now` is the moment of sending (without it the date is only read); `allow_loopback` permits
    links to this machine, as an installation without a public name has them.
    """
    mail = CheckedMessage(raw, bulk, now, allow_loopback)
    return [Finding(rule_id, message) for rule_id, rule in RULES.items() for message in rule(mail)]


def basic_headers(mail: CheckedMessage) -> Iterator[str]:
    """OUT-01: the headers every mail has, once, and a date that is now."""
    for name in _ONCE:
        if (count := len(mail.values(name))) != 1:
            yield f"{name} stands there {count} times, not once."
    try:
        moment = parsedate_to_datetime(mail.value("Date"))
    except ValueError:
        yield "The date cannot be read."
        return
    if not _NUMERIC_ZONE.search(mail.value("Date")) or moment.tzinfo is None:
        yield "The date has no numeric time zone."
    elif mail.now is not None and abs(moment - mail.now.astimezone(UTC)) > DATE_TOLERANCE:
        yield "The date is more than five minutes away from now."


def message_id(mail: CheckedMessage) -> Iterator[str]:
    """OUT-02: a Message-ID under a public name or the sender's own."""
    for value in mail.values("Message-ID"):
        domain = mail.domain("Message-ID")
        if not _MESSAGE_ID.fullmatch(value):
            yield "The Message-ID is not of the form <name@domain>."
        elif mail.is_private(domain.strip("[]")) and domain != mail.domain("From"):
            yield f"The Message-ID shows the internal name {domain}."


def lines(mail: CheckedMessage) -> Iterator[str]:
    """OUT-03: line ends and line lengths."""
    if _STRAY_LINE_END.search(mail.raw):
        yield "A line ends with something else than CRLF."
    if b"\0" in mail.raw:
        yield "There is a NUL byte."
    if any(len(line) > LINE_BYTES_MAX for line in mail.raw.split(b"\r\n")):
        yield f"A line is longer than {LINE_BYTES_MAX} bytes."
    for line in mail.header_block.split(b"\r\n"):
        name, _, value = line.partition(b":")
        body = line if line[:1] in {b" ", b"\t"} else value
        if LINE_BYTES < len(line) <= LINE_BYTES_MAX and len(body.split()) > 1:
            yield f"A line of {_shown(name)} is longer than {LINE_BYTES} bytes and could be folded."


def header_characters(mail: CheckedMessage) -> Iterator[str]:
    """OUT-04: ASCII headers, encoded words that decode, domains as A-labels."""
    if not mail.header_block.isascii():
        yield "A header has bytes that are not ASCII."
    for name, value in mail.headers:
        if any(len(word) > 75 for word in _ENCODED_WORD.findall(value)):
            yield f"{name} has an encoded word longer than 75 characters."
        if "=?" in value and "�" in decode(value):
            yield f"{name} does not decode."
    for name in _ADDRESS_HEADERS:
        value = mail.value(name)
        if value.isascii() and value and not _ASCII_MAILBOX.search(value):
            yield f"{name} does not end with an ASCII address."


def one_click(mail: CheckedMessage) -> Iterator[str]:
    """OUT-10: RFC 8058 in bulk mail."""
    if not mail.bulk:
        return
    if len(mail.values("List-Unsubscribe")) != 1:
        yield "Bulk mail has exactly one List-Unsubscribe."
    web = [uri for uri in mail.unsubscribe_uris if host_of(uri)]
    others = [uri for uri in mail.unsubscribe_uris if not host_of(uri)]
    if len(web) != 1 or not all(_may_be_posted_to(mail, uri) for uri in web):
        yield "List-Unsubscribe has exactly one https link, to a public host."
    if len(others) > 1 or not all(uri.lower().startswith("mailto:") for uri in others):
        yield "Beside the https link List-Unsubscribe has at most one mailto link."
    if any("@" in uri or "%40" in uri for uri in web):
        yield "The unsubscribe link is opaque: it does not show an address."
    if mail.values("List-Unsubscribe-Post") != ["List-Unsubscribe=One-Click"]:
        yield "List-Unsubscribe-Post is List-Unsubscribe=One-Click, once."
    for signature in mail.values("DKIM-Signature"):
        if not {"list-unsubscribe", "list-unsubscribe-post"} <= _signed_headers(signature):
            yield "The signature covers List-Unsubscribe and List-Unsubscribe-Post."


def unsubscribe_links(mail: CheckedMessage) -> Iterator[str]:
    """OUT-11: a link to unsubscribe that a reader sees, in each body."""
    if not mail.bulk:
        return
    if mail.html is not None and not any(
        is_visible(node)
        and mail.unsubscribes(node.attributes.get("href") or "", node.text(deep=True))
        for node in mail.anchors
    ):
        yield "The HTML has no visible link to unsubscribe."
    text_lines = (mail.text or "").splitlines()
    if not any(
        mail.unsubscribes(url, f"{before} {line}")
        for before, line in pairwise(["", *text_lines])
        for url in urls_in(line)
    ):
        yield "The text has no link to unsubscribe."


def list_headers(mail: CheckedMessage) -> Iterator[str]:
    """OUT-12: List-Id in bulk mail; Precedence and Auto-Submitted only where right."""
    list_ids = mail.values("List-Id")
    precedence = {value.lower() for value in mail.values("Precedence")}
    automatic = {value.lower() for value in mail.values("Auto-Submitted")}
    if mail.bulk and (len(list_ids) != 1 or not _LIST_ID.search(list_ids[0])):
        yield "Bulk mail has exactly one List-Id, ending with <token.domain>."
    if not precedence <= ({"bulk", "list"} if mail.bulk else set()):
        yield "Precedence is bulk or list, and only in bulk mail."
    if not automatic <= (set() if mail.bulk else {"auto-generated", "auto-replied", "no"}):
        yield "Auto-Submitted is for answers and notices, not for bulk mail."


def feedback_id(mail: CheckedMessage) -> Iterator[str]:
    """OUT-13: one Feedback-ID of four fields in bulk mail."""
    found = mail.values("Feedback-ID")
    if len(found) > 1 or (mail.bulk and not found):
        yield f"Feedback-ID stands there {len(found)} times."
    if not all(_FEEDBACK_ID.fullmatch(value) for value in found):
        yield "Feedback-ID has four fields, the last a sender id of 5 to 15 characters."


def parts(mail: CheckedMessage) -> Iterator[str]:
    """OUT-14: a text part beside the HTML, neither empty nor cut off."""
    if not (mail.text or "").strip():
        yield "The text part is missing or empty."
    if mail.html is None:
        return
    if "multipart/alternative" not in mail.content_types:
        yield "HTML comes as multipart/alternative with a text part."
    if len(mail.html.encode()) > HTML_BYTES_MAX:
        yield "The HTML is longer than 102 kB: Gmail would cut it off."


def bodies(mail: CheckedMessage) -> Iterator[str]:
    """OUT-15: no tag left over, no link that leads nowhere, home, or astray."""
    for place, text in (
        ("The subject", mail.decoded("Subject")),
        ("The text", mail.text),
        ("The HTML", mail.html),
    ):
        if _TAG.search(text or ""):
            yield f"{place} has a tag that was not resolved."
    for url in mail.urls:
        if url in _DEAD_LINKS:
            yield "A link or picture is empty."
        scheme, host = _SCHEME.match(url), host_of(url)
        if scheme and scheme[1].lower() not in _SAFE_SCHEMES:
            yield f"A link uses {scheme[1].lower()}:, which mail readers do not run."
        if host and mail.is_private(host):
            yield f"A link leads to the private host {host}."
        if host.removeprefix("www.") in _SHORTENERS:
            yield f"A link hides behind the shortener {host}."


def traces(mail: CheckedMessage) -> Iterator[str]:
    """OUT-16: nothing of our inside in a header."""
    for name, value in mail.headers:
        if name in _TRACE_HEADERS:
            yield f"{name} tells where the mail was made."
        elif name.startswith("x-") and name not in _NUMERIC_X_HEADERS and _RAW_ID.search(value):
            yield f"{name} shows a bare id or an address."
        elif name not in _WITHOUT_TRACES and (_PATH.search(value) or _shows_private_ip(value)):
            yield f"{name} shows an internal address or path."


RULES: dict[str, Rule] = {
    "OUT-01": basic_headers,
    "OUT-02": message_id,
    "OUT-03": lines,
    "OUT-04": header_characters,
    "OUT-10": one_click,
    "OUT-11": unsubscribe_links,
    "OUT-12": list_headers,
    "OUT-13": feedback_id,
    "OUT-14": parts,
    "OUT-15": bodies,
    "OUT-16": traces,
}


def _may_be_posted_to(mail: CheckedMessage, uri: str) -> bool:
    host = host_of(uri)
    if mail.allow_loopback and is_loopback(host):
        return True
    return uri.lower().startswith("https://") and not mail.is_private(host)


def _signed_headers(signature: str) -> set[str]:
    """The names in the `h=` tag of a DKIM-Signature (RFC 6376 section 3.5), in lower case."""
    tags = (tag.partition("=") for tag in re.sub(r"\s", "", signature).lower().split(";"))
    return {name for tag, _, value in tags if tag == "h" for name in value.split(":")}


def _shows_private_ip(value: str) -> bool:
    for candidate in _IP_CANDIDATE.findall(value.lower()):
        try:
            if not ip_address(candidate).is_global:
                return True
        except ValueError:  # a time of day, a version
            continue
    return False


def _shown(name: bytes) -> str:
    return name.strip().decode("ascii", "replace")[:60]
