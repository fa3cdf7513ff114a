"""Rows made directly, for tests that are about something else.

Each builder takes the database and the tenant, fills in what the test does not care about, and
returns the new row's `id` and `uuid`. Any column can be given by name.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Table, func, insert

from mailwright.domain.ids import new_id
from mailwright.store import tables
from mailwright.store.database import Database

_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Made:
    """A row that was made: `id` for joins, `uuid` for the world."""

    id: int
    uuid: UUID


@dataclass(frozen=True, slots=True)
class MadeTenant:
    """A tenant with its default project."""

    id: int
    uuid: UUID
    slug: str
    project_id: int


async def make_tenant(database: Database, slug: str | None = None, **columns: Any) -> MadeTenant:
    """A tenant with a default project that sends to the built-in inbox."""
    slug = slug or f"tenant-{next(_numbers)}"
    values = {"slug": slug, "name": slug.title(), "postal_address": "1 High Street"} | columns
    made = await _insert(database, tables.tenants, **values)
    project = await make_project(database, made.id, is_default=True)
    return MadeTenant(made.id, made.uuid, slug, project.id)


async def make_project(database: Database, tenant_id: int, **columns: Any) -> Made:
    """A transport; without `smtp_url_sealed` it is the installation's."""
    values = {"name": f"project {next(_numbers)}"} | columns
    return await _insert(database, tables.projects, tenant_id=tenant_id, **values)


async def make_sender(
    database: Database, tenant_id: int, email: str | None = None, **columns: Any
) -> Made:
    """A confirmed, enabled sender."""
    email = email or f"sender{next(_numbers)}@example.com"
    values = {"email": email, "email_key": email.lower(), "name": "Ada Sender"} | columns
    values.setdefault("confirmed_at", func.now())
    return await _insert(database, tables.senders, tenant_id=tenant_id, **values)


async def make_list(
    database: Database, tenant_id: int, name: str | None = None, **columns: Any
) -> Made:
    """An empty list."""
    values = {"name": name or f"list {next(_numbers)}"} | columns
    return await _insert(database, tables.lists, tenant_id=tenant_id, **values)


async def make_contact(
    database: Database,
    tenant_id: int,
    email: str | None = None,
    *,
    list_id: int | None = None,
    **columns: Any,
) -> Made:
    """A subscribed contact, in `list_id` when given."""
    email = email or f"contact{next(_numbers)}@example.com"
    values = {"email": email, "email_key": email.lower(), "opted_in_at": func.now()}
    made = await _insert(database, tables.contacts, tenant_id=tenant_id, **(values | columns))
    if list_id is not None:
        membership = {"tenant_id": tenant_id, "list_id": list_id, "contact_id": made.id}
        async with database.transaction() as connection:
            await connection.execute(insert(tables.list_members).values(membership))
    return made


async def make_segment(
    database: Database, tenant_id: int, rule: dict[str, Any] | None = None, **columns: Any
) -> Made:
    """A segment; without a rule it is everybody."""
    values = {"name": f"segment {next(_numbers)}", "rule": rule or {}} | columns
    return await _insert(database, tables.segments, tenant_id=tenant_id, **values)


async def make_export(database: Database, tenant_id: int, **columns: Any) -> Made:
    """An export of contacts that expires in the next century, its file empty."""
    values = {"kind": "contacts", "requested_by": "key:test"} | columns
    values.setdefault("expires_at", datetime(2101, 1, 1, tzinfo=UTC))
    return await _insert(database, tables.exports, tenant_id=tenant_id, **values)


async def make_campaign(
    database: Database, tenant_id: int, *, body: bool = True, **columns: Any
) -> Made:
    """A draft campaign with a subject and, unless `body` is false, a compiled body."""
    values = {"name": f"campaign {next(_numbers)}", "subject": "News", "has_body": body} | columns
    made = await _insert(database, tables.campaigns, tenant_id=tenant_id, **values)
    if body:
        await _give_body(database, tenant_id, made.id)
    return made


async def _give_body(database: Database, tenant_id: int, campaign_id: int) -> None:
    paragraph = {"type": "paragraph", "content": [{"type": "text", "text": "Hello there."}]}
    values: dict[str, Any] = {
        "tenant_id": tenant_id,
        "campaign_id": campaign_id,
        "kind": "document",
        "document": {"type": "doc", "content": [paragraph]},
        "markdown": "Hello there.",
        "html": "<html><body><p>Hello there.</p></body></html>",
        "plain_text": "Hello there.\n",
    }
    async with database.transaction() as connection:
        await connection.execute(insert(tables.campaign_bodies).values(values))


@dataclass(frozen=True, slots=True)
class MadeTemplate:
    """A template and the version it was made with."""

    id: int
    uuid: UUID
    version: Made


async def make_template(
    database: Database, tenant_id: int, *, locale: str | None = None, **columns: Any
) -> MadeTemplate:
    """A template with version 1, published unless `columns` of the version say otherwise."""
    slug = f"template-{next(_numbers)}"
    made = await _insert(
        database, tables.templates, tenant_id=tenant_id, slug=slug, name=slug.title()
    )
    version = await make_version(database, tenant_id, made.id, locale=locale, **columns)
    return MadeTemplate(made.id, made.uuid, version)


async def make_version(
    database: Database, tenant_id: int, template_id: int, *, locale: str | None, **columns: Any
) -> Made:
    """A published version that says hello in `locale`; `locale_group` makes it a variant."""
    fresh = new_id()
    values: dict[str, Any] = {
        "uuid": fresh,
        "locale_group": fresh,
        "number": 1,
        "state": "published",
        "subject": f"Hello {locale}",
        "kind": "html",
        "html": f"<html><body><p>Hello {locale}.</p></body></html>",
        "plain_text": f"Hello {locale}.\n",
    } | columns
    return await _insert(
        database,
        tables.template_versions,
        tenant_id=tenant_id,
        template_id=template_id,
        locale=locale,
        **values,
    )


async def make_message(database: Database, tenant_id: int, **columns: Any) -> int:
    """A row of the ledger; returns its id."""
    values = {"email": f"contact{next(_numbers)}@example.com"} | columns
    statement = (
        insert(tables.messages)
        .values(tenant_id=tenant_id, **values)
        .returning(tables.messages.c.id)
    )
    async with database.transaction() as connection:
        return (await connection.execute(statement)).scalar_one()


async def _insert(database: Database, table: Table, **values: Any) -> Made:
    values.setdefault("uuid", new_id())
    statement = insert(table).values(values).returning(table.c.id, table.c.uuid)
    async with database.transaction() as connection:
        row = (await connection.execute(statement)).one()
    return Made(row.id, row.uuid)
