"""Opens and clicks, written in batches: events, first times, people and times, links.

Everything here runs on plain asyncpg inside one transaction. Rows that several processes may write
at once are taken in the order of their keys, so that two batches never wait for each other in a
circle.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson

from mailwright.domain.forgotten import ERASED
from mailwright.store.database import Connection
from mailwright.store.event_log import TAG_LOGGED

# A mail whose recipient was erased is as if it never was.
_MESSAGES = f"""
SELECT m.tenant_id, m.id, m.campaign_id, m.contact_id, m.opened_at, m.clicked_at
FROM messages m JOIN unnest($1::int[], $2::bigint[]) AS asked (tenant_id, id) USING (tenant_id, id)
WHERE m.email <> '{ERASED}'
ORDER BY m.tenant_id, m.id
"""  # noqa: S608  # a constant

_EVENTS = """
INSERT INTO events (tenant_id, at, kind, message_id, campaign_id, contact_id, data)
SELECT * FROM unnest(
    $1::int[], $2::timestamptz[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::jsonb[]
)
RETURNING tenant_id, at, id, kind, message_id, campaign_id
"""
_EVENTS_OF_SINGLES = f"WITH logged AS ({_EVENTS}) {TAG_LOGGED}"

_FIRST_TIMES = """
UPDATE messages m
SET opened_at = coalesce(m.opened_at, first.opened_at),
    clicked_at = coalesce(m.clicked_at, first.clicked_at)
FROM unnest($1::int[], $2::bigint[], $3::timestamptz[], $4::timestamptz[])
    AS first (tenant_id, id, opened_at, clicked_at)
WHERE m.tenant_id = first.tenant_id AND m.id = first.id
"""

_MESSAGE_CLICKS = """
INSERT INTO message_clicks AS mine (tenant_id, message_id, link_number, first_at, clicks)
SELECT * FROM unnest($1::int[], $2::bigint[], $3::int[], $4::timestamptz[], $5::bigint[])
    AS new (tenant_id, message_id, link_number, first_at, clicks)
ORDER BY 1, 2, 3
ON CONFLICT (tenant_id, message_id, link_number)
    DO UPDATE SET clicks = mine.clicks + excluded.clicks
RETURNING tenant_id, message_id, link_number, (xmax = 0) AS first
"""

_LINKS_LOCKED = """
SELECT FROM campaign_links l
JOIN unnest($1::int[], $2::bigint[], $3::int[]) AS mine (tenant_id, campaign_id, number)
    USING (tenant_id, campaign_id, number)
ORDER BY l.tenant_id, l.campaign_id, l.number FOR NO KEY UPDATE OF l
"""

_LINKS = """
UPDATE campaign_links l
SET clicks = l.clicks + more.clicks, unique_clicks = l.unique_clicks + more.unique_clicks
FROM unnest($1::int[], $2::bigint[], $3::int[], $4::bigint[], $5::bigint[])
    AS more (tenant_id, campaign_id, number, clicks, unique_clicks)
WHERE l.tenant_id = more.tenant_id AND l.campaign_id = more.campaign_id AND l.number = more.number
"""

_COUNTERS = """
INSERT INTO campaign_counters AS mine (tenant_id, campaign_id, opened, opens, clicked, clicks)
SELECT * FROM unnest(
    $1::int[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[]
)
ORDER BY 1, 2
ON CONFLICT (tenant_id, campaign_id) DO UPDATE SET
    opened = mine.opened + excluded.opened, opens = mine.opens + excluded.opens,
    clicked = mine.clicked + excluded.clicked, clicks = mine.clicks + excluded.clicks
"""


@dataclass(frozen=True, slots=True)
class MessageTimes:
    """What the ledger row knows of opens and clicks, before this batch."""

    campaign_id: int | None
    contact_id: int | None
    opened_at: datetime | None
    clicked_at: datetime | None


MessageKey = tuple[int, int]  # tenant, message
LinkKey = tuple[int, int, int]  # tenant, message, link number


async def messages(
    connection: Connection, keys: Iterable[MessageKey], *, lock: bool = False
) -> dict[MessageKey, MessageTimes]:
    """The rows among `keys` that exist; with `lock` nobody else writes them until we commit."""
    statement = _MESSAGES + "FOR NO KEY UPDATE OF m" if lock else _MESSAGES
    rows = await connection.fetch(statement, *_columns(sorted(keys), 2))
    return {
        (row["tenant_id"], row["id"]): MessageTimes(
            row["campaign_id"], row["contact_id"], row["opened_at"], row["clicked_at"]
        )
        for row in rows
    }


@dataclass(frozen=True, slots=True)
class EventRow:
    """A row of `events`."""

    tenant_id: int
    at: datetime
    kind: str
    message_id: int
    campaign_id: int | None
    contact_id: int | None
    data: Mapping[str, object]


async def add_events(connection: Connection, events: Sequence[EventRow]) -> None:
    """Appends events; which partition takes each is PostgreSQL's business."""
    rows = [
        (e.tenant_id, e.at, e.kind, e.message_id, e.campaign_id, e.contact_id, _json(e.data))
        for e in events
    ]
    has_singles = any(e.campaign_id is None for e in events)
    await connection.execute(_EVENTS_OF_SINGLES if has_singles else _EVENTS, *_columns(rows, 7))


async def set_first_times(
    connection: Connection,
    firsts: Mapping[MessageKey, tuple[datetime | None, datetime | None]],
) -> None:
    """Sets `opened_at` and `clicked_at` where they are empty; None leaves one as it is."""
    rows = [(*key, opened, clicked) for key, (opened, clicked) in sorted(firsts.items())]
    await connection.execute(_FIRST_TIMES, *_columns(rows, 4))


async def add_message_clicks(
    connection: Connection, clicks: Mapping[LinkKey, tuple[datetime, int]]
) -> set[LinkKey]:
    """Adds clicks per message and link; returns those that are the message's first on that link."""
    rows = [(*key, at, count) for key, (at, count) in sorted(clicks.items())]
    found = await connection.fetch(_MESSAGE_CLICKS, *_columns(rows, 5))
    return {
        (row["tenant_id"], row["message_id"], row["link_number"]) for row in found if row["first"]
    }


async def add_link_clicks(
    connection: Connection, clicks: Mapping[LinkKey, tuple[int, int]]
) -> None:
    """Adds (times, people) to links, keyed by tenant, campaign and number."""
    rows = [(*key, times, people) for key, (times, people) in sorted(clicks.items())]
    columns = _columns(rows, 5)
    await connection.execute(_LINKS_LOCKED, *columns[:3])
    await connection.execute(_LINKS, *columns)


async def add_counts(
    connection: Connection, counts: Mapping[MessageKey, tuple[int, int, int, int]]
) -> None:
    """Adds (opened, opens, clicked, clicks) to campaigns, keyed by tenant and campaign."""
    rows = [(*key, *numbers) for key, numbers in sorted(counts.items())]
    await connection.execute(_COUNTERS, *_columns(rows, 6))


def _columns(rows: Sequence[tuple[object, ...]], width: int) -> list[list[object]]:
    """Rows turned into the arrays that unnest takes."""
    return [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(width)]


def _json(data: Mapping[str, object]) -> str:
    return orjson.dumps(data).decode()
