"""What native routes ask for in their arguments: the runtime, the caller, the page."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import Depends, Header, Query, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from mailwright.domain.doors import Door
from mailwright.errors import Unauthenticated
from mailwright.services import bearers, tenants
from mailwright.services.caller import Caller
from mailwright.services.paging import PER_PAGE_MAX, Page
from mailwright.services.runtime import Runtime

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
    caller = await bearers.authenticate(runtime, credentials.credentials, Door.API)
    await tenants.check_tenant_header(runtime, caller, x_tenant_id)
    return caller


CallerOf = Annotated[Caller, Depends(_caller)]


async def _page(
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
    per_page: Annotated[int, Query(ge=1, le=PER_PAGE_MAX)] = PER_PAGE_MAX,
) -> Page:
    return Page(page, per_page)


PageOf = Annotated[Page, Depends(_page)]
