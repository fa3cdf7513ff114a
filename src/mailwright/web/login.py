"""`/login` and `/logout`."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from mailwright import errors
from mailwright.services import sessions
from mailwright.services.challenges import CodeNeeded
from mailwright.services.runtime import Runtime
from mailwright.web import strangers
from mailwright.web.security import (
    SESSION_COOKIE,
    VISIT_COOKIE,
    local_path,
    set_cookie,
)
from mailwright.web.visits import Visit


async def show(request: Request) -> Response:
    """The form; whoever is signed in is sent on."""
    runtime: Runtime = request.app.state.runtime
    wanted = local_path(request.query_params.get("next", "/"))
    try:
        await sessions.authenticate_session(runtime, request.cookies.get(SESSION_COOKIE, ""))
    except errors.Unauthenticated:
        return _form(request, wanted, account=request.query_params.get("account", ""))
    return RedirectResponse(wanted, 303)


async def sign_in(request: Request) -> Response:
    """Signs in, or shows the form again with a sentence that says why not."""
    runtime: Runtime = request.app.state.runtime
    form = await strangers.posted(request)
    wanted, email = local_path(form.get("next", "/")), form.get("email", "").strip()
    address, account = strangers.address_of(request), form.get("account", "").replace("\0", "")
    try:
        signed = await sessions.sign_in(
            runtime, email, form.get("password", ""), address, account=account
        )
    except CodeNeeded as needed:
        return _code_form(request, wanted, needed.challenge)
    except (errors.Unauthenticated, errors.InvalidInput, errors.RateLimited) as error:
        return _form(request, wanted, account=account, email=email, error=error)
    return _signed_in(runtime, wanted, signed)


async def give_code(request: Request) -> Response:
    """Signs in whoever was asked for a code, or asks again with a sentence that says why."""
    runtime: Runtime = request.app.state.runtime
    form = await strangers.posted(request)
    wanted, challenge = local_path(form.get("next", "/")), form.get("challenge", "")
    try:
        signed = await sessions.answer_challenge(runtime, challenge, form.get("code", ""))
    except (errors.Unauthenticated, errors.RateLimited) as error:
        return _code_form(request, wanted, challenge, error)
    return _signed_in(runtime, wanted, signed)


def _signed_in(runtime: Runtime, wanted: str, signed: sessions.SignedIn) -> Response:
    response = RedirectResponse(wanted, 303)
    seconds = int(sessions.LIFETIME.total_seconds())
    set_cookie(runtime, response, SESSION_COOKIE, signed.token, max_age_seconds=seconds)
    response.delete_cookie(VISIT_COOKIE)
    return response


async def sign_out(visit: Visit) -> Response:
    """Ends the session."""
    await sessions.sign_out(visit.runtime, visit.request.cookies[SESSION_COOKIE])
    response = RedirectResponse("/login", 303)
    response.delete_cookie(SESSION_COOKIE)
    return response


def _form(
    request: Request,
    wanted: str,
    *,
    account: str,
    email: str = "",
    error: errors.MailwrightError | None = None,
) -> Response:
    sentence = "That address and password do not go together." if error else ""
    return strangers.page(
        request, "login.html", error, sentence, wanted=wanted, account=account, email=email
    )


def _code_form(
    request: Request, wanted: str, challenge: str, error: errors.MailwrightError | None = None
) -> Response:
    sentence = error.message if error else ""
    return strangers.page(
        request, "login_code.html", error, sentence, wanted=wanted, challenge=challenge
    )
