"""`/settings/security`: one's own password and one-time codes."""

from __future__ import annotations

from starlette.responses import Response

from mailwright.domain.ids import parse_id
from mailwright.errors import InvalidInput
from mailwright.services import authenticators as service
from mailwright.services import member_passwords
from mailwright.services.authenticators import NewAuthenticator
from mailwright.web.forms import Form
from mailwright.web.security import SESSION_COOKIE
from mailwright.web.visits import Visit

PATH = "/settings/security"


async def show(visit: Visit) -> Response:
    """What is switched on."""
    return await _page(visit)


async def change_password(visit: Visit) -> Response:
    """A new password; every session ends, this one too."""
    try:
        await member_passwords.check_own_password(
            visit.runtime, visit.caller, visit.form.get("current", "")
        )
        await member_passwords.change_password(
            visit.runtime, visit.caller, visit.session.member_uuid, visit.form.get("password", "")
        )
    except InvalidInput as error:
        return await _page(visit, 422, error=error)
    response = visit.go("/login")
    response.delete_cookie(SESSION_COOKIE)
    return response


async def begin(visit: Visit) -> Response:
    """The key of a new authenticator, on this page only."""
    new = await service.create_authenticator(visit.runtime, visit.caller, "Authenticator app")
    return await _page(visit, new=new)


async def activate(visit: Visit) -> Response:
    """Codes are asked for from now on; the recovery codes, on this page only."""
    given = parse_id(visit.form.get("authenticator", ""), "authenticator")
    try:
        codes = await service.activate_authenticator(
            visit.runtime, visit.caller, given, visit.form.get("code", ""), keep=_cookie(visit)
        )
    except InvalidInput as error:
        return visit.go(PATH, error=f"{error.message} Begin again with a new key.")
    return await _page(visit, codes=codes)


async def renew_codes(visit: Visit) -> Response:
    """New recovery codes for whoever has the phone at hand."""
    try:
        await service.check_code(visit.runtime, visit.caller, visit.form.get("code", ""))
    except InvalidInput as error:
        return await _page(visit, 422, error=error)
    codes = await service.renew_recovery_codes(visit.runtime, visit.caller)
    return await _page(visit, codes=codes)


async def remove(visit: Visit) -> Response:
    """Codes are asked for no more, once one was given."""
    given = parse_id(visit.request.path_params["uuid"], "authenticator")
    try:
        await service.check_code(visit.runtime, visit.caller, visit.form.get("code", ""))
    except InvalidInput as error:
        return await _page(visit, 422, error=error)
    await service.remove_authenticator(visit.runtime, visit.caller, given, keep=_cookie(visit))
    return visit.go(PATH, said="One-time codes are off.")


async def _page(
    visit: Visit,
    status: int = 200,
    *,
    new: NewAuthenticator | None = None,
    codes: list[str] | None = None,
    error: InvalidInput | None = None,
) -> Response:
    active = await service.list_authenticators(visit.runtime, visit.caller)
    details = error.details if error else {}
    errors = {name.rpartition(".")[2]: list(found) for name, found in details.items()}
    form: Form = {}
    return await visit.show(
        "security/page.html",
        status,
        active=active,
        new=new,
        codes=codes or [],
        errors=errors,
        form=form,
    )


def _cookie(visit: Visit) -> str:
    return visit.request.cookies[SESSION_COOKIE]
