"""Contacts as other systems look them up: by what they call them, and by what has changed."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.suppressed_address import stopped_by
from mailwright.store.rows import every
from mailwright.store.tables import contacts, projects, suppressions


@dataclass(frozen=True, slots=True)
class DirectoryFilter:
    """Which contacts; None: whatever. `below_id`: those made before that one."""

    locale: str | None = None
    opted_in: bool | None = None
    updated_since: datetime | None = None
    project_uuid: uuid.UUID | None = None
    below_id: int | None = None


def fits(tenant_id: int, wanted: DirectoryFilter) -> ColumnElement[bool]:
    """The condition over `contacts`."""
    parts: list[ColumnElement[bool]] = [true()]
    if wanted.locale is not None:
        parts.append(contacts.c.locale == wanted.locale)
    if wanted.opted_in is not None:
        agreed = contacts.c.consent == "subscribed"
        parts.append(agreed if wanted.opted_in else ~agreed)
    if wanted.updated_since is not None:
        parts.append(contacts.c.updated_at >= wanted.updated_since)
    if wanted.project_uuid is not None:
        project = select(projects.c.id).where(
            projects.c.tenant_id == tenant_id, projects.c.uuid == wanted.project_uuid
        )
        parts.append(contacts.c.project_id == project.scalar_subquery())
    if wanted.below_id is not None:
        parts.append(contacts.c.id < wanted.below_id)
    return and_(*parts)


async def uuid_of_external_id(
    connection: AsyncConnection, tenant_id: int, external_id: str
) -> uuid.UUID | None:
    """The contact that the tenant's own system calls so, or None."""
    return await connection.scalar(
        select(contacts.c.uuid).where(
            contacts.c.tenant_id == tenant_id, contacts.c.external_id == external_id
        )
    )


async def suppressed_since(
    connection: AsyncConnection, tenant_id: int, email_keys: Sequence[str]
) -> Mapping[str, datetime]:
    """When the suppressed among the addresses became so, by themselves or by a pattern."""
    keys = {key for email_key in email_keys for key in stopped_by(email_key)}
    statement = (
        select(suppressions.c.email_key, func.min(suppressions.c.created_at).label("since"))
        .where(suppressions.c.tenant_id == tenant_id, suppressions.c.email_key.in_(keys))
        .group_by(suppressions.c.email_key)
    )
    known = {row["email_key"]: row["since"] for row in await every(connection, statement)}
    since = {
        email_key: [known[key] for key in stopped_by(email_key) if key in known]
        for email_key in email_keys
    }
    return {email_key: min(times) for email_key, times in since.items() if times}


async def suppression_uuids(
    connection: AsyncConnection, tenant_id: int, email_key: str
) -> Sequence[uuid.UUID]:
    """The suppressions of an address."""
    statement = select(suppressions.c.uuid).where(
        suppressions.c.tenant_id == tenant_id, suppressions.c.email_key == email_key
    )
    return [row["uuid"] for row in await every(connection, statement)]
