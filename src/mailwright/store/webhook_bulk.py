"""Events about many at once, written in SQL by the statement that changes them or right after it.

However many there are, no row comes to Python. Services ask `webhook_outbox.is_heard` first, so
that where nobody listens a mass operation is the statement it always was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BIGINT,
    CTE,
    ColumnElement,
    Insert,
    and_,
    any_,
    case,
    cast,
    exists,
    func,
    insert,
    literal,
    null,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.webhook_event import EventType, WebhookDialect
from mailwright.store.database import driver_connection
from mailwright.store.tables import (
    contacts,
    list_members,
    webhook_deliveries,
    webhook_endpoints,
)

_COLUMNS = (
    "tenant_id",
    "uuid",
    "endpoint_id",
    "event_uuid",
    "type",
    "payload",
    "created_at",
    "next_attempt_at",
)


@dataclass(frozen=True, slots=True)
class Telling:
    """What happened to all of them, and when."""

    tenant_id: int
    type: EventType
    at: datetime


def telling(
    how: Telling,
    changed: CTE,
    data: ColumnElement[Any],
    *,
    contact_id: ColumnElement[Any] | None = None,
) -> Insert:
    """The statement that makes the change of `changed` and tells one event for each of its rows.

    `data`: what is told of a row; `contact_id`: the column of the contact it is about, by which
    `changed` is grouped then: a contact is told about once, and `data` is an aggregate.
    """
    who = cast(null(), BIGINT) if contact_id is None else contact_id
    happened = select(
        func.gen_random_uuid().label("event_uuid"), who.label("contact_id"), data.label("data")
    ).select_from(changed)
    if contact_id is not None:
        happened = happened.group_by(contact_id)
    facts = happened.cte("facts")
    ends, people = webhook_endpoints.c, contacts.c
    numbers = json_object("contact_id", facts.c.contact_id)
    payload = (
        json_object("contact_uuid", people.uuid, "email", people.email)
        .concat(facts.c.data)
        .concat(case((ends.dialect == WebhookDialect.CAKEMAIL, numbers), else_=json_object()))
    )
    rows = (
        select(
            literal(how.tenant_id),
            func.gen_random_uuid(),
            ends.id,
            facts.c.event_uuid,
            literal(str(how.type)),
            payload,
            literal(how.at),
            literal(how.at),
        )
        .select_from(facts)
        .join(
            webhook_endpoints,
            and_(
                ends.tenant_id == how.tenant_id,
                ends.enabled,
                literal(str(how.type)) == any_(ends.events),
            ),
        )
        .outerjoin(
            contacts, and_(people.tenant_id == how.tenant_id, people.id == facts.c.contact_id)
        )
        .where(or_(ends.list_id.is_(None), _is_on_its_list(how.tenant_id, facts.c.contact_id)))
    )
    return insert(webhook_deliveries).from_select(_COLUMNS, rows)


def _is_on_its_list(tenant_id: int, contact_id: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether a contact is on the list that an endpoint is of."""
    member = list_members.c
    return exists().where(
        member.tenant_id == tenant_id,
        member.list_id == webhook_endpoints.c.list_id,
        member.contact_id == contact_id,
    )


def json_object(*pairs: object) -> ColumnElement[Any]:
    """A JSON object of names and values, without those that are null."""
    return func.jsonb_strip_nulls(func.jsonb_build_object(*pairs, type_=JSONB), type_=JSONB)


# Facts `(event_uuid, type, contact_id, uuid, email, list_id)`, told to tenant $1.
_TELL_PEOPLE = """
    INSERT INTO webhook_deliveries
        (tenant_id, uuid, endpoint_id, event_uuid, type, payload, created_at, next_attempt_at)
    SELECT $1, gen_random_uuid(), w.id, f.event_uuid, f.type,
           jsonb_strip_nulls(jsonb_build_object(
               'contact_uuid', f.uuid, 'email', f.email, 'list_uuid', l.uuid, 'list_name', l.name,
               'source', --source
               'contact_id', CASE WHEN w.dialect = 'cakemail' THEN f.contact_id END,
               'list_id', CASE WHEN w.dialect = 'cakemail' THEN f.list_id END
           )), --at, --at
    FROM facts f
    JOIN webhook_endpoints w ON w.tenant_id = $1 AND w.enabled AND f.type = ANY (w.events)
    LEFT JOIN lists l ON l.tenant_id = $1 AND l.id = f.list_id
    WHERE w.list_id IS NULL OR w.list_id = f.list_id OR (f.list_id IS NULL AND EXISTS (
        SELECT FROM list_members
        WHERE tenant_id = $1 AND list_id = w.list_id AND contact_id = f.contact_id
    ))
"""

# Who was made or changed in this transaction has its time, which is that of `now()`. LIMIT 1 makes
# each look-up one by its key: a planner that guesses few would compare each with each instead.
_IMPORTED = f"""
WITH people AS (
    SELECT id, uuid, email, created_at FROM contacts
    WHERE tenant_id = $1 AND email_key = ANY ($2::text[]) AND import_id = $3 AND updated_at = now()
), facts AS MATERIALIZED (
    SELECT gen_random_uuid() AS event_uuid,
           CASE WHEN created_at = now() THEN '{EventType.CONTACT_CREATED}'
                ELSE '{EventType.CONTACT_UPDATED}' END AS type,
           id AS contact_id, uuid, email, NULL::bigint AS list_id
    FROM people
    UNION ALL
    SELECT gen_random_uuid(), '{EventType.CONTACT_ADDED_TO_LIST}', p.id, p.uuid, p.email, m.list_id
    FROM people p CROSS JOIN LATERAL (
        SELECT list_id FROM list_members
        WHERE tenant_id = $1 AND list_id = $4 AND contact_id = p.id AND joined_at = now() LIMIT 1
    ) m
)
{_TELL_PEOPLE.replace("--source", "$6::text,").replace("--at", "$5::timestamptz")}
"""  # noqa: S608  # constants

#: Who lost a membership or was removed by undoing an import, as part of that statement.
UNDONE = f"""
, facts AS MATERIALIZED (
    SELECT gen_random_uuid() AS event_uuid, '{EventType.CONTACT_REMOVED_FROM_LIST}' AS type,
           c.id AS contact_id, c.uuid, c.email, $3::bigint AS list_id
    FROM left_list JOIN contacts c ON c.tenant_id = $1 AND c.id = left_list.contact_id
    UNION ALL
    SELECT gen_random_uuid(), '{EventType.CONTACT_DELETED}', id, uuid, email, NULL FROM gone
), told AS (
{_TELL_PEOPLE.replace("--source", "'import undone',").replace("--at", "$6::timestamptz")}
)
"""  # noqa: S608  # constants

IMPORT_TYPES = (
    EventType.CONTACT_CREATED,
    EventType.CONTACT_UPDATED,
    EventType.CONTACT_ADDED_TO_LIST,
)
UNDO_TYPES = (EventType.CONTACT_DELETED, EventType.CONTACT_REMOVED_FROM_LIST)


async def tell_imported(
    connection: AsyncConnection,
    tenant_id: int,
    email_keys: Sequence[str],
    *,
    import_id: int,
    list_id: int | None,
    at: datetime,
    source: str,
) -> None:
    """Tells who of a block of an import was made, changed and put on its list."""
    driver = await driver_connection(connection)
    await driver.execute(_IMPORTED, tenant_id, email_keys, import_id, list_id, at, source)
