"""API keys: machine credentials of a tenant, shown once and stored as keyed hashes (SEC-11)."""

from __future__ import annotations

import secrets
import string
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from mailwright.domain.doors import Door
from mailwright.domain.ids import new_id
from mailwright.domain.keys import Purpose
from mailwright.domain.scopes import ALL, parse_scopes
from mailwright.errors import Forbidden, InvalidInput, NotFound, Unauthenticated
from mailwright.services import audit
from mailwright.services.caller import Caller
from mailwright.services.key_cache import KnownKey
from mailwright.services.paging import Page, Paged
from mailwright.services.runtime import Runtime
from mailwright.store import api_keys as store
from mailwright.store.rows import Row

LIVE = "mw_live_"
TEST = "mw_test_"  # every mail of such a key goes to the inbox
RANDOM_CHARACTERS = 43  # of 62: 256 bits
PREFIX_CHARACTERS = 12  # shown in lists, so that people tell their keys apart
KEY_CHARACTERS_MAX = 128  # a longer bearer token is none of ours
USED_EVERY = timedelta(seconds=60)  # how exact `last_used_at` is

_ALPHABET = string.ascii_letters + string.digits


@dataclass(frozen=True, slots=True)
class NewApiKey:
    """What to make. `sandbox`: an mw_test_ key."""

    name: str
    scopes: tuple[str, ...]
    sandbox: bool = False
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ApiKeyView:
    """A key as its tenant sees it: never the key itself."""

    uuid: UUID
    name: str
    prefix: str
    scopes: list[str]
    sandbox: bool
    created_by: str
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None
    revoked_at: datetime | None


async def create_api_key(
    runtime: Runtime, caller: Caller, new: NewApiKey
) -> tuple[ApiKeyView, str]:
    """The new key's row and the key, which nobody can show again.

    Raises InvalidInput for unknown scopes or a past expiry, Forbidden for scopes that the caller
    does not have: nobody gives away more than their own rights.
    """
    caller.require("api-keys:write")
    granted = parse_scopes(new.scopes)
    if ALL not in caller.granted and (missing := granted - caller.granted):
        raise Forbidden(
            f"You cannot give scopes that you do not have: {', '.join(sorted(missing))}.",
            details={"missing_scope": min(missing)},
        )
    if not new.name.strip():
        raise InvalidInput.field("name", "Give the key a name.")
    if new.expires_at is not None and new.expires_at <= runtime.now():
        raise InvalidInput.field("expires_at", "That time is over.")
    key = _random_key(TEST if new.sandbox or caller.sandbox else LIVE)
    values = {
        "uuid": new_id(),
        "name": new.name.strip(),
        "prefix": key[:PREFIX_CHARACTERS],
        "key_hash": runtime.keys.keyed_hash(Purpose.API_KEY, key),
        "scopes": sorted(granted),
        "sandbox": key.startswith(TEST),
        "created_by": caller.actor,
        "expires_at": new.expires_at,
    }
    async with runtime.database.transaction() as connection:
        row = await store.add(connection, caller.tenant_id, values)
        about = {"prefix": row["prefix"], "scopes": values["scopes"]}
        await audit.record(connection, caller, "api-key.create", f"api-key:{row['uuid']}", about)
    return _view(row), key


async def page_api_keys(runtime: Runtime, caller: Caller, page: Page) -> Paged[ApiKeyView]:
    """Keys, newest first, the revoked ones among them."""
    caller.require("api-keys:read")
    async with runtime.database.reading() as connection:
        rows, total = await store.page(
            connection, caller.tenant_id, limit=page.per_page, offset=page.offset
        )
    return Paged([_view(row) for row in rows], total, page)


async def get_api_key(runtime: Runtime, caller: Caller, key_uuid: UUID) -> ApiKeyView:
    """One key. Raises NotFound."""
    caller.require("api-keys:read")
    async with runtime.database.reading() as connection:
        row = await store.by_uuid(connection, caller.tenant_id, key_uuid)
    if row is None:
        raise _unknown()
    return _view(row)


async def revoke_api_key(runtime: Runtime, caller: Caller, key_uuid: UUID) -> ApiKeyView:
    """The key opens nothing any more: here at once, in other processes within 5 s.

    Revoking it again changes nothing. Raises NotFound.
    """
    caller.require("api-keys:write")
    async with runtime.database.transaction() as connection:
        row = await store.revoke(connection, caller.tenant_id, key_uuid, runtime.now())
        if row is None:
            raise _unknown()
        about = {"prefix": row["prefix"]}
        await audit.record(connection, caller, "api-key.revoke", f"api-key:{key_uuid}", about)
    runtime.key_cache.forget(row["key_hash"])
    return _view(row)


async def authenticate(runtime: Runtime, key: str, door: Door) -> Caller:
    """Who this key is. Raises Unauthenticated for one that is unknown, revoked or expired."""
    if not key.startswith((LIVE, TEST)) or len(key) > KEY_CHARACTERS_MAX:
        raise Unauthenticated
    now = runtime.now()
    key_hash = runtime.keys.keyed_hash(Purpose.API_KEY, key)
    remembered, known = runtime.key_cache.get(key_hash, now)
    if not remembered:
        known = await _look_up(runtime, key_hash, now)
        runtime.key_cache.put(key_hash, known, now)
    if known is None or (known.expires_at is not None and known.expires_at <= now):
        raise Unauthenticated
    return Caller(known.tenant_id, f"key:{known.uuid}", door, known.granted, known.sandbox)


async def _look_up(runtime: Runtime, key_hash: bytes, now: datetime) -> KnownKey | None:
    async with runtime.database.reading() as connection:
        row = await store.by_hash(connection, key_hash)
        if row is None or row["revoked_at"] is not None:
            return None
        if row["last_used_at"] is None or now - row["last_used_at"] >= USED_EVERY:
            await store.used(connection, row["tenant_id"], row["id"], now)
    return KnownKey(
        row["tenant_id"],
        row["uuid"],
        frozenset(row["scopes"]),
        sandbox=row["sandbox"],
        expires_at=row["expires_at"],
    )


def _random_key(prefix: str) -> str:
    return prefix + "".join(secrets.choice(_ALPHABET) for _ in range(RANDOM_CHARACTERS))


def _unknown() -> NotFound:
    return NotFound("There is no such API key.")


def _view(row: Row) -> ApiKeyView:
    return ApiKeyView(
        uuid=row["uuid"],
        name=row["name"],
        prefix=row["prefix"],
        scopes=list(row["scopes"]),
        sandbox=row["sandbox"],
        created_by=row["created_by"],
        created_at=row["created_at"],
        last_used_at=row["last_used_at"],
        expires_at=row["expires_at"],
        revoked_at=row["revoked_at"],
    )
