"""People who were erased: they are not made contacts again, whoever brings their address."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.forgotten import forgotten_key
from mailwright.errors import Conflict
from mailwright.services.runtime import Runtime
from mailwright.store import suppressions

#: Said of a row of an import, and of an address.
FORGOTTEN = "This person asked to be forgotten; they cannot be brought back."


async def forgotten(
    connection: AsyncConnection, runtime: Runtime, tenant_id: int, email_keys: Collection[str]
) -> set[str]:
    """Which of these addresses are of people who were erased."""
    if not email_keys or not await suppressions.has_erased(connection, tenant_id):
        return set()
    asked = {forgotten_key(runtime.keys, tenant_id, key): key for key in email_keys}
    found = await suppressions.among(connection, tenant_id, list(asked))
    return {asked[key] for key in found}


async def refuse_forgotten(
    connection: AsyncConnection, runtime: Runtime, tenant_id: int, email_key: str
) -> None:
    """Raises Conflict CONTACT_ERASED for the address of somebody who was erased."""
    if await forgotten(connection, runtime, tenant_id, [email_key]):
        raise Conflict(FORGOTTEN, code="CONTACT_ERASED")
