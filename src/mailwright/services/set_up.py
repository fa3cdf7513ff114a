"""The first start: the secret, the tenant `default` and its owner."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.scopes import Role
from mailwright.errors import ConfigurationError, InvalidInput
from mailwright.services.members import NewMember, add_member, member_address
from mailwright.services.passwords import check_password, hash_password
from mailwright.services.runtime import Runtime
from mailwright.services.tenants import DEFAULT, add_tenant
from mailwright.store import installation as store

FINGERPRINT = "secret_fingerprint"


@dataclass(frozen=True, slots=True)
class FirstOwner:
    """Who was made on the first start. `password`: the one made up, None when it was given."""

    email: str
    password: str | None


async def set_up(runtime: Runtime) -> FirstOwner | None:
    """The first owner, made on the very first start only, with the tenant `default`.

    Any number of processes may do so at once and again. Raises ConfigurationError when the
    database was made with another secret. The schema must be there.
    """
    async with runtime.database.transaction() as connection:
        # The fingerprint's row is also the lock: who writes it makes the rest.
        stored = await store.get(connection, FINGERPRINT)
        if stored is None and await store.put_if_absent(
            connection, FINGERPRINT, runtime.keys.fingerprint
        ):
            return await _make_owner(runtime, connection)
        _compare(runtime, stored or await store.get(connection, FINGERPRINT))
    return None


async def check_secret(runtime: Runtime) -> None:
    """Raises ConfigurationError when the database was made with another secret."""
    async with runtime.database.reading() as connection:
        _compare(runtime, await store.get(connection, FINGERPRINT))


async def _make_owner(runtime: Runtime, connection: AsyncConnection) -> FirstOwner:
    owner, password = _owner(runtime)
    tenant = await add_tenant(connection, "Default", DEFAULT)
    await add_member(connection, tenant["id"], owner, await hash_password(password))
    return FirstOwner(owner.email, None if runtime.settings.owner_password else password)


def _owner(runtime: Runtime) -> tuple[NewMember, str]:
    """The owner to make, and their password."""
    given = runtime.settings.owner_password
    password = given.get_secret_value() if given else secrets.token_urlsafe(12)
    try:
        check_password(password)
        address = member_address(runtime.settings.owner_email)
    except InvalidInput as error:
        raise ConfigurationError(
            f"MAILWRIGHT_OWNER_EMAIL or MAILWRIGHT_OWNER_PASSWORD: {error.message}"
        ) from None
    return NewMember(address.text, password, Role.OWNER), password


def _compare(runtime: Runtime, stored: object) -> None:
    if stored is not None and stored != runtime.keys.fingerprint:
        raise ConfigurationError(
            "This database was made with another secret. Set MAILWRIGHT_SECRET_KEY to it, or put "
            "the secret-key file of that installation (its backups have it) into the data "
            "directory. With a new secret every link, API key and stored password of a transport "
            "would be void."
        )
