"""One request of one signed-in member, and the ways to answer it."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any
from urllib.parse import quote
from uuid import UUID

import orjson
import structlog
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from mailwright import errors
from mailwright.domain import scopes
from mailwright.domain.ids import parse_id
from mailwright.services import inbox, installation
from mailwright.services.caller import Caller
from mailwright.services.paging import Page
from mailwright.services.runtime import Runtime
from mailwright.services.sessions import Session, authenticate_session
from mailwright.web import filters
from mailwright.web.forms import Form, read_form
from mailwright.web.navigation import GROUPS
from mailwright.web.security import (
    FLASH_COOKIE,
    SESSION_COOKIE,
    csrf_token,
    local_path,
    require_own_form,
    set_cookie,
)
from mailwright.web.uploads import read_upload

log = structlog.get_logger()

Handler = Callable[["Visit"], Awaitable[Response]]

FLASH_SECONDS = 60
ROWS_PER_PAGE = 25

#: The forms that take a file.
UPLOADS = frozenset({"/imports/new", "/settings/account/logo"})

#: The first class that fits decides.
STATUS: tuple[tuple[type[errors.MailwrightError], int], ...] = (
    (errors.InvalidInput, 422),
    (errors.NotReady, 422),
    (errors.NotFound, 404),
    (errors.Conflict, 409),
    (errors.TooLarge, 413),
    (errors.Unauthenticated, 401),
    (errors.Forbidden, 403),
    (errors.RateLimited, 429),
    (errors.OperatorError, 503),
    (errors.MailwrightError, 500),
)

_templates = Environment(
    loader=PackageLoader("mailwright.web"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
filters.install(_templates)


@dataclass(frozen=True, slots=True)
class Visit:
    """A request, who made it, and the form it carried (empty for a GET), with its file if any."""

    request: Request
    runtime: Runtime
    session: Session
    csrf: str
    form: Form
    file: UploadFile | None = None

    @property
    def caller(self) -> Caller:
        """Who asks, as services want it."""
        return self.session.caller

    @property
    def is_partial(self) -> bool:
        """Whether htmx asks for a part of a page rather than somebody for all of it."""
        return self.request.headers.get("hx-request") == "true"

    def may(self, scope: str) -> bool:
        """Whether the member's role allows it; pages show nobody what they may not do."""
        return scopes.allows(self.caller.granted, scope)

    def path_id(self, name: str, noun: str) -> UUID:
        """The id in the path by that name. Raises NotFound, saying that there is no such `noun`."""
        return parse_id(self.request.path_params[name], noun)

    def query(self, name: str) -> str:
        """A query parameter, trimmed; empty when it is absent."""
        return self.request.query_params.get(name, "").replace("\0", "").strip()[:255]

    def page(self) -> Page:
        """Which page of a list is asked for; anything unreadable is the first."""
        number = self.query("page")
        is_number = number.isascii() and number.isdigit() and len(number) < 7
        return Page(max(1, int(number)) if is_number else 1, ROWS_PER_PAGE)

    def faults(self, error: errors.MailwrightError | None) -> dict[str, Any]:
        """What a form shows of `error`: `errors` beside fields, `problem` above them."""
        by_field = isinstance(error, errors.InvalidInput | errors.Conflict)
        details: Mapping[str, Any] = error.details if error and by_field else {}
        is_shown = any(name in self.form for name in details)
        return {"errors": details, "problem": error.message if error and not is_shown else ""}

    async def show(self, template: str, status: int = 200, /, **context: Any) -> HTMLResponse:
        """A whole page inside the frame that all pages share."""
        unseen = await inbox.count_unseen(self.runtime, self.caller)
        frame = {
            "session": self.session,
            "groups": GROUPS,
            "path": self.request.url.path,
            "flash": flash_of(self.request),
            "captures": self.runtime.settings.smtp_url.get_secret_value().startswith("capture:"),
            "sending_enabled": await installation.sending_enabled(self.runtime),
            "unseen": unseen,
        }
        response = self.part(template, status, **frame, **context)
        if FLASH_COOKIE in self.request.cookies:
            response.delete_cookie(FLASH_COOKIE)
        return response

    def part(self, template: str, status: int = 200, /, **context: Any) -> HTMLResponse:
        """A piece of a page."""
        html = render(template, csrf=self.csrf, may=self.may, **context)
        return HTMLResponse(html, status, headers={"Vary": "HX-Request"})

    def go(self, path: str, *, said: str = "", error: str = "") -> Response:
        """On to another page, with a word about what happened."""
        response = RedirectResponse(path, 303)
        if said or error:
            say(self.runtime, response, error or said, "error" if error else "done")
        return response


def say(runtime: Runtime, response: Response, text: str, kind: str = "done") -> None:
    """Has the next page say `text`."""
    packed = base64.urlsafe_b64encode(orjson.dumps([kind, text[:500]])).decode()
    set_cookie(runtime, response, FLASH_COOKIE, packed, max_age_seconds=FLASH_SECONDS)


def render(template: str, /, **context: Any) -> str:
    """A template with its values, escaped."""
    return _templates.get_template(template).render(**context)


def signed_in(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    """`handler` for members only: others are led to sign in, foreign forms are refused."""

    @wraps(handler)
    async def endpoint(request: Request) -> Response:
        runtime: Runtime = request.app.state.runtime
        token = request.cookies.get(SESSION_COOKIE, "")
        try:
            session = await authenticate_session(runtime, token)
        except errors.Unauthenticated:
            return _to_sign_in(request)
        form: Mapping[str, str] = {}
        file: UploadFile | None = None
        if request.method == "POST":
            form, file = await _posted(runtime, request)
        visit = Visit(request, runtime, session, csrf_token(runtime, token), form, file)
        try:
            if request.method == "POST":
                require_own_form(runtime, request, token, form.get("csrf", ""))
            return await _answered(handler, visit)
        finally:
            if file is not None:
                await file.close()

    return endpoint


async def _answered(handler: Handler, visit: Visit) -> Response:
    try:
        return await handler(visit)
    except errors.MailwrightError as error:
        return await _trouble(visit, error)


async def _posted(runtime: Runtime, request: Request) -> tuple[Form, UploadFile | None]:
    """The form of the request, and the file in it where the page has a field for one."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "multipart/form-data" or request.url.path not in UPLOADS:
        return await read_form(request), None
    bytes_max = runtime.settings.upload_megabytes_max * 1024**2
    return await read_upload(request, bytes_max=bytes_max)


async def error_page(request: Request, error: Exception) -> Response:
    """The page for what goes wrong outside of a visit: foreign forms, unknown paths, our faults."""
    if isinstance(error, errors.MailwrightError):
        status, text = status_of(error), error.message
    else:
        status = getattr(error, "status_code", 500)
        text = _GENERAL.get(status, "Something went wrong on our side; it was logged.")
        if status == 500:
            log.error("page_failed", path=request.url.path, exc_info=error)
    html = render("trouble.html", status=status, text=text)
    return HTMLResponse(html, status)


_GENERAL = {404: "There is no such page.", 405: "This page does not take that."}


def status_of(error: errors.MailwrightError) -> int:
    """The HTTP status that tells of `error`."""
    return next(status for kind, status in STATUS if isinstance(error, kind))


async def _trouble(visit: Visit, error: errors.MailwrightError) -> Response:
    """An action that failed says so where it was asked for; a page that failed says so itself."""
    back = visit.form.get("back")
    if back and not isinstance(error, errors.Forbidden):
        return visit.go(local_path(back), error=error.message)
    if visit.is_partial:
        return await error_page(visit.request, error)
    status = status_of(error)
    return await visit.show("refused.html", status, code=status, text=error.message)


def _to_sign_in(request: Request) -> Response:
    target = request.url.path
    if request.method == "GET" and request.url.query:
        target += f"?{request.url.query}"
    path = "/login" if target == "/" else f"/login?next={quote(target, safe='/')}"
    if request.headers.get("hx-request") == "true":
        return Response(status_code=200, headers={"HX-Redirect": "/login"})
    return RedirectResponse(path, 303)


def flash_of(request: Request) -> tuple[str, str] | None:
    """What the page before wanted said, and whether it is an `error` or `done`."""
    packed = request.cookies.get(FLASH_COOKIE, "")
    try:
        kind, text = orjson.loads(base64.urlsafe_b64decode(packed))
    except (binascii.Error, ValueError, TypeError):
        return None
    return ("error" if kind == "error" else "done", str(text))
