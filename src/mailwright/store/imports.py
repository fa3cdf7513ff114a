"""Imports: how far each file has been read, and its rows merged into contacts, set by set."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.ids import new_id
from mailwright.domain.import_rows import ImportedContact
from mailwright.store.database import driver_connection
from mailwright.store.rows import AnySelect, Row, every, maybe_one, only
from mailwright.store.tables import imports, lists, projects

#: Chunks of one tenant's imports take turns under this advisory lock, so that two files with the
#: same people in another order cannot block each other for ever. The number means nothing.
IMPORT_LOCK = 1_840_531

_MERGE = """
WITH staged AS (
  SELECT * FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
                       $8::text[], $9::text[], $10::text[], $11::jsonb[])
  WITH ORDINALITY AS given (uuid, email, email_key, first_name, last_name, phone, external_id,
                            locale, country_code, attributes, number)
), merged AS (
  INSERT INTO contacts AS c (tenant_id, uuid, email, email_key, first_name, last_name, phone,
                             external_id, locale, country_code, attributes, import_id,
                             consent_source, opted_in_at, project_id)
  SELECT $1, uuid, email, email_key, first_name, last_name, phone, external_id, locale,
         country_code, attributes, $12, $13, $14, $18
  FROM staged ORDER BY number
  ON CONFLICT (tenant_id, email_key) DO UPDATE SET
    first_name = coalesce(excluded.first_name, c.first_name),
    last_name = coalesce(excluded.last_name, c.last_name),
    phone = coalesce(excluded.phone, c.phone),
    external_id = coalesce(excluded.external_id, c.external_id),
    locale = coalesce(excluded.locale, c.locale),
    country_code = coalesce(excluded.country_code, c.country_code),
    attributes = c.attributes || excluded.attributes,
    project_id = coalesce(excluded.project_id, c.project_id),
    import_id = excluded.import_id,
    updated_at = now()
  WHERE c.import_id IS DISTINCT FROM excluded.import_id
  RETURNING c.id, c.email_key, (c.xmax = 0) AS created
), joined AS (
  INSERT INTO list_members (tenant_id, list_id, contact_id, import_id)
  SELECT $1, $15, id, $12 FROM merged WHERE $15::bigint IS NOT NULL ORDER BY id
  ON CONFLICT DO NOTHING
), agreed AS (
  INSERT INTO consents (tenant_id, contact_id, consent, source, actor, door)
  SELECT $1, id, 'subscribed', $13, $16, $17 FROM merged WHERE created
)
SELECT count(*) FILTER (WHERE merged.created) AS created,
       count(*) FILTER (WHERE NOT merged.created) AS updated,
       array_agg(staged.number - 1) FILTER (WHERE merged.id IS NULL) AS repeated
FROM staged LEFT JOIN merged USING (email_key)
"""


@dataclass(frozen=True, slots=True)
class Merge:
    """What is the same for all rows of one import."""

    import_id: int
    list_id: int | None
    consent_source: str
    actor: str
    door: str
    at: datetime
    project_id: int | None = None


@dataclass(frozen=True, slots=True)
class Merged:
    """What became of the rows. `repeated`: indexes of rows this import has had already."""

    created: int
    updated: int
    repeated: Sequence[int]


async def add(connection: AsyncConnection, tenant_id: int, values: Mapping[str, object]) -> Row:
    """The new row."""
    made = await connection.scalar(
        insert(imports).values(tenant_id=tenant_id, **values).returning(imports.c.uuid)
    )
    assert made is not None
    return await only(connection, _with_list(tenant_id).where(imports.c.uuid == made))


async def get(connection: AsyncConnection, tenant_id: int, import_uuid: uuid.UUID) -> Row | None:
    """One import, with its `list_uuid` and `project_uuid`, or None."""
    return await maybe_one(connection, _with_list(tenant_id).where(imports.c.uuid == import_uuid))


async def page(
    connection: AsyncConnection, tenant_id: int, *, limit: int, offset: int
) -> tuple[Sequence[Row], int]:
    """Imports, newest first, and how many there are."""
    found = _with_list(tenant_id).order_by(imports.c.id.desc()).limit(limit).offset(offset)
    total = select(func.count()).select_from(imports).where(imports.c.tenant_id == tenant_id)
    return await every(connection, found), (await connection.execute(total)).scalar_one()


async def take_turn(connection: AsyncConnection, tenant_id: int) -> None:
    """Waits until no other transaction writes many of the tenant's contacts."""
    await connection.execute(select(func.pg_advisory_xact_lock(IMPORT_LOCK, tenant_id)))


async def lock(connection: AsyncConnection, tenant_id: int, import_id: int) -> Row | None:
    """The import, this transaction's until its end; None when it is over or never was."""
    await take_turn(connection, tenant_id)
    statement = (
        select(imports)
        .where(
            imports.c.tenant_id == tenant_id,
            imports.c.id == import_id,
            imports.c.state.in_(("queued", "running", "undoing")),
        )
        .with_for_update(key_share=True)
    )
    return await maybe_one(connection, statement)


async def lock_held(
    connection: AsyncConnection, tenant_id: int, import_uuid: uuid.UUID
) -> Row | None:
    """The import, this transaction's until its end; None unless its file waits to be started."""
    statement = (
        select(imports)
        .where(
            imports.c.tenant_id == tenant_id,
            imports.c.uuid == import_uuid,
            imports.c.held,
            imports.c.state.in_(("waiting", "done", "failed")),
        )
        .with_for_update(key_share=True)
    )
    return await maybe_one(connection, statement)


async def remove(connection: AsyncConnection, tenant_id: int, import_id: int) -> None:
    """Removes the row of an import that changed nothing."""
    mine = (imports.c.tenant_id == tenant_id, imports.c.id == import_id)
    await connection.execute(delete(imports).where(*mine))


async def remove_held(connection: AsyncConnection, before: datetime) -> Sequence[Row]:
    """Removes all tenants' imports that nobody started since; their `file_path` and `uuid`."""
    statement = (
        delete(imports)
        .where(
            imports.c.held,
            imports.c.created_at < before,
            imports.c.state.in_(("waiting", "done", "failed")),
        )
        .returning(imports.c.uuid, imports.c.file_path)
    )
    return await every(connection, statement)


async def change(
    connection: AsyncConnection, tenant_id: int, import_id: int, values: Mapping[str, object]
) -> None:
    """Sets `values` on the import."""
    await connection.execute(
        update(imports)
        .where(imports.c.tenant_id == tenant_id, imports.c.id == import_id)
        .values(**values)
    )


async def begin_undo(connection: AsyncConnection, tenant_id: int, import_id: int) -> bool:
    """Whether the import was over and is now being undone."""
    result = await connection.execute(
        update(imports)
        .where(
            imports.c.tenant_id == tenant_id,
            imports.c.id == import_id,
            imports.c.state.in_(("done", "failed")),
        )
        .values(state="undoing")
    )
    return result.rowcount > 0


async def merge(
    connection: AsyncConnection, tenant_id: int, rows: Sequence[ImportedContact], how: Merge
) -> Merged:
    """Merges the rows into contacts, the list and the consents, in one statement.

    New people are subscribed; nobody's consent, suppression or departure from a list is touched.
    A row fills in what it says and leaves the rest. Addresses differ within `rows`. Raises
    asyncpg's errors of class 22 and 23 when a row does not fit, such as an external id in use.
    """
    columns = list(zip(*rows, strict=True))
    driver = await driver_connection(connection)
    found = await driver.fetchrow(
        _MERGE,
        tenant_id,
        [new_id() for _ in rows],
        *columns,
        how.import_id,
        how.consent_source,
        how.at,
        how.list_id,
        how.actor,
        how.door,
        how.project_id,
    )
    assert found is not None
    return Merged(found["created"], found["updated"], found["repeated"] or ())


async def refresh_statistics(connection: AsyncConnection) -> None:
    """The planner knows at once what a large import changed, not when autovacuum comes round."""
    await connection.execute(text("ANALYZE contacts, list_members"))


def _with_list(tenant_id: int) -> AnySelect:
    whose = (lists.c.tenant_id == imports.c.tenant_id) & (lists.c.id == imports.c.list_id)
    sent_by = (projects.c.tenant_id == imports.c.tenant_id) & (
        projects.c.id == imports.c.project_id
    )
    return (
        select(*imports.c, lists.c.uuid.label("list_uuid"), projects.c.uuid.label("project_uuid"))
        .outerjoin(lists, whose)
        .outerjoin(projects, sent_by)
        .where(imports.c.tenant_id == tenant_id)
    )
