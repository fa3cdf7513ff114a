"""The tenant's own account: what it is called, where it lives, how much it may send."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypedDict, cast
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.locales import parse_locale
from mailwright.domain.webhook_event import EventType
from mailwright.errors import InvalidInput, NotFound
from mailwright.services import audit, logos, quota, webhook_events
from mailwright.services.caller import Caller
from mailwright.services.quota import QuotaView
from mailwright.services.runtime import Runtime
from mailwright.store import logos as logo_store
from mailwright.store import tenants as store
from mailwright.store.rows import Row

NAME_LENGTH_MAX = 255
ADDRESS_LENGTH_MAX = 1000
QUOTA_MAX = 10**12  # mails a month; more is a mistake


@dataclass(frozen=True, slots=True)
class AccountView:
    """An account. `monthly_quota`: mails a calendar month (UTC); null: no limit.

    `postal_address` stands at the foot of marketing mail; `fallback_locale`: for people whose own
    language has no variant.
    """

    uuid: UUID
    slug: str
    name: str
    postal_address: str | None
    fallback_locale: str
    monthly_quota: int | None
    quota: QuotaView
    logo_url: str | None
    profile: Mapping[str, Any]  # phone, fax, website, and the parts of the address
    created_at: datetime


class AccountChanges(TypedDict, total=False):
    """The fields a call sets; absent ones stay, None clears."""

    name: str
    postal_address: str | None
    fallback_locale: str
    monthly_quota: int | None
    profile: Mapping[str, Any]  # what to set in it; None forgets


async def get_account(runtime: Runtime, caller: Caller) -> AccountView:
    """The caller's account."""
    caller.require("account:read")
    async with runtime.database.reading() as connection:
        return await _view(connection, runtime, caller)


async def change_account(runtime: Runtime, caller: Caller, changes: AccountChanges) -> AccountView:
    """The account with `changes` made. Raises InvalidInput."""
    caller.require("account:write")
    values = _columns(changes)
    async with runtime.database.transaction() as connection:
        if "profile" in values:
            row = await _existing(connection, caller)
            merged = {**row["profile"], **values["profile"]}
            values["profile"] = {name: value for name, value in merged.items() if value is not None}
        if values:
            about = {"changed": sorted(values)}
            await store.change(connection, caller.tenant_id, values)
            await webhook_events.tell(
                connection, caller.tenant_id, EventType.ACCOUNT_UPDATED, runtime.now(), about
            )
            await audit.record(connection, caller, "account.change", None, about)
        return await _view(connection, runtime, caller)


def _columns(changes: AccountChanges) -> dict[str, Any]:
    values = cast("dict[str, Any]", dict(changes))
    if "name" in values:
        values["name"] = values["name"].strip()
        if not 1 <= len(values["name"]) <= NAME_LENGTH_MAX:
            raise InvalidInput.field("name", f"A name has 1 to {NAME_LENGTH_MAX} characters.")
    if "postal_address" in values:
        values["postal_address"] = (values["postal_address"] or "").strip() or None
        if len(values["postal_address"] or "") > ADDRESS_LENGTH_MAX:
            raise InvalidInput.field("postal_address", f"At most {ADDRESS_LENGTH_MAX} characters.")
    if "fallback_locale" in values:
        values["fallback_locale"] = parse_locale(values["fallback_locale"], field="fallback_locale")
    quota = values.get("monthly_quota")
    if quota is not None and not 0 <= quota <= QUOTA_MAX:
        raise InvalidInput.field("monthly_quota", f"0 to {QUOTA_MAX}, or null for no limit.")
    return values


async def _view(connection: AsyncConnection, runtime: Runtime, caller: Caller) -> AccountView:
    row = await _existing(connection, caller)
    logo = await logo_store.name_of(connection, caller.tenant_id)
    return AccountView(
        uuid=row["uuid"],
        slug=row["slug"],
        name=row["name"],
        postal_address=row["postal_address"],
        fallback_locale=row["fallback_locale"],
        monthly_quota=row["monthly_quota"],
        quota=await quota.of_tenant(connection, caller.tenant_id, runtime.now()),
        logo_url=logos.url_of(runtime, logo) if logo else None,
        profile=row["profile"],
        created_at=row["created_at"],
    )


async def _existing(connection: AsyncConnection, caller: Caller) -> Row:
    row = await store.get(connection, caller.tenant_id)
    if row is None:
        raise NotFound("This account was deleted.")
    return row
