"""What routes ask for in their arguments: the runtime and the caller."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from mailwright.domain.doors import Door
from mailwright.errors import Unauthenticated
from mailwright.services import bearers
from mailwright.services.caller import Caller
from mailwright.services.runtime import Runtime

#: The credentials of a call.
bearer = HTTPBearer(
    auto_error=False, scheme_name="Access token", description="From `POST /token`, or an API key."
)


async def _runtime(request: Request) -> Runtime:  # async: FastAPI runs others in a thread
    return cast("Runtime", request.app.state.runtime)


RuntimeOf = Annotated[Runtime, Depends(_runtime)]


async def caller_of(
    runtime: RuntimeOf,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Security(bearer)],
) -> Caller:
    """Whose token it is. Raises Unauthenticated."""
    if credentials is None:
        raise Unauthenticated
    return await bearers.authenticate(runtime, credentials.credentials, Door.CAKEMAIL)


CallerOf = Annotated[Caller, Depends(caller_of)]
