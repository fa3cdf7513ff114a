"""Tenants: accounts. Making and naming them is the operator's business, from a shell."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.doors import Door
from mailwright.domain.ids import new_id
from mailwright.domain.scopes import ALL
from mailwright.errors import Conflict, Forbidden, InvalidInput, NotFound
from mailwright.services.caller import Caller
from mailwright.services.runtime import Runtime
from mailwright.store import projects as project_store
from mailwright.store import tenants as store
from mailwright.store.rows import Row

NAME_CHARACTERS_MAX = 255
SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
DEFAULT = "default"  # the slug of the tenant of the first start


@dataclass(frozen=True, slots=True)
class TenantView:
    """A tenant: `id` is its public id, as `X-Tenant-Id` takes it."""

    id: UUID
    slug: str
    name: str
    created_at: datetime


async def create_tenant(runtime: Runtime, name: str, slug: str | None = None) -> TenantView:
    """The new tenant with its default project. Raises InvalidInput, or Conflict for a taken slug.

    Without a slug it is made from the name.
    """
    async with runtime.database.transaction() as connection:
        return _view(await add_tenant(connection, name, slug))


async def add_tenant(connection: AsyncConnection, name: str, slug: str | None = None) -> Row:
    """The same within a transaction; the row."""
    name = name.strip()
    if not 1 <= len(name) <= NAME_CHARACTERS_MAX:
        raise InvalidInput.field("name", f"A name has 1 to {NAME_CHARACTERS_MAX} characters.")
    tenant_uuid = new_id()
    slug = slug or slug_of(name) or f"tenant-{tenant_uuid.hex[-8:]}"
    if not SLUG.fullmatch(slug):
        raise InvalidInput.field("slug", "A slug has small letters, digits and inner hyphens.")
    row = await store.add(connection, {"uuid": tenant_uuid, "slug": slug, "name": name})
    if row is None:
        raise Conflict(f"There is a tenant {slug} already.", code="DUPLICATE_RESOURCE")
    project: dict[str, Any] = {"uuid": new_id(), "name": "Default", "is_default": True}
    await project_store.add(connection, row["id"], project)
    return row


async def list_tenants(runtime: Runtime) -> list[TenantView]:
    """Every tenant of the installation, oldest first."""
    async with runtime.database.reading() as connection:
        return [_view(row) for row in await store.all_of_them(connection)]


async def operator_of(runtime: Runtime, tenant: str, door: Door = Door.CLI) -> Caller:
    """Whoever runs the installation, acting for the tenant with this slug or public id.

    Raises NotFound naming what was asked for.
    """
    async with runtime.database.reading() as connection:
        row = await find_tenant(connection, tenant)
    return Caller(row["id"], "cli", door, frozenset({ALL}))


async def find_tenant(connection: AsyncConnection, tenant: str) -> Row:
    """The tenant with this slug or public id. Raises NotFound."""
    row = await store.by_slug(connection, tenant)
    if row is None:
        try:
            row = await store.by_uuid(connection, UUID(tenant))
        except ValueError:
            row = None
    if row is None:
        raise NotFound(f"There is no tenant {tenant}; `mailwright tenant list` shows them.")
    return row


async def check_tenant_header(runtime: Runtime, caller: Caller, value: str | None) -> None:
    """Nothing, when `X-Tenant-Id` was not sent or names the caller's tenant, by id or slug.

    Raises Forbidden for any other value, whether there is such a tenant or not.
    """
    if value is None:
        return
    async with runtime.database.reading() as connection:
        row = await store.get(connection, caller.tenant_id)
    named = value.strip().lower()
    if row is None or named not in {str(row["uuid"]), row["slug"]}:
        raise Forbidden("X-Tenant-Id names another tenant than the one this key belongs to.")


def slug_of(name: str) -> str:
    """The name in small letters, digits and hyphens; empty where nothing is left."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:63].strip("-")


def _view(row: Row) -> TenantView:
    return TenantView(row["uuid"], row["slug"], row["name"], row["created_at"])
