"""The small pages that recipients see: one frame, no script, any language of `wording`."""

from __future__ import annotations

import base64
import hashlib
from html import escape
from importlib.resources import files

from mailwright.public import sender_wording
from mailwright.public.wording import WORDINGS, language_of
from mailwright.services.confirmations import Request, RequestView
from mailwright.services.sender_confirmations import ConfirmationView
from mailwright.services.unsubscribes import Standing, SubscriptionView

_STYLE = (files("mailwright.public") / "page.css").read_text("utf-8")
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

PAGE_HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"content-type", b"text/html; charset=utf-8"),
    (
        b"content-security-policy",
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; img-src 'self'; "
        "form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'".encode(),
    ),
    (b"cache-control", b"no-store"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-robots-tag", b"noindex, nofollow"),
    (b"vary", b"accept-language"),
)


def subscription_page(
    view: SubscriptionView, wished: str | None, accepted: str | None, *, returned: bool = False
) -> bytes:
    """Where the person stands, and the one thing they can do about it.

    `wished`: `?lang=`; `accepted`: the header; the contact's own locale stands between a wish and
    what the browser prefers. `returned`: they have just come back.
    """
    language = language_of(wished, view.locale, accepted)
    words = WORDINGS[language]
    names = {"sender": escape(view.tenant_name), "email": f"<strong>{escape(view.email)}</strong>"}
    parts = {
        Standing.SUBSCRIBED: (
            (words.back_title, words.back, "")
            if returned
            else (words.ask_title, words.ask, _button("unsubscribe", words.leave))
        ),
        Standing.UNSUBSCRIBED: (
            words.left_title,
            words.left,
            _return(words.mistake, words.come_back) if view.can_return else "",
        ),
        Standing.TEST: (words.test_title, words.test, ""),
        Standing.GONE: (words.gone_title, words.gone, ""),
    }
    title, text, action = parts[view.standing]
    return _page(language, title, f"<p>{text.format(**names)}</p>{action}", _logo(view))


def confirmation_page(view: RequestView, wished: str | None, accepted: str | None) -> bytes:
    """What somebody is asked who was put on a list, or that they have said yes."""
    language = language_of(wished, view.locale, accepted)
    words = WORDINGS[language]
    names = {
        "sender": escape(view.tenant_name),
        "list": escape(view.list_name),
        "email": f"<strong>{escape(view.email)}</strong>",
    }
    title, text, action = {
        Request.OPEN: (
            words.confirm_title,
            words.confirm,
            _button("confirm", words.confirm_button),
        ),
        Request.CONFIRMED: (words.confirmed_title, words.confirmed, ""),
        Request.GONE: (words.expired_title, words.expired, ""),
    }[view.standing]
    return _page(language, title, f"<p>{text.format(**names)}</p>{action}", _logo(view))


def broken_link_page(wished: str | None, accepted: str | None) -> bytes:
    """The same for an unknown, a cut-off and a forged token (SEC-07)."""
    language = language_of(wished, accepted)
    words = WORDINGS[language]
    return _page(language, words.broken_title, f"<p>{words.broken}</p>")


def sender_page(view: ConfirmationView, wished: str | None, accepted: str | None) -> bytes:
    """The page behind the link in a mail to a sender: what it is about, and the one button."""
    language = language_of(wished, view.language, accepted)
    words = sender_wording.WORDINGS[language]
    names = {
        "tenant": escape(view.tenant_name),
        "email": f"<strong>{escape(view.email)}</strong>",
    }
    title, text, action = (
        (words.done_title, words.done, "")
        if view.confirmed
        else (words.ask_title, words.ask, _button("confirm", words.confirm))
    )
    return _page(language, title, f"<p>{text.format(**names)}</p>{action}", _logo(view))


def _logo(view: SubscriptionView | RequestView | ConfirmationView) -> str:
    """The tenant's logo, where there is one: whose page this is."""
    if view.logo is None:
        return ""
    return f'<img class="logo" src="{escape(view.logo)}" alt="{escape(view.tenant_name)}">'


def _page(language: str, title: str, content: str, logo: str = "") -> bytes:
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{title}</title><style>{_STYLE}</style></head>"
        f"<body><main>{logo}<h1>{title}</h1>{content}</main></body></html>"
    ).encode()


def _button(action: str, label: str, style: str = "") -> str:
    chosen = f' class="{style}"' if style else ""
    return (
        f'<form method="post"><input type="hidden" name="action" value="{action}">'
        f"<button{chosen}>{label}</button></form>"
    )


def _return(question: str, label: str) -> str:
    return f'<hr><p class="aside">{question}</p>{_button("resubscribe", label, "quiet")}'
