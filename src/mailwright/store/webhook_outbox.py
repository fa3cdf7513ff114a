"""Events on their way to whoever wants them: one row for each event and subscribed endpoint.

They are written in the transaction of the change they tell, so nothing is lost and nothing told
that did not happen. For a tenant without endpoints each statement here is one look at an index.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import orjson
from sqlalchemy import ARRAY, Text, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.ids import new_id
from mailwright.domain.webhook_event import OF_MESSAGE, EventType
from mailwright.store.database import Connection
from mailwright.store.tables import webhook_endpoints

#: What is told of each outcome of the ledger, as rows of SQL.
TOLD = ", ".join(f"('{state}', '{word}')" for state, told in OF_MESSAGE.items() for word in told)

_WORDS = ", ".join(
    f"'{word}'"
    for word in (
        *(word for told in OF_MESSAGE.values() for word in told),
        EventType.SUPPRESSION_ADDED,  # a refusal for good is one
    )
)

#: Whether tenant $1 has an endpoint that chose any of them.
LISTENING = f"""
    SELECT FROM webhook_endpoints w
    WHERE w.tenant_id = $1 AND w.enabled AND w.events && ARRAY[{_WORDS}]
"""

# What the facts have become, told to each endpoint that chose their type. Whoever is told about
# sees names of things, not our ids, but for Cakemail's receivers, whose API knows things by them;
# `facts` comes from the statement around it. LIMIT 1 makes each look-up one by its key: a planner
# that guesses many facts would read the whole ledger instead. An endpoint of one list hears of that
# list, of campaigns to it, and of the people on it.
_TELL_FORM = """
    INSERT INTO webhook_deliveries
        (tenant_id, uuid, endpoint_id, event_uuid, type, payload, created_at, next_attempt_at)
    SELECT f.tenant_id, gen_random_uuid(), w.id, f.event_uuid, f.type,
           jsonb_strip_nulls(jsonb_build_object(
               'message_id', f.message_id, 'email', coalesce(m.email, c.email),
               'contact_uuid', c.uuid, 'campaign_uuid', k.uuid, 'campaign_name', k.name,
               'email_uuid', s.uuid, 'tags', s.tags, 'metadata', s.metadata
           )) || f.data || CASE WHEN w.dialect = 'cakemail' THEN jsonb_strip_nulls(
               jsonb_build_object('contact_id', f.contact_id, 'campaign_id', f.campaign_id)
           ) ELSE '{}' END --more
           , f.at, f.at
    FROM facts f
    JOIN webhook_endpoints w
      ON w.tenant_id = f.tenant_id AND w.enabled AND f.type = ANY (w.events)
    LEFT JOIN LATERAL (
        SELECT email FROM messages WHERE tenant_id = f.tenant_id AND id = f.message_id LIMIT 1
    ) m ON true
    LEFT JOIN LATERAL (
        SELECT uuid, email FROM contacts WHERE tenant_id = f.tenant_id AND id = f.contact_id LIMIT 1
    ) c ON true
    LEFT JOIN LATERAL (
        SELECT uuid, name, list_id FROM campaigns
        WHERE tenant_id = f.tenant_id AND id = f.campaign_id LIMIT 1
    ) k ON true
    LEFT JOIN LATERAL (  -- of a single mail
        SELECT uuid, to_jsonb(tags) AS tags, metadata FROM emails
        WHERE f.campaign_id IS NULL AND tenant_id = f.tenant_id AND message_id = f.message_id
        LIMIT 1
    ) s ON true --joined
    WHERE w.list_id IS NULL OR w.list_id = --list OR (--list IS NULL AND EXISTS (
        SELECT FROM list_members
        WHERE tenant_id = f.tenant_id AND list_id = w.list_id AND contact_id = f.contact_id
    )) --ordered
    RETURNING tenant_id, endpoint_id
"""

_PLAIN = {"--more": "", "--joined": "", "--ordered": "", "--list": "k.list_id"}
_FULL = {
    "--more": """|| jsonb_strip_nulls(jsonb_build_object('list_uuid', l.uuid, 'list_name', l.name))
           || CASE WHEN w.dialect = 'cakemail' THEN f.numbers
                   || jsonb_strip_nulls(jsonb_build_object('list_id', f.list_id)) ELSE '{}' END""",
    "--joined": """LEFT JOIN LATERAL (
        SELECT uuid, name FROM lists WHERE tenant_id = f.tenant_id AND id = f.list_id LIMIT 1
    ) l ON true""",
    "--ordered": "ORDER BY f.number",
    "--list": "coalesce(f.list_id, k.list_id)",
}


def _written(parts: Mapping[str, str]) -> str:
    statement = _TELL_FORM
    for place, text in parts.items():
        statement = statement.replace(place, text)
    return statement


TELL_FACTS = _written(_PLAIN)

_TELL = f"""
WITH facts AS MATERIALIZED (
    SELECT * FROM unnest(
        $1::int[], $2::uuid[], $3::text[], $4::timestamptz[], $5::bigint[], $6::bigint[],
        $7::bigint[], $8::bigint[], $9::jsonb[], $10::jsonb[]
    ) WITH ORDINALITY AS facts (tenant_id, event_uuid, type, at, message_id, contact_id,
                                campaign_id, list_id, numbers, data, number)
), told AS ({_written(_FULL)})
SELECT DISTINCT tenant_id, endpoint_id FROM told
"""  # noqa: S608  # constants

_LISTENERS = """
SELECT DISTINCT tenant_id FROM webhook_endpoints
WHERE tenant_id = ANY ($1::int[]) AND enabled AND events && $2::text[]
"""


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that happened, by our ids; `data` is told as it is.

    `numbers`: ids of what `data` names, for receivers that know things by them.
    """

    tenant_id: int
    type: str
    at: datetime
    message_id: int | None = None
    contact_id: int | None = None
    campaign_id: int | None = None
    list_id: int | None = None
    numbers: Mapping[str, int] = field(default_factory=dict[str, int])
    data: Mapping[str, object] = field(default_factory=dict[str, object])


async def listeners(
    connection: Connection, tenant_ids: Collection[int], types: Collection[str]
) -> set[int]:
    """The tenants among these with an endpoint that chose one of the types."""
    rows = await connection.fetch(_LISTENERS, sorted(tenant_ids), sorted(types))
    return {row["tenant_id"] for row in rows}


async def is_heard(connection: AsyncConnection, tenant_id: int, types: Collection[str]) -> bool:
    """Whether the tenant has an endpoint that chose one of the types."""
    found = await connection.execute(
        select(literal(1))
        .where(webhook_endpoints.c.tenant_id == tenant_id, webhook_endpoints.c.enabled)
        .where(webhook_endpoints.c.events.bool_op("&&")(literal(sorted(types), ARRAY(Text))))
        .limit(1)
    )
    return found.first() is not None


async def tell(connection: AsyncConnection, facts: Sequence[Fact]) -> list[tuple[int, int]]:
    """Writes `facts` for whoever chose them; (tenant, endpoint) of all who have something to get.

    Goes through the SQLAlchemy connection: what is sent on the raw one survives a rollback.
    """
    found = await connection.exec_driver_sql(_TELL, tuple(_columns(facts)))
    return [(row["tenant_id"], row["endpoint_id"]) for row in found.mappings()]


async def tell_raw(connection: Connection, facts: Sequence[Fact]) -> None:
    """The same in a transaction of plain asyncpg."""
    await connection.execute(_TELL, *_columns(facts))


def _columns(facts: Sequence[Fact]) -> list[list[object]]:
    """Facts turned into the arrays that unnest takes."""
    rows = [_values(fact, new_id()) for fact in facts]
    return [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(10)]


def _values(fact: Fact, event_uuid: UUID) -> tuple[object, ...]:
    return (
        fact.tenant_id,
        event_uuid,
        fact.type,
        fact.at,
        fact.message_id,
        fact.contact_id,
        fact.campaign_id,
        fact.list_id,
        orjson.dumps(fact.numbers).decode(),
        orjson.dumps(fact.data, default=str).decode(),  # a driver's UUID is no plain one,
    )
