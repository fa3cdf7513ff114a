"""API keys: made, used, revoked."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from mailwright.domain.doors import Door
from mailwright.domain.keys import Keys, Purpose
from mailwright.errors import Forbidden, InvalidInput, NotFound, Unauthenticated
from mailwright.services import api_keys
from mailwright.services.api_keys import NewApiKey
from mailwright.services.caller import Caller
from mailwright.services.paging import Page
from mailwright.services.runtime import Runtime
from tests.builders import make_tenant
from tests.clock import Clock

READER = NewApiKey("reader", ("campaigns:read", "lists:read"))


async def test_a_key_authenticates_as_its_tenant_with_its_scopes(
    runtime: Runtime, caller: Caller
) -> None:
    view, key = await api_keys.create_api_key(runtime, caller, READER)
    found = await api_keys.authenticate(runtime, key, Door.CAKEMAIL)
    assert found == Caller(
        caller.tenant_id,
        f"key:{view.uuid}",
        Door.CAKEMAIL,
        frozenset({"campaigns:read", "lists:read"}),
    )
    with pytest.raises(Forbidden, match="campaigns:write"):
        found.require("campaigns:write")


@pytest.mark.checklist("SEC-11")
async def test_a_key_has_256_random_bits_and_is_nowhere_in_the_database(
    runtime: Runtime, caller: Caller
) -> None:
    view, key = await api_keys.create_api_key(runtime, caller, READER)
    assert re.fullmatch(r"mw_live_[A-Za-z0-9]{43}", key)
    assert key.startswith(view.prefix)
    assert len(view.prefix) == 12
    async with runtime.database.raw() as connection:
        rows = await connection.fetch("SELECT k::text FROM api_keys k")
    assert key[12:] not in str(rows)
    assert key.encode().hex() not in str(rows)


@pytest.mark.checklist("SEC-11")
async def test_test_keys_are_marked_and_send_to_the_inbox_only(
    runtime: Runtime, caller: Caller
) -> None:
    _, key = await api_keys.create_api_key(runtime, caller, replace(READER, sandbox=True))
    assert key.startswith("mw_test_")
    sandboxed = await api_keys.authenticate(runtime, key, Door.API)
    assert sandboxed.sandbox
    # Nor can a test key make itself a live one.
    maker = replace(caller, sandbox=True)
    _, made = await api_keys.create_api_key(runtime, maker, READER)
    assert made.startswith("mw_test_")


@pytest.mark.checklist("SEC-11")
async def test_an_expired_key_is_refused_even_while_remembered(
    runtime: Runtime, caller: Caller, clock: Clock
) -> None:
    expiring = replace(READER, expires_at=clock() + timedelta(seconds=2))
    _, key = await api_keys.create_api_key(runtime, caller, expiring)
    await api_keys.authenticate(runtime, key, Door.API)
    clock.advance(seconds=2)
    with pytest.raises(Unauthenticated):
        await api_keys.authenticate(runtime, key, Door.API)


async def test_a_revoked_key_is_refused_here_at_once_and_elsewhere_within_five_seconds(
    runtime: Runtime, caller: Caller, clock: Clock
) -> None:
    elsewhere = Runtime(runtime.settings, runtime.database, runtime.keys, clock)
    view, key = await api_keys.create_api_key(runtime, caller, READER)
    await api_keys.authenticate(runtime, key, Door.API)
    await api_keys.authenticate(elsewhere, key, Door.API)
    revoked = await api_keys.revoke_api_key(runtime, caller, view.uuid)
    assert revoked.revoked_at == clock()
    with pytest.raises(Unauthenticated):
        await api_keys.authenticate(runtime, key, Door.API)
    clock.advance(seconds=4)
    await api_keys.authenticate(elsewhere, key, Door.API)
    clock.advance(seconds=1)
    with pytest.raises(Unauthenticated):
        await api_keys.authenticate(elsewhere, key, Door.API)
    again = await api_keys.revoke_api_key(runtime, caller, view.uuid)
    assert again.revoked_at == revoked.revoked_at


@pytest.mark.parametrize(
    "key",
    ["", "mw_live_", "mw_live_" + "a" * 43, "Bearer x", "mw_live_" + "a" * 5000, "mw_live_\0"],
)
async def test_unknown_keys_are_refused(runtime: Runtime, key: str) -> None:
    for _ in range(2):  # the second time from memory
        with pytest.raises(Unauthenticated):
            await api_keys.authenticate(runtime, key, Door.API)


async def test_guesses_do_not_fill_the_memory_or_push_out_real_keys(
    runtime: Runtime, caller: Caller, clock: Clock
) -> None:
    _, key = await api_keys.create_api_key(runtime, caller, READER)
    await api_keys.authenticate(runtime, key, Door.API)
    for number in range(3000):
        runtime.key_cache.put(number.to_bytes(32), None, clock())
    assert runtime.key_cache.size <= 1001
    key_hash = runtime.keys.keyed_hash(Purpose.API_KEY, key)
    assert runtime.key_cache.get(key_hash, clock())[0]


async def test_last_use_is_noted_at_most_once_a_minute(
    runtime: Runtime, caller: Caller, clock: Clock
) -> None:
    view, key = await api_keys.create_api_key(runtime, caller, READER)
    first = clock()
    for seconds in (0, 30, 29):
        clock.advance(seconds=seconds)
        await api_keys.authenticate(runtime, key, Door.API)
    assert (await api_keys.get_api_key(runtime, caller, view.uuid)).last_used_at == first
    clock.advance(seconds=10)
    await api_keys.authenticate(runtime, key, Door.API)
    assert (await api_keys.get_api_key(runtime, caller, view.uuid)).last_used_at == clock()


@pytest.mark.checklist("SEC-11")
async def test_nobody_gives_scopes_they_do_not_have(runtime: Runtime, caller: Caller) -> None:
    small = replace(caller, granted=frozenset({"api-keys:write", "lists:read"}))
    with pytest.raises(Forbidden, match="campaigns:read"):
        await api_keys.create_api_key(runtime, small, READER)
    with pytest.raises(Forbidden):
        await api_keys.create_api_key(runtime, small, NewApiKey("all", ("*",)))
    with pytest.raises(Forbidden):
        await api_keys.create_api_key(runtime, replace(caller, granted=frozenset()), READER)
    await api_keys.create_api_key(runtime, small, NewApiKey("less", ("lists:read",)))


async def test_bad_keys_are_not_made(runtime: Runtime, caller: Caller, clock: Clock) -> None:
    for bad, field in (
        (NewApiKey("", ("*",)), "name"),
        (NewApiKey("x", ("nonsense:read",)), "scopes"),
        (NewApiKey("x", ()), "scopes"),
        (NewApiKey("x", ("*",), expires_at=clock()), "expires_at"),
    ):
        with pytest.raises(InvalidInput) as caught:
            await api_keys.create_api_key(runtime, caller, bad)
        assert field in caught.value.details
    assert (await api_keys.page_api_keys(runtime, caller, Page())).total == 0


async def test_keys_of_other_tenants_are_not_there(runtime: Runtime, caller: Caller) -> None:
    other = await make_tenant(runtime.database)
    stranger = replace(caller, tenant_id=other.id)
    view, _ = await api_keys.create_api_key(runtime, caller, READER)
    with pytest.raises(NotFound):
        await api_keys.revoke_api_key(runtime, stranger, view.uuid)
    with pytest.raises(NotFound):
        await api_keys.get_api_key(runtime, stranger, view.uuid)
    with pytest.raises(NotFound):
        await api_keys.revoke_api_key(runtime, caller, uuid4())
    assert (await api_keys.page_api_keys(runtime, stranger, Page())).items == []
    assert [row.uuid for row in (await api_keys.page_api_keys(runtime, caller, Page())).items] == [
        view.uuid
    ]


async def test_a_key_of_another_installation_is_worth_nothing(
    runtime: Runtime, caller: Caller
) -> None:
    """What a stolen database dump gives: hashes that no other secret can make."""
    _, key = await api_keys.create_api_key(runtime, caller, READER)
    thief = Runtime(runtime.settings, runtime.database, Keys("another secret " * 4), runtime.now)
    with pytest.raises(Unauthenticated):
        await api_keys.authenticate(thief, key, Door.API)


async def test_many_calls_at_once_all_pass(runtime: Runtime, caller: Caller) -> None:
    _, key = await api_keys.create_api_key(runtime, caller, READER)
    found = await asyncio.gather(
        *(api_keys.authenticate(runtime, key, Door.API) for _ in range(50))
    )
    assert len(set(found)) == 1
