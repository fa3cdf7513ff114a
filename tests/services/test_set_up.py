"""The first start, and every start after it."""

from __future__ import annotations

import asyncio

import pytest
from pydantic import SecretStr

from mailwright.domain.keys import Keys, Purpose
from mailwright.errors import ConfigurationError, Conflict, InvalidInput, NotFound
from mailwright.services import sessions, tenants
from mailwright.services.runtime import Runtime
from mailwright.services.secrets import load_secret
from mailwright.services.set_up import FirstOwner, check_secret, set_up
from mailwright.settings import Settings
from mailwright.store.database import Database
from tests.clock import Clock


@pytest.fixture
def fresh(settings: Settings, database: Database, keys: Keys, clock: Clock) -> Runtime:
    return Runtime(settings, database, keys, clock)


async def test_the_first_start_makes_tenant_project_and_owner(fresh: Runtime) -> None:
    assert await set_up(fresh) == FirstOwner("owner@example.com", None)
    [tenant] = await tenants.list_tenants(fresh)
    assert (tenant.slug, tenant.name) == ("default", "Default")
    signed_in = await sessions.sign_in(
        fresh, "owner@example.com", "correct horse battery staple", "192.0.2.1"
    )
    session = await sessions.authenticate_session(fresh, signed_in.token)
    session.caller.require("account:write")
    async with fresh.database.raw() as connection:
        assert await connection.fetchval("SELECT is_default FROM projects")


async def test_later_starts_change_nothing(fresh: Runtime) -> None:
    await set_up(fresh)
    assert await set_up(fresh) is None
    assert len(await tenants.list_tenants(fresh)) == 1


async def test_many_processes_may_start_at_once(fresh: Runtime) -> None:
    owners = await asyncio.gather(*(set_up(fresh) for _ in range(5)))
    assert sum(owner is not None for owner in owners) == 1
    assert len(await tenants.list_tenants(fresh)) == 1


async def test_a_password_is_made_up_when_none_is_given(fresh: Runtime) -> None:
    plain = fresh.settings.model_copy(
        update={"owner_password": None, "owner_email": "owner@localhost"}
    )
    runtime = Runtime(plain, fresh.database, fresh.keys, fresh.now)
    owner = await set_up(runtime)
    assert owner is not None
    assert owner.password is not None
    assert len(owner.password) >= 16
    await sessions.sign_in(runtime, "owner@localhost", owner.password, "192.0.2.1")


async def test_another_secret_is_refused_with_what_to_do(fresh: Runtime) -> None:
    await set_up(fresh)
    await check_secret(fresh)
    stranger = Runtime(fresh.settings, fresh.database, Keys("x" * 40), fresh.now)
    for refused in (set_up, check_secret):
        with pytest.raises(ConfigurationError, match="MAILWRIGHT_SECRET_KEY"):
            await refused(stranger)


async def test_a_bad_owner_leaves_the_database_without_one(fresh: Runtime) -> None:
    bad = fresh.settings.model_copy(update={"owner_password": SecretStr("short")})
    with pytest.raises(ConfigurationError, match="MAILWRIGHT_OWNER_PASSWORD"):
        await set_up(Runtime(bad, fresh.database, fresh.keys, fresh.now))
    assert await set_up(fresh) is not None


@pytest.mark.checklist("SEC-27")
def test_a_secret_is_made_once_readable_by_its_owner_only(settings: Settings) -> None:
    unset = settings.model_copy(update={"secret_key": None})
    secret = load_secret(unset)
    assert len(secret) >= 64
    assert load_secret(unset) == secret
    path = unset.data_dir / "secret-key"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [found.name for found in unset.data_dir.iterdir()] == ["secret-key"]


def test_a_given_secret_is_not_written_down(settings: Settings) -> None:
    assert settings.secret_key is not None
    assert load_secret(settings) == settings.secret_key.get_secret_value()
    assert not settings.data_dir.exists()


def test_an_unreadable_secret_is_a_sentence(settings: Settings) -> None:
    unset = settings.model_copy(update={"secret_key": None})
    (unset.data_dir / "secret-key").mkdir(parents=True)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_secret(unset)


@pytest.mark.checklist("SEC-08")
def test_keys_of_different_purposes_differ(keys: Keys) -> None:
    hashes = {keys.keyed_hash(purpose, "the same token") for purpose in Purpose}
    assert len(hashes) == len(Purpose)


@pytest.mark.checklist("SEC-27")
def test_a_sealed_secret_opens_with_the_same_secret_only(keys: Keys) -> None:
    sealed = keys.seal("smtp://user:canary@relay.example")
    assert b"canary" not in sealed
    assert keys.unseal(sealed) == "smtp://user:canary@relay.example"
    with pytest.raises(ConfigurationError):
        Keys("x" * 40).unseal(sealed)


@pytest.mark.checklist("SEC-27")
def test_secrets_do_not_show_when_settings_are_printed(settings: Settings) -> None:
    shown = repr(settings) + str(settings) + settings.model_dump_json()
    assert settings.secret_key is not None
    assert settings.secret_key.get_secret_value() not in shown
    assert "correct horse" not in shown


@pytest.mark.parametrize(
    ("name", "slug"),
    [("Acme Ltd.", "acme-ltd"), ("Ünïcode & Söhne", "unicode-sohne"), ("x" * 200, "x" * 63)],
)
async def test_a_tenant_gets_a_slug_from_its_name(runtime: Runtime, name: str, slug: str) -> None:
    assert (await tenants.create_tenant(runtime, name)).slug == slug


async def test_a_tenant_whose_name_has_no_latin_letter_gets_a_slug_too(runtime: Runtime) -> None:
    made = await tenants.create_tenant(runtime, "株式会社")
    assert made.slug.startswith("tenant-")
    for asked in (made.slug, str(made.id)):
        caller = await tenants.operator_of(runtime, asked)
        assert caller.granted == {"*"}


async def test_bad_tenants_are_refused(runtime: Runtime) -> None:
    await tenants.create_tenant(runtime, "Acme")
    with pytest.raises(Conflict):
        await tenants.create_tenant(runtime, "ACME!")
    for name, slug in (("", None), ("  ", None), ("x" * 256, None), ("x", "No Slug"), ("x", "-x")):
        with pytest.raises(InvalidInput):
            await tenants.create_tenant(runtime, name, slug)
    for unknown in ("nobody", "00000000-0000-0000-0000-000000000000", ""):
        with pytest.raises(NotFound, match="tenant list"):
            await tenants.operator_of(runtime, unknown)
