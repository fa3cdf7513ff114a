"""What comes as `Authorization: Bearer`: an API key or a member's access token, at every door."""

from __future__ import annotations

from mailwright.domain.doors import Door
from mailwright.services import access_tokens, api_keys
from mailwright.services.caller import Caller
from mailwright.services.runtime import Runtime


async def authenticate(runtime: Runtime, bearer: str, door: Door) -> Caller:
    """Who that is. Raises Unauthenticated when it is unknown, ended or expired."""
    kind = access_tokens if bearer.startswith(access_tokens.ACCESS) else api_keys
    return await kind.authenticate(runtime, bearer, door)
