"""What strangers reach, as bare ASGI in front of everything else.

`/o/` the open pixel, `/c/` the click redirect, `/u/` the unsubscribe page, `/v/` the mail in a
browser, `/s/` the page that confirms a sender, `/l/` a tenant's logo, `/healthz`. A token that does
not verify gets one answer, whatever is wrong with it, and costs no look-up (SEC-07). GET and HEAD
change nothing but counts (SEC-09).
"""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mailwright.domain.hit_verdict import judge
from mailwright.domain.tokens import MessageRef, Tokens
from mailwright.public.pages import (
    PAGE_HEADERS,
    broken_link_page,
    confirmation_page,
    sender_page,
    subscription_page,
)
from mailwright.services import (
    browser_views,
    confirmations,
    export_tasks,
    logos,
    sender_confirmations,
    unsubscribes,
)
from mailwright.services.runtime import Runtime
from mailwright.services.tracking import Hit, TrackingBuffer

Headers = tuple[tuple[bytes, bytes], ...]
Handler = Callable[[Scope, Receive, Send, str], Awaitable[None]]

_GIF = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
_GIF_HEADERS: Headers = (
    (b"content-type", b"image/gif"),
    (b"cache-control", b"no-store, private"),
    (b"x-content-type-options", b"nosniff"),
    # The mail is read on other sites: without this, a browser there may refuse the image.
    (b"cross-origin-resource-policy", b"cross-origin"),
)
_REDIRECT_HEADERS: Headers = (
    (b"cache-control", b"no-store, private"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-robots-tag", b"noindex, nofollow"),
)
_TEXT_HEADERS: Headers = (
    (b"content-type", b"text/plain; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
)
_SANDBOX = (
    b"sandbox allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation;"
    b" default-src 'none'; img-src http: https: data:; style-src 'unsafe-inline';"
    b" base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
#: A mail in a browser: no script, no form, an origin of its own (SEC-02); pictures may be anywhere.
_VIEW_HEADERS: Headers = (
    (b"content-type", b"text/html; charset=utf-8"),
    (b"content-security-policy", _SANDBOX),
    *PAGE_HEADERS[2:],
)

_FILE_HEADERS: Headers = (
    (b"content-type", b"text/csv; charset=utf-8"),
    (b"cache-control", b"no-store, private"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
)

#: Whatever a picture may hold, it is one and nothing else (SEC-23); its name changes with it.
_LOGO_HEADERS: Headers = (
    (b"content-type", b"image/png"),
    (b"content-disposition", b'inline; filename="logo.png"'),
    (b"content-security-policy", b"default-src 'none'; sandbox; frame-ancestors 'none'"),
    (b"cache-control", b"public, max-age=86400, immutable"),
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"cross-origin"),
    (b"referrer-policy", b"no-referrer"),
)

#: How long people see what they did before they go on to the tenant's own page.
_ONWARD_SECONDS = 3

_READS = ("GET", "HEAD")
_BODY_BYTES_MAX = 16_384  # a one-click form has 26
_AGENT_CHARACTERS_MAX = 300
_URL_SAFE = "!#$%&'()*+,/:;=?@[]~"


def create_public(runtime: Runtime, fallback: ASGIApp) -> ASGIApp:
    """The application. Whatever is not ours goes to `fallback`, the lifespan too."""
    return _Public(runtime, fallback)


class _Public:
    def __init__(self, runtime: Runtime, fallback: ASGIApp) -> None:
        self._runtime = runtime
        self._fallback = fallback
        self._tokens = Tokens(runtime.keys)
        self._buffer = TrackingBuffer(runtime)
        self._handlers: dict[str, Handler] = {
            "/o/": self._open,
            "/c/": self._click,
            "/u/": self._unsubscribe,
            "/v/": self._view,
            "/s/": self._sender,
            "/j/": self._confirm,
            "/d/": self._download,
            "/l/": self._logo,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._fallback(scope, receive, self._flushing(send))
            return
        if scope["type"] == "http":
            path: str = scope["path"]
            handler = self._handlers.get(path[:3])
            if handler is not None:
                await handler(scope, receive, send, path[3:])
                return
            if path == "/healthz":
                await _answer(scope, send, 200, _TEXT_HEADERS, b"ok\n")
                return
        await self._fallback(scope, receive, send)

    def _flushing(self, send: Send) -> Send:
        """`send`, with what is left in the buffer written before the shutdown is called done."""

        async def watched(message: Message) -> None:
            if message["type"].startswith("lifespan.shutdown."):
                await self._buffer.close()
            await send(message)

        return watched

    async def _open(self, scope: Scope, _: Receive, send: Send, token: str) -> None:
        if scope["method"] == "GET":
            ref = self._tokens.read_open(token)
            if ref is not None:
                self._record(scope, ref)
        elif scope["method"] != "HEAD":
            await _refuse_method(scope, send, b"GET, HEAD")
            return
        await _answer(scope, send, 200, _GIF_HEADERS, _GIF)

    async def _click(self, scope: Scope, _: Receive, send: Send, token: str) -> None:
        if scope["method"] not in _READS:
            await _refuse_method(scope, send, b"GET, HEAD")
            return
        click = self._tokens.read_click(token)
        location = _location(click.url) if click is not None else None
        if click is None or location is None:
            await self._broken(scope, send)
            return
        if scope["method"] == "GET":
            self._record(scope, click.message, click.url)
        await _answer(scope, send, 302, ((b"location", location), *_REDIRECT_HEADERS), b"")

    async def _unsubscribe(self, scope: Scope, receive: Receive, send: Send, token: str) -> None:
        link = self._tokens.read_unsubscribe(token)
        if link is None:
            await self._broken(scope, send)
            return
        if scope["method"] in _READS:
            view = await unsubscribes.get_subscription(self._runtime, link)
            await self._subscription(scope, send, view)
        elif scope["method"] != "POST":
            await _refuse_method(scope, send, b"GET, HEAD, POST")
        else:
            await self._act(scope, receive, send, link)

    async def _act(
        self, scope: Scope, receive: Receive, send: Send, link: unsubscribes.Unsubscribe
    ) -> None:
        """A POST leaves, whatever its body, unless it says `action=resubscribe`.

        RFC 8058 section 3.2: the one-click POST is answered directly, without a redirect, and needs
        neither cookie nor form of ours.
        """
        body = await _body(receive)
        if b"action=resubscribe" in body:
            view = await unsubscribes.resubscribe(self._runtime, link)
            await self._subscription(scope, send, view, returned=True)
        elif b"action=unsubscribe" in body:
            view = await unsubscribes.unsubscribe(self._runtime, link, source="page")
            onward = await unsubscribes.onward_after(self._runtime, link)
            await self._subscription(scope, send, view, onward=onward)
        else:
            await unsubscribes.unsubscribe(self._runtime, link, source="one_click")
            await _answer(scope, send, 200, _TEXT_HEADERS, b"You are unsubscribed.\n")

    async def _view(self, scope: Scope, _: Receive, send: Send, token: str) -> None:
        if scope["method"] not in _READS:
            await _refuse_method(scope, send, b"GET, HEAD")
            return
        link = self._tokens.read_view(token)
        html = await browser_views.render_view(self._runtime, link) if link is not None else None
        if html is None:
            await self._broken(scope, send)
        else:
            await _answer(scope, send, 200, _VIEW_HEADERS, html.encode())

    async def _sender(self, scope: Scope, _: Receive, send: Send, token: str) -> None:
        """GET shows, POST confirms: mail scanners open every link (SEC-09)."""
        if scope["method"] not in {*_READS, "POST"}:
            await _refuse_method(scope, send, b"GET, HEAD, POST")
            return
        if scope["method"] == "POST":
            await sender_confirmations.confirm_sender(self._runtime, token)
        view = await sender_confirmations.get_confirmation(self._runtime, token)
        if view is None:
            await self._broken(scope, send)
        else:
            page = sender_page(view, *_wishes(scope))
            await _answer(scope, send, 200, PAGE_HEADERS, page)

    async def _confirm(self, scope: Scope, receive: Receive, send: Send, token: str) -> None:
        """GET asks, POST confirms (SEC-09)."""
        asked = self._tokens.read_confirm(token)
        if asked is None:
            await self._broken(scope, send)
        elif scope["method"] in _READS:
            view = await confirmations.get_request(self._runtime, asked)
            await self._request(scope, send, view)
        elif scope["method"] != "POST":
            await _refuse_method(scope, send, b"GET, HEAD, POST")
        else:
            await _body(receive)
            view = await confirmations.confirm(self._runtime, asked)
            await self._request(scope, send, view, onward=view.onward)

    async def _request(
        self,
        scope: Scope,
        send: Send,
        view: confirmations.RequestView,
        *,
        onward: str | None = None,
    ) -> None:
        page = confirmation_page(view, *_wishes(scope))
        await _answer(scope, send, 200, (*PAGE_HEADERS, *_onward(onward)), page)

    async def _logo(self, scope: Scope, _: Receive, send: Send, name: str) -> None:
        if scope["method"] not in _READS:
            await _refuse_method(scope, send, b"GET, HEAD")
            return
        picture = await logos.picture(self._runtime, name)
        if picture is None:
            await self._broken(scope, send)
        else:
            await _answer(scope, send, 200, _LOGO_HEADERS, picture)

    async def _download(self, scope: Scope, _: Receive, send: Send, token: str) -> None:
        if scope["method"] not in _READS:
            await _refuse_method(scope, send, b"GET, HEAD")
            return
        link = self._tokens.read_download(token)
        file = await export_tasks.linked_file(self._runtime, link) if link is not None else None
        if file is None:
            await self._broken(scope, send)
            return
        disposition = f'attachment; filename="{file.name}"'.encode()
        headers = (
            *_FILE_HEADERS,
            (b"content-disposition", disposition),
            (b"content-length", str(file.byte_count).encode()),
        )
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        if scope["method"] == "GET":
            async for piece in file.pieces:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    def _record(self, scope: Scope, ref: MessageRef, url: str | None = None) -> None:
        if ref.message_id == 0:
            return  # a test mail works like a real one and leaves no trace
        agent = _header(scope, b"user-agent")[:_AGENT_CHARACTERS_MAX].replace("\0", "")
        purpose = _header(scope, b"sec-purpose") or _header(scope, b"purpose")
        data: dict[str, Any] = {"agent": agent, "verdict": judge(agent, purpose)}
        if url is not None:
            data["url"] = url
        at = self._runtime.now()
        number = ref.link_number if url is not None else None
        self._buffer.add(Hit(ref.tenant_id, ref.message_id, at, data, number))

    async def _subscription(
        self,
        scope: Scope,
        send: Send,
        view: unsubscribes.SubscriptionView,
        *,
        returned: bool = False,
        onward: str | None = None,
    ) -> None:
        page = subscription_page(view, *_wishes(scope), returned=returned)
        await _answer(scope, send, 200, (*PAGE_HEADERS, *_onward(onward)), page)

    async def _broken(self, scope: Scope, send: Send) -> None:
        await _answer(scope, send, 404, PAGE_HEADERS, broken_link_page(*_wishes(scope)))


async def _answer(scope: Scope, send: Send, status: int, headers: Headers, body: bytes) -> None:
    complete = (*headers, (b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": complete})
    sent = b"" if scope["method"] == "HEAD" else body
    await send({"type": "http.response.body", "body": sent})


async def _refuse_method(scope: Scope, send: Send, allowed: bytes) -> None:
    headers = ((b"allow", allowed), *_TEXT_HEADERS)
    await _answer(scope, send, 405, headers, b"This address does not take that method.\n")


def _location(url: str) -> bytes | None:
    """`url` as it stands in the header, or None unless it leads to the web (SEC-06)."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        return None
    return quote(url, safe=_URL_SAFE).encode("ascii")


def _onward(url: str | None) -> Headers:
    """The header that goes on to a page of the tenant's; a redirect would hide what was done."""
    location = _location(url) if url else None
    if location is None:
        return ()
    return ((b"refresh", str(_ONWARD_SECONDS).encode() + b"; url=" + location),)


async def _body(receive: Receive) -> bytes:
    """What was posted, as far as we care to read it."""
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")[: _BODY_BYTES_MAX - len(body)]
        if message["type"] == "http.disconnect" or not message.get("more_body", False):
            return body


def _wishes(scope: Scope) -> tuple[str | None, str | None]:
    """`?lang=` and `Accept-Language`."""
    asked = parse_qs(scope["query_string"].decode("latin-1")).get("lang")
    return (asked[0] if asked else None), _header(scope, b"accept-language")


def _header(scope: Scope, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")
