"""Clients of the native API, with real keys, straight into the application."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack

import httpx2
import pytest
from fastapi import FastAPI

from mailwright.api.application import create_api
from mailwright.domain.doors import Door
from mailwright.services.api_keys import NewApiKey, create_api_key
from mailwright.services.caller import Caller
from mailwright.services.runtime import Runtime
from mailwright.store.database import Database
from tests.builders import MadeTenant, make_tenant

#: `await api_as(tenant, "contacts:read")`: a client with a key of that tenant and those scopes.
ApiAs = Callable[..., Awaitable[httpx2.AsyncClient]]


@pytest.fixture
def application(runtime: Runtime) -> FastAPI:
    """The native API without its mount: `/lists`, not `/api/v1/lists`."""
    return create_api(runtime)


@pytest.fixture
async def api_as(application: FastAPI, runtime: Runtime) -> AsyncGenerator[ApiAs]:
    """Makes clients for any tenant and scopes."""
    async with AsyncExitStack() as clients:

        async def make(
            tenant: MadeTenant, *scopes: str, sandbox: bool = False
        ) -> httpx2.AsyncClient:
            owner = Caller(tenant.id, "member:test", Door.API, frozenset({"*"}))
            _, key = await create_api_key(
                runtime, owner, NewApiKey("test", scopes or ("*",), sandbox)
            )
            return await clients.enter_async_context(
                httpx2.AsyncClient(
                    transport=httpx2.ASGITransport(application),
                    base_url="http://mailwright.test",
                    headers={"Authorization": f"Bearer {key}"},
                )
            )

        yield make


@pytest.fixture
async def api(api_as: ApiAs, tenant: MadeTenant) -> httpx2.AsyncClient:
    """A client that may do everything in `tenant`."""
    return await api_as(tenant)


@pytest.fixture
async def other_tenant(database: Database) -> MadeTenant:
    """Somebody else, whose things must never be seen or touched."""
    return await make_tenant(database, "globex", name="Globex")


@pytest.fixture
async def other_api(api_as: ApiAs, other_tenant: MadeTenant) -> httpx2.AsyncClient:
    """A client that may do everything in `other_tenant`."""
    return await api_as(other_tenant)
