"""Pages for whoever is not signed in: their forms are ours by a cookie of the visit."""

from __future__ import annotations

import secrets

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from mailwright import errors
from mailwright.services.runtime import Runtime
from mailwright.web.forms import Form, read_form
from mailwright.web.security import (
    FLASH_COOKIE,
    VISIT_COOKIE,
    csrf_token,
    require_own_form,
    set_cookie,
)
from mailwright.web.visits import flash_of, render, status_of

_VISIT_SECONDS = 86_400


def address_of(request: Request) -> str:
    """Where a request comes from."""
    return request.client.host if request.client else "unknown"


async def posted(request: Request) -> Form:
    """What was posted. Raises Forbidden unless the form came from a page of ours."""
    runtime: Runtime = request.app.state.runtime
    form = await read_form(request)
    require_own_form(runtime, request, request.cookies.get(VISIT_COOKIE, ""), form.get("csrf", ""))
    return form


def page(
    request: Request,
    template: str,
    error: errors.MailwrightError | None = None,
    sentence: str = "",
    **context: object,
) -> Response:
    """A page with a form, and `sentence` above it; how long to wait stands in its place."""
    runtime: Runtime = request.app.state.runtime
    visit = request.cookies.get(VISIT_COOKIE) or secrets.token_urlsafe(24)
    if isinstance(error, errors.RateLimited):
        minutes = max(1, round(error.retry_after_seconds / 60))
        sentence = f"Too many tries. Please wait {minutes} minute{'s' if minutes > 1 else ''}."
    flash = flash_of(request)
    html = render(template, csrf=csrf_token(runtime, visit), error=sentence, flash=flash, **context)
    response = HTMLResponse(html, status_of(error) if error else 200)
    if isinstance(error, errors.RateLimited):
        response.headers["Retry-After"] = str(error.retry_after_seconds)
    set_cookie(runtime, response, VISIT_COOKIE, visit, max_age_seconds=_VISIT_SECONDS)
    if FLASH_COOKIE in request.cookies:
        response.delete_cookie(FLASH_COOKIE)
    return response
