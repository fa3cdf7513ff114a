"""What routes ask for in their arguments: the runtime, the caller, the page, an id."""

from __future__ import annotations

from typing import Annotated, cast
from uuid import UUID

from fastapi import Depends, Header, Query, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from mailwright.domain.doors import Door
from mailwright.errors import NotFound, Unauthenticated
from mailwright.services import bearers, tenants
from mailwright.services.caller import Caller
from mailwright.services.paging import Page
from mailwright.services.runtime import Runtime

LIMIT = 20  # vendors.md 2.4

_bearer = HTTPBearer(
    auto_error=False,
    scheme_name="API key",
    description="An API key, `mw_live_…` or `mw_test_…`, or an access token, `mw_access_…`.",
)


async def _runtime(request: Request) -> Runtime:  # async: FastAPI runs others in a thread
    return cast("Runtime", request.app.state.runtime)


RuntimeOf = Annotated[Runtime, Depends(_runtime)]


async def _caller(
    runtime: RuntimeOf,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
    x_tenant_id: Annotated[
        str | None,
        Header(description="Need not be sent; if it is, it must be the key's tenant: id or slug."),
    ] = None,
) -> Caller:
    if credentials is None:
        raise Unauthenticated
    caller = await bearers.authenticate(runtime, credentials.credentials, Door.MAILINGCORE)
    await tenants.check_tenant_header(runtime, caller, x_tenant_id)
    return caller


CallerOf = Annotated[Caller, Depends(_caller)]


async def _page(
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
    limit: Annotated[int, Query(ge=1, le=100)] = LIMIT,
) -> Page:
    return Page(page, limit)


PageOf = Annotated[Page, Depends(_page)]


def known(given: str, noun: str) -> UUID:
    """The id in a path. MailingCore's ids are any text, so what is none of ours is unknown."""
    try:
        return UUID(given)
    except ValueError:
        raise NotFound(f"There is no such {noun}.") from None
