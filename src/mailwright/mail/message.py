"""The mail itself: a content compiled once a campaign, rendered to bytes once a recipient.

What is the same for everybody is made at compile time: the page with its preheader, footer and link
slots, the encoded literals, the headers of the sender and the list. Rendering fills in values and
joins. Nothing is kept from one recipient to the next.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from html import escape as escape_html
from typing import Any

from mailwright.mail import headers, plain_text
from mailwright.mail.encoded_template import PartTemplate, part_template
from mailwright.mail.html import ensure_unsubscribe_footer, with_preheader
from mailwright.mail.links import (
    OPEN_SLOT,
    compile_address,
    link_slot,
    pixel_slot,
    slot_links,
    with_parameters,
)
from mailwright.mail.merge import compile_template
from mailwright.mail.mime import UTF_8, assembled
from mailwright.mail.text_links import slot_text_links

LinkUrl = Callable[[int, str], str]


@dataclass(frozen=True, slots=True)
class MailContent:
    """What a campaign or a single mail says, in templates, and in whose name."""

    subject: str
    from_name: str | None
    from_email: str
    text: str  # empty: taken from the HTML
    html: str | None = None
    preheader: str | None = None
    reply_to: str | None = None
    language: str = "en"  # BCP 47
    tracking_opens: bool = False
    tracking_clicks: bool = False
    tracking_text_clicks: bool = False  # of the text part
    link_parameters: str | None = None  # added to the query of every tracked link
    unsubscribe_footer: bool = False  # even beside a way out in the body
    marketing: bool = False  # with a way out in headers and body, and the sender's address
    postal_address: str | None = None  # stands at the foot of marketing mail
    list_id: str | None = None  # from `headers.list_id`
    feedback_id: str | None = None  # from `headers.feedback_id`
    campaign_name: str = ""
    charset: str = UTF_8  # MIME name; a part that it does not hold goes out in utf-8


@dataclass(frozen=True, slots=True)
class Recipient:
    """To whom one mail goes, and the addresses made for this one mail."""

    email: str
    values: Mapping[str, Any]  # from `merge.values_for`
    message_id: str
    date: datetime  # with its zone
    unsubscribe_url: str
    view_url: str
    boundary: str  # begins with `=_`
    display_name: str | None = None
    open_url: str | None = None  # None: no pixel
    link_url: LinkUrl | None = None  # (number, address) → tracked address; None: untracked
    extra_headers: bytes = b""  # folded lines, from `extra_headers.folded`


def compile_mail(content: MailContent) -> CompiledMail:
    """The content ready to be rendered many times. Raises InvalidInput where it is broken."""
    return CompiledMail(_completed(content))


class CompiledMail:
    """A compiled content. `links` are its trackable addresses; a link's number is its place."""

    def __init__(self, content: MailContent) -> None:
        self._content = content
        self._subject = compile_template(content.subject, escape="header")
        self._sender_headers, self._list_headers = _fixed_headers(content)
        self._fixed_subject = (
            headers.fold("Subject", content.subject) if self._subject.is_constant else None
        )
        self._sender = {"name": content.from_name or "", "email": content.from_email}
        self.links: tuple[str, ...] = ()
        self._html: PartTemplate | None = None
        self._html_with_pixel: PartTemplate | None = None
        if content.html is not None:
            self._compile_html(content.html)
        text, self._text_numbers = content.text, frozenset[int]()
        if content.tracking_text_clicks:
            text, self.links, self._text_numbers = slot_text_links(text, self.links)
        self._text = part_template(text, "text", content.charset)
        self._addresses = [
            (number, link_slot(number), compile_address(address))
            for number, address in enumerate(self.links)
        ]

    def render(self, recipient: Recipient) -> bytes:
        """The whole mail to this recipient: CRLF, seven bits, not yet signed.

        Raises InvalidInput for an address, name or value that cannot stand in a mail.
        """
        values = self._values(recipient)
        subject = self._fixed_subject
        if subject is None:
            subject = headers.fold("Subject", values["campaign"]["subject"])
        head = [
            _date_line(recipient.date),
            headers.fold_structured("Message-ID", f"<{recipient.message_id.strip('<>')}>"),
            self._sender_headers,
            headers.fold_address("To", recipient.display_name, recipient.email),
            subject,
        ]
        if self._content.marketing:
            unsubscribe = f"<{recipient.unsubscribe_url}>"
            head += [headers.fold_structured("List-Unsubscribe", unsubscribe), self._list_headers]
        head.append(recipient.extra_headers)
        html = self._html_with_pixel if recipient.open_url else self._html
        text, text_charset = self._text.part(values)
        page, page_charset = (None, UTF_8) if html is None else html.part(values)
        return assembled(
            b"".join(head),
            text,
            page,
            boundary=recipient.boundary,
            charsets=(text_charset, page_charset),
        )

    def subject_for(self, values: Mapping[str, Any]) -> str:
        """The subject as this recipient reads it."""
        return self._subject.render(values)

    def _values(self, recipient: Recipient) -> dict[str, Any]:
        values = dict(recipient.values)
        values["unsubscribeUrl"] = recipient.unsubscribe_url
        values["viewInBrowserUrl"] = recipient.view_url
        values["sender"] = self._sender
        values["campaign"] = {"name": self._content.campaign_name, "subject": ""}
        values["campaign"]["subject"] = self._subject.render(values)
        if recipient.open_url:
            values[OPEN_SLOT] = recipient.open_url
        for number, slot, render in self._addresses:
            values[slot] = self._address(recipient, number, render(values))
        return values

    def _address(self, recipient: Recipient, number: int, address: str) -> str:
        """Where a link leads in this mail: through us, where its clicks are counted."""
        is_tracked = self._content.tracking_clicks or number in self._text_numbers
        if not is_tracked or address == "#":
            return address
        if self._content.link_parameters:
            address = with_parameters(address, self._content.link_parameters)
        return recipient.link_url(number, address) if recipient.link_url else address

    def _compile_html(self, html: str) -> None:
        slotted, self.links = slot_links(html)
        if not self._content.tracking_clicks:
            slotted = _with_fixed_addresses(slotted, self.links)
        charset = self._content.charset
        self._html = part_template(slotted, "html", charset)
        self._html_with_pixel = (
            part_template(pixel_slot(slotted), "html", charset)
            if self._content.tracking_opens
            else self._html
        )


def _completed(content: MailContent) -> MailContent:
    """The content with its preheader, a text part, and a way out where there must be one."""
    html = content.html
    text = content.text
    if not text.strip() and html is not None:
        text = plain_text.from_html(html)
    if html is not None:
        html = with_preheader(html, content.preheader)
    if content.marketing:
        html, text = ensure_unsubscribe_footer(
            html,
            text,
            language=content.language,
            always=content.unsubscribe_footer,
            postal_address=content.postal_address,
        )
    return replace(content, html=html, text=text)


def _fixed_headers(content: MailContent) -> tuple[bytes, bytes]:
    """The headers of the sender, and those of the list after List-Unsubscribe."""
    sender = headers.fold_address("From", content.from_name, content.from_email)
    if content.reply_to:
        sender += headers.fold_address("Reply-To", None, content.reply_to)
    if not content.marketing:
        return sender, b""
    # RFC 8058 section 3.1: this value and no other.
    lines = [headers.fold_structured("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")]
    if content.list_id:
        lines.append(headers.fold_structured("List-Id", content.list_id))
    if content.feedback_id:
        lines.append(headers.fold_structured("Feedback-ID", content.feedback_id))
    return sender, b"".join(lines)


def _with_fixed_addresses(html: str, links: Sequence[str]) -> str:
    """The page with those addresses in place that are the same for everybody."""
    for number, address in enumerate(links):
        if "{{" not in address and "{%" not in address:
            slot = f"{{{{{link_slot(number)}}}}}"
            html = html.replace(slot, escape_html(compile_address(address)({})))
    return html


@lru_cache(maxsize=16)
def _date_line(moment: datetime) -> bytes:
    """Mails of one moment share their date."""
    return headers.fold_structured("Date", headers.date_header(moment))
