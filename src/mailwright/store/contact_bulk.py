"""Many contacts at once: found, made and changed in one statement each."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import ARRAY, BIGINT, func, insert, literal, or_, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.store.database import driver_connection
from mailwright.store.rows import Row, every
from mailwright.store.tables import consents, contacts, list_members, projects

#: What a row sets, with the types of PostgreSQL; `attributes` as JSON.
COLUMNS: Mapping[str, str] = {
    "uuid": "uuid",
    "email": "text",
    "email_key": "text",
    "first_name": "text",
    "last_name": "text",
    "phone": "text",
    "external_id": "text",
    "locale": "text",
    "country_code": "text",
    "consent": "text",
    "consent_source": "text",
    "opted_in_at": "timestamptz",
    "unsubscribed_at": "timestamptz",
    "attributes": "jsonb",
    "project_id": "bigint",
}

_NAMES = ", ".join(COLUMNS)
_ARRAYS = ", ".join(f"${number}::{kind}[]" for number, kind in enumerate(COLUMNS.values(), 2))
_CHANGED = [name for name in COLUMNS if name not in ("uuid", "email", "email_key")]

_ADD = f"""
INSERT INTO contacts (tenant_id, {_NAMES})
SELECT $1, {_NAMES} FROM unnest({_ARRAYS}) WITH ORDINALITY AS given ({_NAMES}, number)
ORDER BY number
ON CONFLICT DO NOTHING
RETURNING id, uuid
"""  # noqa: S608  # names of ours

_CHANGE = f"""
UPDATE contacts c SET {", ".join(f"{name} = given.{name}" for name in _CHANGED)}, updated_at = now()
FROM unnest({_ARRAYS}) AS given ({_NAMES})
WHERE c.tenant_id = $1 AND c.uuid = given.uuid
"""  # noqa: S608  # names of ours


async def held(
    connection: AsyncConnection,
    tenant_id: int,
    email_keys: Sequence[str],
    external_ids: Sequence[str],
) -> Sequence[Row]:
    """Contacts of any of the addresses or external ids; nobody else changes them until the end."""
    statement = (
        select(contacts)
        .where(
            contacts.c.tenant_id == tenant_id,
            or_(contacts.c.email_key.in_(email_keys), contacts.c.external_id.in_(external_ids)),
        )
        .order_by(contacts.c.id)
        .with_for_update(key_share=True)
    )
    return await every(connection, statement)


async def of_ids(
    connection: AsyncConnection, tenant_id: int, contact_ids: Collection[int]
) -> Sequence[Row]:
    """The contacts of these ids."""
    statement = select(contacts).where(
        contacts.c.tenant_id == tenant_id, contacts.c.id.in_(contact_ids)
    )
    return await every(connection, statement)


async def add(
    connection: AsyncConnection, tenant_id: int, rows: Sequence[Mapping[str, Any]]
) -> dict[uuid.UUID, int]:
    """The ids of the new contacts by uuid; one whose address was taken meanwhile is not there."""
    if not rows:
        return {}
    driver = await driver_connection(connection)
    return {row["uuid"]: row["id"] for row in await driver.fetch(_ADD, tenant_id, *_arrays(rows))}


async def change(
    connection: AsyncConnection, tenant_id: int, rows: Sequence[Mapping[str, Any]]
) -> None:
    """Sets all columns but the address of the contacts by uuid.

    Raises asyncpg's UniqueViolationError when an external id was taken meanwhile.
    """
    if rows:
        driver = await driver_connection(connection)
        await driver.execute(_CHANGE, tenant_id, *_arrays(rows))


async def join(
    connection: AsyncConnection, tenant_id: int, pairs: Sequence[tuple[int, int]]
) -> list[tuple[int, int]]:
    """Puts contacts on lists, by (list id, contact id); who left a list stays off it.

    The pairs that are new.
    """
    if not pairs:
        return []
    list_ids, contact_ids = zip(*pairs, strict=True)
    given = func.unnest(literal(list_ids, ARRAY(BIGINT)), literal(contact_ids, ARRAY(BIGINT)))
    rows = given.table_valued("list_id", "contact_id").render_derived("given")
    statement = upsert(list_members).from_select(
        ["tenant_id", "list_id", "contact_id"],
        select(literal(tenant_id), rows.c.list_id, rows.c.contact_id),
    )
    member = list_members.c
    joined = statement.on_conflict_do_nothing().returning(member.list_id, member.contact_id)
    return [(row["list_id"], row["contact_id"]) for row in await every(connection, joined)]


async def record_consents(
    connection: AsyncConnection, tenant_id: int, rows: Sequence[Mapping[str, object]]
) -> None:
    """Notes what people agreed to or took back."""
    if rows:
        await connection.execute(
            insert(consents), [{"tenant_id": tenant_id, **row} for row in rows]
        )


async def project_ids(
    connection: AsyncConnection, tenant_id: int, wanted: Sequence[uuid.UUID]
) -> dict[uuid.UUID, int]:
    """The ids of those of the projects that are the tenant's."""
    statement = select(projects.c.uuid, projects.c.id).where(
        projects.c.tenant_id == tenant_id, projects.c.uuid.in_(wanted)
    )
    return {row["uuid"]: row["id"] for row in await every(connection, statement)}


def _arrays(rows: Sequence[Mapping[str, Any]]) -> list[list[Any]]:
    """The rows as one array for each column."""
    return [
        [orjson.dumps(row[name]).decode() if name == "attributes" else row[name] for row in rows]
        for name in COLUMNS
    ]
