"""Single mails written down: a group of them in one transaction, in a handful of statements.

Everything runs on plain asyncpg inside the caller's transaction; rows go in as arrays.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import orjson

from mailwright.store.database import Connection
from mailwright.store.event_log import TAG_LOGGED


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
    """A single mail as it is written down; `message_id` comes from `next_ids`."""

    tenant_id: int
    message_id: int
    contact_id: int | None
    lane: int
    email: str
    uuid: UUID
    stream: str
    email_key: str
    to_name: str | None
    content_id: int
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


_NEXT_IDS = """
SELECT nextval(pg_get_serial_sequence('messages', 'id')) AS id, now() AS now
FROM generate_series(1, $1::int)
"""


async def next_ids(connection: Connection, count: int) -> tuple[list[int], datetime]:
    """Fresh ids of the ledger, in their order, and the time at which the transaction began."""
    rows = await connection.fetch(_NEXT_IDS, count)
    return [row["id"] for row in rows], rows[0]["now"]


_HOLD_QUOTA = """
INSERT INTO quota_months AS q (tenant_id, month, reserved)
VALUES ($1, $2, 0)
ON CONFLICT (tenant_id, month) DO UPDATE SET reserved = q.reserved
RETURNING reserved, (SELECT monthly_quota FROM tenants WHERE id = $1)
"""

_TAKE_QUOTA = "UPDATE quota_months SET reserved = reserved + $3 WHERE tenant_id = $1 AND month = $2"


async def hold_quota(connection: Connection, tenant_id: int, month: date) -> tuple[int, int | None]:
    """What is taken of the month and its limit (None: none), held until the commit."""
    row = await connection.fetchrow(_HOLD_QUOTA, tenant_id, month)
    assert row is not None
    return row[0], row[1]


async def take_quota(connection: Connection, tenant_id: int, month: date, count: int) -> None:
    """Takes `count` more."""
    await connection.execute(_TAKE_QUOTA, tenant_id, month, count)


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


_MESSAGES = """
INSERT INTO messages (tenant_id, id, contact_id, lane, email, next_attempt_at)
SELECT tenant_id, id, contact_id, lane, email, coalesce(scheduled_at, now())
FROM unnest($1::int[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[], $6::timestamptz[])
    AS given (tenant_id, id, contact_id, lane, email, scheduled_at)
"""

_COLUMNS = (
    ("uuid", "uuid"),
    ("stream", "text"),
    ("email_key", "text"),
    ("to_name", "text"),
    ("content_id", "bigint"),
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
_JSON = frozenset({"data", "headers", "metadata"})
_NAMES = ", ".join(name for name, _ in _COLUMNS)
_ARRAYS = ", ".join(f"${number}::{kind}[]" for number, (_, kind) in enumerate(_COLUMNS, start=4))

# Arrays of arrays must be even, so the tags travel as JSON.
_EMAILS = f"""
INSERT INTO emails (tenant_id, message_id, tags, {_NAMES})
SELECT given.tenant_id, given.message_id,
       ARRAY(SELECT jsonb_array_elements_text(given.tags)), {_NAMES}
FROM unnest($1::int[], $2::bigint[], $3::jsonb[], {_ARRAYS})
    AS given (tenant_id, message_id, tags, {_NAMES})
"""  # noqa: S608  # constants

_EVENTS = f"""
WITH logged AS (
    INSERT INTO events (tenant_id, at, kind, message_id, contact_id)
    SELECT tenant_id, now(), kind, message_id, contact_id
    FROM unnest($1::int[], $2::text[], $3::bigint[], $4::bigint[])
        AS given (tenant_id, kind, message_id, contact_id)
    RETURNING tenant_id, at, id, kind, message_id, campaign_id
)
{TAG_LOGGED}
"""  # noqa: S608  # constants

_ATTACHMENTS = """
INSERT INTO email_attachments (tenant_id, message_id, number, name, content_type, content_id, body)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""


async def write_down(connection: Connection, mails: Sequence[NewMail]) -> None:
    """Writes the mails, and that they were submitted, and are queued where it is time."""
    await connection.execute(
        _MESSAGES,
        *_arrays(
            (
                mail.tenant_id,
                mail.message_id,
                mail.contact_id,
                mail.lane,
                mail.email,
                mail.scheduled_at,
            )
            for mail in mails
        ),
    )
    await connection.execute(_EMAILS, *_arrays(_email(mail) for mail in mails))
    await connection.execute(
        _EVENTS,
        *_arrays(
            (mail.tenant_id, kind, mail.message_id, mail.contact_id)
            for mail in mails
            for kind in (("submitted",) if mail.scheduled_at else ("submitted", "queued"))
        ),
    )


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


def _email(mail: NewMail) -> tuple[object, ...]:
    values = (
        _json(value) if name in _JSON else value
        for name, value in ((name, getattr(mail, name)) for name, _ in _COLUMNS)
    )
    return (mail.tenant_id, mail.message_id, _json(list(mail.tags)), *values)


def _arrays(rows: Iterable[tuple[object, ...]]) -> list[list[object]]:
    return [list(column) for column in zip(*rows, strict=True)]


def _json(value: object) -> str:
    return orjson.dumps(value).decode()
