"""What keeps the dashboard the tenant's own: cookies, CSRF tokens, headers.

A form of a signed-in page carries a token made from the session with a key of its own, and cookies
are SameSite=Lax: either alone would stop a foreign page (SEC-14). Nothing runs or is styled inline,
so the policy needs no exception and no nonce.
"""

from __future__ import annotations

import hmac

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mailwright.domain.keys import Purpose
from mailwright.errors import Forbidden
from mailwright.services.runtime import Runtime

SESSION_COOKIE = "mailwright_session"
VISIT_COOKIE = "mailwright_visit"  # before sign-in, so that the form there is ours too
FLASH_COOKIE = "mailwright_flash"

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
#: The same for a page on which somebody writes: pictures are all that may come from elsewhere.
POLICY_WITH_IMAGES = POLICY.replace("img-src 'self' data:", "img-src 'self' data: http: https:")
#: Mail shown in a frame: an origin of its own, no script, no form, no request to anywhere (SEC-02).
SANDBOX = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
    "style-src 'unsafe-inline'; img-src data:; font-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'"
)
#: The same with the pictures of the mail, for whoever asks for them.
SANDBOX_WITH_IMAGES = SANDBOX.replace("img-src data:", "img-src data: http: https:")

_HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "cache-control": "no-store",
    "x-robots-tag": "noindex, nofollow",
}


class SecurityHeaders:
    """Adds the headers to every answer that does not bring its own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, guarded)


def csrf_token(runtime: Runtime, secret: str) -> str:
    """The token of the forms of whoever holds the cookie `secret`."""
    return runtime.keys.keyed_hash(Purpose.CSRF, secret).hex()[:40]


def require_own_form(runtime: Runtime, request: Request, secret: str, given: str) -> None:
    """Raises Forbidden unless the form came from a page of ours, for this very visitor."""
    site = request.headers.get("sec-fetch-site", "same-origin")
    expected = csrf_token(runtime, secret)
    if not secret or site not in {"same-origin", "none"}:
        raise Forbidden("This form did not come from Mailwright.", code="CSRF_TOKEN_INVALID")
    if not hmac.compare_digest(expected.encode(), given.encode()):
        raise Forbidden(
            "This page was open for too long; reload it and try again.", code="CSRF_TOKEN_INVALID"
        )


def set_cookie(
    runtime: Runtime, response: Response, name: str, value: str, *, max_age_seconds: int | None
) -> None:
    """A cookie that scripts cannot read and foreign pages cannot send along with a POST."""
    response.set_cookie(
        name,
        value,
        max_age=max_age_seconds,
        path="/",
        secure=runtime.settings.base_url.startswith("https:"),
        httponly=True,
        samesite="lax",
    )


def local_path(wanted: str, otherwise: str = "/") -> str:
    """`wanted` when it is a path of this site, so that no link can send people elsewhere."""
    is_path = wanted.startswith("/") and not wanted.startswith(("//", "/\\"))
    return wanted if is_path and wanted.isprintable() else otherwise
