"""What every test can ask for: a real PostgreSQL, a runtime, a tenant, a caller, a clock."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Generator
from pathlib import Path
from uuid import uuid4

import pytest
from pydantic import SecretStr

from mailwright.domain.doors import Door
from mailwright.domain.keys import Keys
from mailwright.services.caller import Caller
from mailwright.services.runtime import Runtime
from mailwright.settings import Settings
from mailwright.store.database import Database, database_url
from tests.builders import MadeTenant, make_tenant
from tests.clock import Clock
from tests.postgres_server import DatabaseServer, running_server

SECRET = "a secret of more than thirty-two characters"

for _name in [name for name in os.environ if name.startswith("MAILWRIGHT_")]:
    if _name != "MAILWRIGHT_REQUIRE_ALL":
        del os.environ[_name]  # a developer's own settings must not decide a test


@pytest.fixture(scope="session")
def postgres_server() -> Generator[DatabaseServer]:
    """The session's server. One for all workers of pytest-xdist."""
    run_id = os.environ.get("PYTEST_XDIST_TESTRUNUID") or uuid4().hex
    with running_server(run_id) as server:
        yield server


@pytest.fixture
def fresh_database_url(postgres_server: DatabaseServer) -> Generator[str]:
    """The URL of this test's own database, migrated and empty."""
    url = postgres_server.create()
    yield url
    postgres_server.drop(url)


@pytest.fixture
def empty_database_url(postgres_server: DatabaseServer) -> Generator[str]:
    """The URL of this test's own database without any table."""
    url = postgres_server.create_empty()
    yield url
    postgres_server.drop(url)


@pytest.fixture
async def database(fresh_database_url: str) -> AsyncGenerator[Database]:
    """This test's own database, migrated and empty."""
    made = Database(database_url(fresh_database_url))
    yield made
    await made.close()


@pytest.fixture
async def empty_database(empty_database_url: str) -> AsyncGenerator[Database]:
    """This test's own database without any table."""
    made = Database(database_url(empty_database_url))
    yield made
    await made.close()


@pytest.fixture
def settings(tmp_path: Path, fresh_database_url: str) -> Settings:
    """Settings that touch nothing outside of the test; `settings.model_copy(update=…)` differs."""
    return Settings(
        _env_file=None,  # pyright: ignore[reportCallIssue]  # pydantic-settings' own argument
        data_dir=tmp_path / "data",
        database_url=SecretStr(fresh_database_url),
        secret_key=SecretStr(SECRET),
        owner_email="owner@example.com",
        dns_servers="127.0.0.1:9",  # nobody: a test that asks DNS brings its own server
        owner_password=SecretStr("correct horse battery staple"),
    )


@pytest.fixture(scope="session")
def keys() -> Keys:
    """The test installation's keys."""
    return Keys(SECRET)


@pytest.fixture
def clock() -> Clock:
    """The runtime's clock, which stands until `clock.advance(…)`."""
    return Clock()


@pytest.fixture
async def runtime(settings: Settings, database: Database, keys: Keys, clock: Clock) -> Runtime:
    """What services take, on this test's own database."""
    return Runtime(settings, database, keys, clock)


@pytest.fixture
async def tenant(database: Database) -> MadeTenant:
    """A tenant with its default project."""
    return await make_tenant(database, "acme", name="Acme")


@pytest.fixture
def caller(tenant: MadeTenant) -> Caller:
    """Somebody who may do everything in `tenant`, through the native API."""
    return Caller(tenant.id, "key:test", Door.API, frozenset({"*"}))
