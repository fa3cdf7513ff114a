"""Reading a mail that arrived, for people to look at: forgiving, and never trusting.

Nothing here fails because of what a mail contains: what cannot be decoded is shown as far as it
goes. The HTML comes out as it was; whoever shows it does so in a sandbox without scripts.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32
from email.utils import collapse_rfc2231_value

from selectolax.lexbor import LexborHTMLParser

_PARSER = BytesParser(policy=compat32)
_GLANCE_BYTES = 8_192  # enough for the headers and the first lines of the first part
_SNIPPET_CHARACTERS = 160
_HEADER_CHARACTERS_MAX = 998
_PARTS_MAX = 500  # a mail of ten thousand parts is an attack, not a letter
_RULE = re.compile(r"[=\-_*~]{4,}")  # lines under headings say nothing in a snippet
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Glance:
    """What a list of mails shows."""

    from_header: str
    to_header: str
    subject: str
    snippet: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """A part that is neither the text nor the HTML. `content_id` is without angle brackets."""

    name: str
    content_type: str
    size_bytes: int
    content_id: str | None


@dataclass(frozen=True, slots=True)
class ReceivedMail:
    """A mail taken apart. `headers` in their order, decoded; `html` as it came, or None."""

    headers: tuple[tuple[str, str], ...]
    text: str | None
    html: str | None
    links: tuple[str, ...]
    attachments: tuple[Attachment, ...]


def glance(raw: bytes) -> Glance:
    """The first look at a mail, from its first kilobytes: cheap enough for thousands a second."""
    message = _PARSER.parsebytes(raw[:_GLANCE_BYTES])
    return Glance(
        from_header=_header(message, "From"),
        to_header=_header(message, "To"),
        subject=_header(message, "Subject"),
        snippet=_snippet(message),
    )


def read_mail(raw: bytes) -> ReceivedMail:
    """All of a mail but the bytes of its attachments."""
    message = _PARSER.parsebytes(raw)
    parts = _leaves(message)
    text = _first(parts, "text/plain")
    html = _first(parts, "text/html")
    bodies = [part for part in (text, html) if part is not None]
    shown_html = None if html is None else _text(html)
    return ReceivedMail(
        headers=tuple((name, decode(str(value))) for name, value in message.items()),
        text=None if text is None else _text(text),
        html=shown_html,
        links=_links(shown_html),
        attachments=tuple(
            _attachment(part) for part in parts if not any(part is body for body in bodies)
        ),
    )


def html_with_inline_images(raw: bytes) -> str | None:
    """The HTML with `cid:` pictures in place, as data: URIs, so that it needs no request."""
    parts = _leaves(_PARSER.parsebytes(raw))
    html = _first(parts, "text/html")
    if html is None:
        return None
    shown = _text(html)
    for part in parts:
        content_id = str(part.get("Content-ID") or "").strip(" <>")
        if content_id and part.get_content_maintype() == "image":
            encoded = base64.b64encode(_payload(part)).decode()
            uri = f"data:{part.get_content_type()};base64,{encoded}"
            shown = shown.replace(f"cid:{content_id}", uri)
    return shown


def decode(value: str) -> str:
    """A header value as people read it (RFC 2047): one line, no control characters."""
    unfolded = " ".join(value.split())
    try:
        pieces = decode_header(unfolded)
    except (HeaderParseError, ValueError):
        return _clean(unfolded)
    return _clean("".join(_piece(text, charset) for text, charset in pieces))


def _piece(text: bytes | str, charset: str | None) -> str:
    if isinstance(text, str):
        return text
    return _decoded(text, charset)


def _decoded(data: bytes, charset: str | None) -> str:
    try:
        return data.decode(charset or "utf-8", "replace")
    except (LookupError, ValueError):
        return data.decode("utf-8", "replace")


def _clean(text: str) -> str:
    return _UNPRINTABLE.sub("�", " ".join(text.split()))[:_HEADER_CHARACTERS_MAX]


def _header(message: Message, name: str) -> str:
    return decode(str(message.get(name) or ""))


def _leaves(message: Message) -> Sequence[Message]:
    leaves: list[Message] = []
    for part in message.walk():
        if not part.is_multipart():
            leaves.append(part)
        if len(leaves) == _PARTS_MAX:
            break
    return leaves


def _first(parts: Sequence[Message], content_type: str) -> Message | None:
    return next(
        (
            part
            for part in parts
            if part.get_content_type() == content_type
            and part.get_content_disposition() != "attachment"
        ),
        None,
    )


def _payload(part: Message) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _text(part: Message) -> str:
    charset = part.get_param("charset")
    found = collapse_rfc2231_value(charset) if charset else None
    return _UNPRINTABLE.sub("�", _decoded(_payload(part), found).replace("\r\n", "\n"))


def _snippet(message: Message) -> str:
    parts = _leaves(message)
    text = _first(parts, "text/plain")
    if text is not None:
        return " ".join(_RULE.sub(" ", _text(text)[:1000]).split())[:_SNIPPET_CHARACTERS]
    html = _first(parts, "text/html")
    if html is None:
        return ""
    body = LexborHTMLParser(_text(html)).body
    return " ".join((body.text(separator=" ") if body else "").split())[:_SNIPPET_CHARACTERS]


def _links(html: str | None) -> tuple[str, ...]:
    """Where the links of the HTML lead, each once, in their order."""
    if not html:
        return ()
    found = (node.attributes.get("href") for node in LexborHTMLParser(html).css("a[href]"))
    return tuple(dict.fromkeys(href.strip() for href in found if href and href.strip()))


def _attachment(part: Message) -> Attachment:
    content_id = str(part.get("Content-ID") or "").strip(" <>")
    return Attachment(
        name=decode(part.get_filename() or "") or "unnamed",
        content_type=part.get_content_type(),
        size_bytes=len(_payload(part)),
        content_id=content_id or None,
    )
