"""Single mails written down: a group of them in one statement.

Each way to the database and back waits for a processor on both sides, which a campaign under way
keeps busy; so there is one. It runs on plain asyncpg; rows go in as arrays.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import orjson

from mailwright.store.database import Connection


@dataclass(frozen=True, slots=True)
class ContentRow:
    """A row of `email_contents`, all but its id."""

    digest: bytes
    subject: str
    preheader: str | None
    html: str | None
    plain_text: str
    language: str
    charset: str
    fallbacks: dict[str, str]


@dataclass(frozen=True, slots=True)
class NewMail:
    """A single mail as it is written down. `is_free`: it takes nothing of the quota."""

    tenant_id: int
    is_free: bool
    contact_id: int | None
    lane: int
    email: str
    uuid: UUID
    stream: str
    email_key: str
    to_name: str | None
    content_id: int
    content_digest: bytes
    template_version_id: int | None
    project_id: int
    sender_id: int | None
    from_name: str | None
    from_email: str
    reply_to: str | None
    list_id: int | None
    data: dict[str, Any]
    headers: Sequence[tuple[str, str]]
    tags: Sequence[str]
    metadata: dict[str, str]
    attachment_count: int
    track_opens: bool
    track_clicks: bool
    track_text_clicks: bool
    at_most_once: bool
    scheduled_at: datetime | None
    expires_at: datetime | None
    door: str


@dataclass(frozen=True, slots=True)
class Written:
    """The mail's id in the ledger, and the time at which the transaction began."""

    message_id: int
    at: datetime


_HOLD_QUOTA = """
INSERT INTO quota_months AS q (tenant_id, month, reserved)
VALUES ($1, $2, 0)
ON CONFLICT (tenant_id, month) DO UPDATE SET reserved = q.reserved
RETURNING reserved, (SELECT monthly_quota FROM tenants WHERE id = $1)
"""


async def hold_quota(connection: Connection, tenant_id: int, month: date) -> tuple[int, int | None]:
    """What is taken of the month and its limit (None: none), held until the commit."""
    row = await connection.fetchrow(_HOLD_QUOTA, tenant_id, month)
    assert row is not None
    return row[0], row[1]


_CONTENT = """
WITH added AS (
    INSERT INTO email_contents (tenant_id, digest, subject, preheader, html, plain_text, language,
                                charset, fallbacks)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
    ON CONFLICT (tenant_id, digest) DO NOTHING
    RETURNING id
)
SELECT id FROM added
UNION ALL SELECT id FROM email_contents WHERE tenant_id = $1 AND digest = $2
LIMIT 1
"""


async def content_id(connection: Connection, tenant_id: int, content: ContentRow) -> int | None:
    """The id of that content, written down if it is new. None: somebody writes it right now."""
    return await connection.fetchval(
        _CONTENT,
        tenant_id,
        content.digest,
        content.subject,
        content.preheader,
        content.html,
        content.plain_text,
        content.language,
        content.charset,
        _json(content.fallbacks),
    )


_COLUMNS = (
    ("tenant_id", "int"),
    ("is_free", "boolean"),
    ("contact_id", "bigint"),
    ("lane", "bigint"),
    ("email", "text"),
    ("tags", "jsonb"),  # arrays of arrays must be even, so they travel as JSON
    ("uuid", "uuid"),
    ("stream", "text"),
    ("email_key", "text"),
    ("to_name", "text"),
    ("content_id", "bigint"),
    ("content_digest", "bytea"),
    ("template_version_id", "bigint"),
    ("project_id", "bigint"),
    ("sender_id", "bigint"),
    ("from_name", "text"),
    ("from_email", "text"),
    ("reply_to", "text"),
    ("list_id", "bigint"),
    ("data", "jsonb"),
    ("headers", "jsonb"),
    ("metadata", "jsonb"),
    ("attachment_count", "smallint"),
    ("track_opens", "boolean"),
    ("track_clicks", "boolean"),
    ("track_text_clicks", "boolean"),
    ("at_most_once", "boolean"),
    ("scheduled_at", "timestamptz"),
    ("expires_at", "timestamptz"),
    ("door", "text"),
)
_JSON = frozenset({"tags", "data", "headers", "metadata"})
_NAMES = ", ".join(name for name, _ in _COLUMNS)
_ARRAYS = ", ".join(f"${number}::{kind}[]" for number, (_, kind) in enumerate(_COLUMNS, start=3))
_NOT_OF_EMAILS = {"is_free", "contact_id", "lane", "email", "tags", "content_digest"}
_EMAIL_NAMES = ", ".join(name for name, _ in _COLUMNS if name not in _NOT_OF_EMAILS)

# A tenant's mails are taken from the month's quota all together, or none of them is written. In the
# order of the tenants, so that two processes never wait for each other.
_WRITE = f"""
WITH given AS MATERIALIZED (
    SELECT number, nextval(pg_get_serial_sequence('messages', 'id')) AS message_id,
           ARRAY(SELECT jsonb_array_elements_text(tags)) AS words, {_NAMES}
    FROM unnest({_ARRAYS}) WITH ORDINALITY AS given ({_NAMES}, number)
    WHERE EXISTS (SELECT FROM email_contents said WHERE said.tenant_id = given.tenant_id
                  AND said.id = content_id AND said.digest = content_digest)
), taken AS (
    INSERT INTO quota_months AS q (tenant_id, month, reserved)
    SELECT wanted.tenant_id, $1, wanted.total
    FROM (SELECT tenant_id, count(*) AS total FROM given WHERE NOT is_free GROUP BY 1) wanted
    JOIN tenants ON tenants.id = wanted.tenant_id
    WHERE monthly_quota IS NULL OR wanted.total <= floor(monthly_quota * $2::float8 / 100)
    ORDER BY 1
    ON CONFLICT (tenant_id, month) DO UPDATE SET reserved = q.reserved + EXCLUDED.reserved
    WHERE NOT EXISTS (
        SELECT FROM tenants WHERE id = q.tenant_id
        AND q.reserved + EXCLUDED.reserved > floor(monthly_quota * $2::float8 / 100))
    RETURNING tenant_id
), granted AS MATERIALIZED (
    SELECT * FROM given WHERE is_free OR tenant_id IN (SELECT tenant_id FROM taken)
), ledger AS (
    INSERT INTO messages (tenant_id, id, contact_id, lane, email, next_attempt_at)
    SELECT tenant_id, message_id, contact_id, lane, email, coalesce(scheduled_at, now())
    FROM granted
), mails AS (
    INSERT INTO emails (message_id, tags, {_EMAIL_NAMES})
    SELECT message_id, words, {_EMAIL_NAMES} FROM granted
), logged AS (
    INSERT INTO events (tenant_id, at, kind, message_id, contact_id)
    SELECT tenant_id, now(), kind, message_id, contact_id
    FROM granted, unnest(ARRAY['submitted', 'queued']) WITH ORDINALITY AS fact (kind, place)
    WHERE kind = 'submitted' OR scheduled_at IS NULL
    ORDER BY message_id, place
    RETURNING tenant_id, at, id, kind, message_id
), tagged AS (
    INSERT INTO event_tags (tenant_id, tag, kind, at, id, message_id)
    SELECT logged.tenant_id, tag, kind, logged.at, logged.id, message_id
    FROM logged JOIN granted USING (message_id), unnest(array_append(words, '')) AS tag
)
SELECT number, message_id, now() AS at FROM granted
"""  # noqa: S608  # constants

_ATTACHMENTS = """
INSERT INTO email_attachments (tenant_id, message_id, number, name, content_type, content_id, body)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""


async def write_down(
    connection: Connection, mails: Sequence[NewMail], month: date, *, quota_percentage: float
) -> list[Written | None]:
    """Writes the mails, and that they were submitted, and are queued where it is time.

    They count in the quota of `month`, which goes to so many hundredths of its limit. None: not
    written, for not all of its tenant's mails fit, or its content is another now.
    """
    rows = await connection.fetch(_WRITE, month, quota_percentage, *_columns(mails))
    found: list[Written | None] = [None] * len(mails)
    for row in rows:
        found[row["number"] - 1] = Written(row["message_id"], row["at"])
    return found


async def attach(
    connection: Connection,
    tenant_id: int,
    message_id: int,
    files: Iterable[tuple[str, str, str | None, bytes]],
) -> None:
    """Keeps a mail's files: name, content type, content id, bytes."""
    await connection.executemany(
        _ATTACHMENTS,
        [(tenant_id, message_id, number, *each) for number, each in enumerate(files)],
    )


def _columns(mails: Sequence[NewMail]) -> list[list[object]]:
    return [
        [_json(getattr(mail, name)) if name in _JSON else getattr(mail, name) for mail in mails]
        for name, _ in _COLUMNS
    ]


def _json(value: object) -> str:
    return orjson.dumps(value).decode()
