"""Templates: their names. What they say is in their versions."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, any_, delete, func, literal, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.store.rows import AnySelect, Row, every, maybe_one
from mailwright.store.tables import template_versions, templates

_COLUMNS = tuple(templates.c)


def _counted() -> AnySelect:
    """Templates with `versions_count` and `published_count`."""
    versions = template_versions.alias("counted")
    mine = and_(
        versions.c.tenant_id == templates.c.tenant_id, versions.c.template_id == templates.c.id
    )
    count = select(func.count()).select_from(versions).where(mine)
    published = count.where(versions.c.state == "published")
    return select(
        *_COLUMNS,
        count.scalar_subquery().label("versions_count"),
        published.scalar_subquery().label("published_count"),
    )


def _is(tenant_id: int, template_uuid: uuid.UUID) -> ColumnElement[bool]:
    return and_(templates.c.tenant_id == tenant_id, templates.c.uuid == template_uuid)


async def add(
    connection: AsyncConnection, tenant_id: int, values: Mapping[str, object]
) -> Row | None:
    """The new row, or None when the tenant has a template with that slug already."""
    statement = (
        upsert(templates)
        .values(tenant_id=tenant_id, **values)
        .on_conflict_do_nothing(index_elements=["tenant_id", "slug"])
        .returning(*_COLUMNS)
    )
    return await maybe_one(connection, statement)


async def get(connection: AsyncConnection, tenant_id: int, template_uuid: uuid.UUID) -> Row | None:
    """One template with its counts, or None."""
    return await maybe_one(connection, _counted().where(_is(tenant_id, template_uuid)))


async def by_slug(connection: AsyncConnection, tenant_id: int, slug: str) -> Row | None:
    """The template with that slug, with its counts, or None."""
    mine = and_(templates.c.tenant_id == tenant_id, templates.c.slug == slug)
    return await maybe_one(connection, _counted().where(mine))


#: What templates may be sorted by.
SORT_COLUMNS = {
    "id": templates.c.id,
    "name": templates.c.name,
    "created_at": templates.c.created_at,
    "updated_at": templates.c.updated_at,
}


@dataclass(frozen=True, slots=True)
class TemplateFilter:
    """Which templates, in which order; None: whatever. `search`: part of name or slug.

    `name`: the whole of it; `tag`: one of theirs; `sort`: a word of SORT_COLUMNS.
    """

    search: str | None = None
    name: str | None = None
    tag: str | None = None
    sort: str = "name"
    descending: bool = False


async def page(
    connection: AsyncConnection, tenant_id: int, wanted: TemplateFilter, *, limit: int, offset: int
) -> tuple[Sequence[Row], int]:
    """The templates that fit, and how many there are in all."""
    mine = [templates.c.tenant_id == tenant_id]
    if wanted.search:
        parts = [
            column.icontains(wanted.search, autoescape=True)
            for column in (templates.c.name, templates.c.slug)
        ]
        mine.append(or_(*parts))
    if wanted.name is not None:
        mine.append(templates.c.name == wanted.name)
    if wanted.tag is not None:
        mine.append(literal(wanted.tag) == any_(templates.c.tags))
    keys = (SORT_COLUMNS[wanted.sort], templates.c.id)
    order = [key.desc() if wanted.descending else key for key in keys]
    found = _counted().where(*mine).order_by(*order).limit(limit).offset(offset)
    total = select(func.count()).select_from(templates).where(*mine)
    return await every(connection, found), (await connection.execute(total)).scalar_one()


async def hold(connection: AsyncConnection, tenant_id: int, template_uuid: uuid.UUID) -> Row | None:
    """The row, held against everybody else who numbers its versions; None: no such."""
    statement = select(*_COLUMNS).where(_is(tenant_id, template_uuid))
    return await maybe_one(connection, statement.with_for_update(key_share=True))


async def change(
    connection: AsyncConnection, tenant_id: int, template_id: int, values: Mapping[str, object]
) -> None:
    """Sets `values`. A slug that is taken raises IntegrityError."""
    mine = and_(templates.c.tenant_id == tenant_id, templates.c.id == template_id)
    await connection.execute(update(templates).where(mine).values(**values))


async def remove(connection: AsyncConnection, tenant_id: int, template_id: int) -> None:
    """Deletes the template and its versions. One that a campaign names raises IntegrityError."""
    mine = and_(templates.c.tenant_id == tenant_id, templates.c.id == template_id)
    await connection.execute(delete(templates).where(mine))
