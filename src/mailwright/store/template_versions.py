"""Versions of templates: what they say, in which language, and whether they may be sent."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, exists, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.store.rows import AnySelect, Row, every, maybe_one
from mailwright.store.tables import campaigns, templates
from mailwright.store.tables import template_versions as versions

#: A version, and of its template what everybody wants to know.
_SEEN: AnySelect = select(
    *versions.c,
    templates.c.uuid.label("template_uuid"),
    templates.c.slug.label("slug"),
    templates.c.name.label("template_name"),
    templates.c.default_locale,
).join(
    templates,
    and_(templates.c.tenant_id == versions.c.tenant_id, templates.c.id == versions.c.template_id),
)

#: States in which a campaign's mails may be written from a version at any moment.
_UNDER_WAY = ("queued", "sending", "paused")


async def add(connection: AsyncConnection, tenant_id: int, values: Mapping[str, object]) -> int:
    """The id of the new version. A language the number has already raises IntegrityError."""
    statement = insert(versions).values(tenant_id=tenant_id, **values).returning(versions.c.id)
    return (await connection.execute(statement)).scalar_one()


async def get(
    connection: AsyncConnection, tenant_id: int, version_uuid: uuid.UUID, *, hold: bool = False
) -> Row | None:
    """One version, or None. `hold`: nobody else changes it until the transaction ends."""
    found = _SEEN.where(versions.c.tenant_id == tenant_id, versions.c.uuid == version_uuid)
    if hold:
        found = found.with_for_update(of=versions)
    return await maybe_one(connection, found)


async def by_id(connection: AsyncConnection, tenant_id: int, version_id: int) -> Row | None:
    """One version, or None."""
    found = _SEEN.where(versions.c.tenant_id == tenant_id, versions.c.id == version_id)
    return await maybe_one(connection, found)


async def of_template(
    connection: AsyncConnection, tenant_id: int, template_id: int
) -> Sequence[Row]:
    """All versions of a template, newest number first, without what they say."""
    left_out = {"document", "markdown", "html", "plain_text"}
    columns = [column for column in versions.c if column.name not in left_out]
    found = (
        select(*columns)
        .where(versions.c.tenant_id == tenant_id, versions.c.template_id == template_id)
        .order_by(versions.c.number.desc(), versions.c.id)
    )
    return await every(connection, found)


async def published_beside(connection: AsyncConnection, version: Row) -> Sequence[Row]:
    """The published versions in a version's locale group, itself first where it is one."""
    found = _SEEN.where(
        versions.c.tenant_id == version["tenant_id"],
        versions.c.template_id == version["template_id"],
        versions.c.locale_group == version["locale_group"],
        versions.c.state == "published",
    ).order_by(versions.c.id != version["id"], versions.c.id)
    return await every(connection, found)


async def latest_published(
    connection: AsyncConnection, tenant_id: int, template_id: int
) -> Row | None:
    """The oldest published variant of the highest number that has one, or None."""
    found = (
        _SEEN.where(
            versions.c.tenant_id == tenant_id,
            versions.c.template_id == template_id,
            versions.c.state == "published",
        )
        .order_by(versions.c.number.desc(), versions.c.id)
        .limit(1)
    )
    return await maybe_one(connection, found)


async def newest(connection: AsyncConnection, tenant_id: int, template_id: int) -> Row | None:
    """The first version of the highest number, published or not."""
    found = (
        _SEEN.where(_of(tenant_id, template_id))
        .order_by(versions.c.number.desc(), versions.c.id)
        .limit(1)
    )
    return await maybe_one(connection, found)


async def published(connection: AsyncConnection, tenant_id: int, *, limit: int) -> Sequence[Row]:
    """Published versions by the name of their template, newest number first, without the text."""
    found = (
        select(
            versions.c.id,
            versions.c.uuid,
            versions.c.number,
            versions.c.locale,
            versions.c.locale_group,
            versions.c.subject,
            templates.c.uuid.label("template_uuid"),
            templates.c.name.label("template_name"),
            templates.c.default_locale,
        )
        .join(
            templates,
            and_(
                templates.c.tenant_id == versions.c.tenant_id,
                templates.c.id == versions.c.template_id,
            ),
        )
        .where(versions.c.tenant_id == tenant_id, versions.c.state == "published")
        .order_by(templates.c.name, templates.c.id, versions.c.number.desc(), versions.c.id)
        .limit(limit)
    )
    return await every(connection, found)


async def next_number(connection: AsyncConnection, tenant_id: int, template_id: int) -> int:
    """The number after the highest."""
    highest = select(func.coalesce(func.max(versions.c.number), 0)).where(
        versions.c.tenant_id == tenant_id, versions.c.template_id == template_id
    )
    return (await connection.execute(highest)).scalar_one() + 1


async def in_group(
    connection: AsyncConnection, tenant_id: int, template_id: int, group: uuid.UUID
) -> Row | None:
    """Any version of the template in that locale group, or None."""
    found = (
        select(versions.c.id, versions.c.number, versions.c.locale_group)
        .where(_of(tenant_id, template_id), versions.c.locale_group == group)
        .order_by(versions.c.id)
        .limit(1)
    )
    return await maybe_one(connection, found)


async def change(
    connection: AsyncConnection, tenant_id: int, version_id: int, values: Mapping[str, object]
) -> None:
    """Sets `values`. A language the number has already raises IntegrityError."""
    await connection.execute(
        update(versions)
        .where(versions.c.tenant_id == tenant_id, versions.c.id == version_id)
        .values(**values, updated_at=func.now())
    )


async def is_being_sent(connection: AsyncConnection, version: Row) -> bool:
    """Whether a campaign under way writes mails from this version, named or as a variant."""
    group = versions.alias("group")
    mine = and_(
        group.c.tenant_id == campaigns.c.tenant_id, group.c.id == campaigns.c.template_version_id
    )
    sending = exists(
        select(1)
        .select_from(campaigns.join(group, mine))
        .where(
            campaigns.c.tenant_id == version["tenant_id"],
            campaigns.c.state.in_(_UNDER_WAY),
            group.c.template_id == version["template_id"],
            group.c.locale_group == version["locale_group"],
        )
    )
    return bool(await connection.scalar(select(sending)))


async def is_named(connection: AsyncConnection, version: Row) -> bool:
    """Whether a campaign names this version, or a variant of it that was sent since it is there."""
    group = versions.alias("group")
    mine = and_(
        group.c.tenant_id == campaigns.c.tenant_id, group.c.id == campaigns.c.template_version_id
    )
    naming = exists(
        select(1)
        .select_from(campaigns.join(group, mine))
        .where(
            campaigns.c.tenant_id == version["tenant_id"],
            group.c.template_id == version["template_id"],
            group.c.locale_group == version["locale_group"],
            or_(group.c.id == version["id"], campaigns.c.started_at >= version["created_at"]),
        )
    )
    return bool(await connection.scalar(select(naming)))


async def remove(connection: AsyncConnection, tenant_id: int, version_id: int) -> None:
    """Deletes one version."""
    mine = and_(versions.c.tenant_id == tenant_id, versions.c.id == version_id)
    await connection.execute(delete(versions).where(mine))


def _of(tenant_id: int, template_id: int) -> ColumnElement[Any]:
    return and_(versions.c.tenant_id == tenant_id, versions.c.template_id == template_id)
