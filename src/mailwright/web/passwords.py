"""`/forgot-password`, and `/password/{token}` behind the link in the mail."""

from __future__ import annotations

from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from mailwright import errors
from mailwright.domain.doors import Door
from mailwright.services import forgotten_passwords, password_links
from mailwright.services.password_links import RESET_HOURS
from mailwright.services.runtime import Runtime
from mailwright.web import strangers
from mailwright.web.visits import say


async def show_forgotten(request: Request) -> Response:
    """The form that asks for the address."""
    return strangers.page(request, "forgot_password.html", email="", asked=False)


async def ask(request: Request) -> Response:
    """The same answer for every address, known or not."""
    runtime: Runtime = request.app.state.runtime
    email = (await strangers.posted(request)).get("email", "").strip()
    language = request.headers.get("accept-language", "")[:2]
    try:
        await forgotten_passwords.ask_for_links(
            runtime, email, strangers.address_of(request), Door.DASHBOARD, language=language
        )
    except (errors.InvalidInput, errors.RateLimited) as error:
        sentence = "That is no mail address."
        return strangers.page(
            request, "forgot_password.html", error, sentence, email=email, asked=False
        )
    return strangers.page(
        request, "forgot_password.html", email=email, asked=True, hours=RESET_HOURS
    )


async def show(request: Request) -> Response:
    """The form for the new password; that it is shown changes nothing."""
    return await _form(request)


async def save(request: Request) -> Response:
    """On to signing in with the new password."""
    runtime: Runtime = request.app.state.runtime
    form = await strangers.posted(request)
    token: str = request.path_params["token"]
    try:
        link = await password_links.get_link(runtime, token)
        await password_links.use_link(runtime, token, form.get("password", ""), Door.DASHBOARD)
    except errors.InvalidInput as error:
        return await _form(request, error)
    except errors.NotFound:
        return await _form(request)
    response = RedirectResponse(f"/login?account={quote(link.tenant_slug)}", 303)
    say(runtime, response, "Your password is set. Sign in with it.")
    return response


async def _form(request: Request, error: errors.InvalidInput | None = None) -> Response:
    runtime: Runtime = request.app.state.runtime
    token: str = request.path_params["token"]
    try:
        link = await password_links.get_link(runtime, token)
    except errors.NotFound as over:
        response = strangers.page(request, "password_link_over.html", over)
    else:
        sentence = error.message if error else ""
        response = strangers.page(
            request, "set_password.html", error, sentence, link=link, token=token
        )
    response.headers["Referrer-Policy"] = "no-referrer"  # the address of this page opens an account
    return response
