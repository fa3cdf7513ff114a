"""Clients of the Cakemail dialect, below its mount as people reach it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack

import httpx2
import pytest
from starlette.types import ASGIApp

from mailwright.app import create_web_app
from mailwright.domain.doors import Door
from mailwright.services.api_keys import NewApiKey, create_api_key
from mailwright.services.caller import Caller
from mailwright.services.runtime import Runtime
from mailwright.store.database import Database
from tests.builders import MadeTenant, make_tenant

#: `await client_as(tenant, "contacts:read")`: a client with a key of that tenant and those scopes.
ClientAs = Callable[..., Awaitable[httpx2.AsyncClient]]

BASE_URL = "http://mailwright.test/cakemail"


@pytest.fixture
def application(runtime: Runtime) -> ASGIApp:
    """Everything on the HTTP port."""
    return create_web_app(runtime)


async def make_key(
    runtime: Runtime, tenant: MadeTenant, *scopes: str, sandbox: bool = False
) -> str:
    """A key of the tenant with those scopes; none: all of them."""
    owner = Caller(tenant.id, "member:test", Door.API, frozenset({"*"}))
    _, key = await create_api_key(runtime, owner, NewApiKey("test", scopes or ("*",), sandbox))
    return key


def client_of(application: ASGIApp, token: str | None = None) -> httpx2.AsyncClient:
    """A client that sends `token` as its bearer; without one it is a stranger."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return httpx2.AsyncClient(
        transport=httpx2.ASGITransport(application), base_url=BASE_URL, headers=headers
    )


@pytest.fixture
async def client_as(application: ASGIApp, runtime: Runtime) -> AsyncGenerator[ClientAs]:
    """Makes clients for any tenant and scopes."""
    async with AsyncExitStack() as clients:

        async def make(
            tenant: MadeTenant, *scopes: str, sandbox: bool = False
        ) -> httpx2.AsyncClient:
            key = await make_key(runtime, tenant, *scopes, sandbox=sandbox)
            return await clients.enter_async_context(client_of(application, key))

        yield make


@pytest.fixture
async def client(client_as: ClientAs, tenant: MadeTenant) -> httpx2.AsyncClient:
    """A client that may do everything in `tenant`."""
    return await client_as(tenant)


@pytest.fixture
async def stranger(application: ASGIApp) -> AsyncGenerator[httpx2.AsyncClient]:
    """A client without a token."""
    async with client_of(application) as made:
        yield made


@pytest.fixture
async def other_tenant(database: Database) -> MadeTenant:
    """Somebody else, whose things must never be seen or touched."""
    return await make_tenant(database, "globex", name="Globex")


@pytest.fixture
async def other_client(client_as: ClientAs, other_tenant: MadeTenant) -> httpx2.AsyncClient:
    """A client that may do everything in `other_tenant`."""
    return await client_as(other_tenant)
