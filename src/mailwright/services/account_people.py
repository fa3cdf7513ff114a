"""Who stands for an account, and when somebody was last here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from mailwright.services.caller import Caller
from mailwright.services.runtime import Runtime
from mailwright.store import members as store


@dataclass(frozen=True, slots=True)
class AccountPeople:
    """`owner_number`: of the owner who came first; null where the shell made no owner."""

    owner_number: int | None
    last_sign_in_at: datetime | None


async def get_account_people(runtime: Runtime, caller: Caller) -> AccountPeople:
    """Those of the caller's account."""
    caller.require("account:read")
    async with runtime.database.reading() as connection:
        owner = await store.first_owner(connection, caller.tenant_id)
        latest = await store.last_sign_in(connection, caller.tenant_id)
    return AccountPeople(owner["id"] if owner else None, latest)
