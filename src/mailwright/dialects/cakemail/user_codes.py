"""`/users/self/mfa`: programs that show one-time codes, for whoever signed in."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from fastapi.security import HTTPAuthorizationCredentials
from starlette.responses import Response

from mailwright.dialects.cakemail.dependencies import CallerOf, RuntimeOf, bearer
from mailwright.dialects.cakemail.fields import NumberInPath
from mailwright.dialects.cakemail.paging import AskedOf
from mailwright.dialects.cakemail.shapes import DataPage, Done, Made, answer, created, did, many
from mailwright.dialects.cakemail.user_shapes import (
    AuthenticatorCreate,
    AuthenticatorShape,
    CodeBody,
    NewAuthenticatorShape,
    authenticator_shape,
)
from mailwright.errors import NotFound
from mailwright.services import authenticators as service
from mailwright.services.caller import Caller
from mailwright.services.runtime import Runtime

router = APIRouter(prefix="/users/self", tags=["users"])

#: The token of the call: its sign-in goes on when the others end.
_TokenOf = Annotated[HTTPAuthorizationCredentials, Depends(bearer)]


@router.get("/mfa", responses={200: {"model": DataPage[AuthenticatorShape]}})
async def page(runtime: RuntimeOf, caller: CallerOf, asked: AskedOf) -> Response:
    """Show the programs whose codes are asked for."""
    found = await service.list_authenticators(runtime, caller)
    start = asked.page.offset
    shown = found[start : start + asked.page.per_page]
    return many([authenticator_shape(view) for view in shown], asked, len(found))


@router.post("/mfa", status_code=201, responses={201: {"model": Made[NewAuthenticatorShape]}})
async def create(runtime: RuntimeOf, caller: CallerOf, body: AuthenticatorCreate) -> Response:
    """Begin with a program: put its key in, then activate it with a code."""
    new = await service.create_authenticator(runtime, caller, body.description)
    shape = NewAuthenticatorShape(
        id=new.view.id, description=new.view.description, secret=new.key, qr_code=new.qr_code
    )
    return created("mfa", shape)


@router.post("/mfa/{mfa_id}/activate", responses={200: {"model": Done}})
async def activate(
    runtime: RuntimeOf, caller: CallerOf, token: _TokenOf, mfa_id: NumberInPath, body: CodeBody
) -> Response:
    """Ask for codes at sign-in from now on. Every other sign-in ends."""
    authenticator_uuid = await _known(runtime, caller, mfa_id)
    codes = await service.activate_authenticator(
        runtime, caller, authenticator_uuid, body.code, keep=token.credentials
    )
    return did("mfa", str(mfa_id), "activated", recovery_codes=codes)


@router.delete("/mfa/{mfa_id}", responses={200: {"model": Done}})
async def delete(
    runtime: RuntimeOf, caller: CallerOf, token: _TokenOf, mfa_id: NumberInPath
) -> Response:
    """Ask for no codes of this program any more. Every other sign-in ends."""
    authenticator_uuid = await _known(runtime, caller, mfa_id)
    await service.remove_authenticator(runtime, caller, authenticator_uuid, keep=token.credentials)
    return did("mfa", str(mfa_id), "deleted")


@router.get("/mfa-recovery-codes")
async def renew_recovery_codes(runtime: RuntimeOf, caller: CallerOf) -> Response:
    """Get new recovery codes; the ones before open nothing any more, as only hashes are kept."""
    return answer({"data": await service.renew_recovery_codes(runtime, caller)})


@router.get("/mfa-portal")
async def portal(
    runtime: RuntimeOf,
    caller: CallerOf,
    return_url: Annotated[str | None, Query(min_length=1, max_length=2083)] = None,
) -> Response:
    """Where people switch codes on and off in their browser."""
    del caller
    query = f"?{urlencode({'next': return_url})}" if return_url else ""
    return answer({"url": f"{runtime.settings.base_url}/settings/security{query}"})


async def _known(runtime: Runtime, caller: Caller, number: int) -> UUID:
    found = await service.find_authenticator(runtime, caller, number)
    if found is None:
        raise NotFound("There is no such authenticator.")
    return found.uuid
